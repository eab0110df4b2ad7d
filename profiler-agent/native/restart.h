// Undoes what a signal of ours does to a system call that blocks.
#pragma once
#include <signal.h>
#include <ucontext.h>

// When the interrupted thread is on its way out of a system call that failed with EINTR for no other reason than our
// signal, makes it start that call again. The last thing that the handler does. (signal)
void restart_interrupted_call(siginfo_t *info, ucontext_t *context);
