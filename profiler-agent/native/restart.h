// Undoes what a signal of ours does to a system call that blocks.
#pragma once
#include <stdbool.h>
#include <ucontext.h>

// When the interrupted thread is on its way out of a system call that failed with EINTR for no other reason than our
// signal, makes it start that call again. Before anything else in the handler, once the registers have been read.
// (signal)
void restart_interrupted_call(ucontext_t *context);
// Whether the handlers of the program have to be watched: where its threads are signalled by another one all the time.
void restart_watch_handlers(bool wanted);
// The program has set a handler: from now on it is known when that one has interrupted a call.
void restart_watch_handler(int number);
