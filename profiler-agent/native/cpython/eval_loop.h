// Where the bytecode loop lies in memory.
#pragma once
#include "cpython/interpreter.h"

// Fills in `eval` and `tail_calls`, once the mapped files are known (unwind/modules.h).
void interpreter__find_eval(struct interpreter *self);
