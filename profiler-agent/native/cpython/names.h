// The names of threads: Python's own (threading.Thread.name), and the operating system's for threads that Python never
// named. (watcher)
#pragma once
#include "cpython/interpreter.h"

// For a recording that is about to begin.
void names_begin(const struct interpreter *python, uint64_t now);
// Looks for names that are new: of new threads soon, of all about once a second (of very many less often).
void names_look(uint64_t now);
