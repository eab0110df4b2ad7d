// Restarts blocking system calls that our signal has interrupted.
#pragma once
#include <ucontext.h>

// When the interrupted thread is about to return from a system call that failed with EINTR only because of our signal,
// has it make that call again. Called first in the handler, once the registers have been read. (signal)
void restart_interrupted_call(ucontext_t *context);
// The program has set a handler for signal `number`. From now on, a call that this handler has interrupted can be told
// from one that our signal has. (program's threads)
void restart_watch_handler(int number);
