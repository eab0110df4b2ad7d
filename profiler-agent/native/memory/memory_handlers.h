// Whether a handler of the program's may do harm while something is noted: allocate, fork, or never return.
//
// Python's own only note that a signal has come. As long as the program has no others, nobody has to hold signals back,
// which takes two system calls for each block that is sampled.
#pragma once
#include <signal.h>

#include "base.h"

// From here on it is known. Whoever may allocate has not begun.
void memory_handlers_begin(uintptr_t inside_interpreter);
// May one come that does harm?
bool memory_handlers_harm(void);
// The program is about to ask for a handler.
void memory_handler_comes(int number, sighandler_t handler);
// Looks for what we were not told of. (watcher)
void memory_handlers_look(uint64_t now);
