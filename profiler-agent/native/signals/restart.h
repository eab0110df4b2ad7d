// Undoes what a signal of ours does to a system call that blocks.
#pragma once
#include <ucontext.h>

// When the interrupted thread is on its way out of a system call that failed with EINTR for no other reason than our
// signal, makes it start that call again. Before anything else in the handler, once the registers have been read.
// (signal)
void restart_interrupted_call(ucontext_t *context);
// The program has set a handler: from now on it is known when that one has interrupted a call.
void restart_watch_handler(int number);
