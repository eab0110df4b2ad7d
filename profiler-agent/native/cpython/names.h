// Names of threads: those that Python gives (threading.Thread.name), and else those of the operating system. All
// functions run on the watcher. Times are ns of CLOCK_MONOTONIC.
#pragma once
#include "cpython/interpreter.h"

// A recording begins, at `now`.
void names_begin(const struct interpreter *python, uint64_t now);
// Records new names when it is time: those of new threads soon, those of all threads about once a second, or less often
// when there are very many.
void names_look(uint64_t now);
