// Tells whether a signal handler of the program could do harm while something is noted: allocate, fork, or never
// return.
//
// Python's own handlers only note that a signal came. While the program has no other handlers, signals need not be
// blocked each time a block is noted, which saves two system calls.
#pragma once
#include <signal.h>

#include "base.h"

// Begins to watch handlers. `inside_interpreter` is an address of the interpreter's code. Called before memory is
// sampled, by the thread that starts the agent.
void memory_handlers_begin(uintptr_t inside_interpreter);
// True when a harmful handler may run. (any thread)
bool memory_handlers_harm(void);
// The program is about to set a handler for signal `number`. (program's threads)
void memory_handler_comes(int number, sighandler_t handler);
// Looks for handlers that were set without calling our functions. `now` in ns. (watcher)
void memory_handlers_look(uint64_t now);
