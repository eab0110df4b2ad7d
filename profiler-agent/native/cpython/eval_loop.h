// Finds the machine code of the eval loop.
#pragma once
#include "cpython/interpreter.h"

// Fills in `eval` and `tail_calls`. Called when the agent starts, once the mapped files are known (unwind/modules.h).
void interpreter__find_eval(struct interpreter *python);
