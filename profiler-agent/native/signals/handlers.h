// The program's signal handlers, and the handlers that the kernel calls instead.
//
// SIGSEGV and SIGBUS always come to us first: a fault of our own reads is recovered (guard.h), and everything else
// happens as the program has asked. A program that asks for its settings is told what it has set, never what the kernel
// has.
#pragma once
#include <signal.h>

#include "base.h"

// Takes SIGSEGV and SIGBUS. Called once, by the thread that starts the agent.
void handlers_install(void);
// Does what sigaction does, for any signal but the sampling signal. Returns −1 with errno on failure. (program's
// threads)
int handlers_set(int number, const struct sigaction *action, struct sigaction *old);
// Calls the C library's sigaction.
int handlers_real(int number, const struct sigaction *action, struct sigaction *old);
// True for a signal that always comes to us first, so that it must never be blocked.
INLINE bool handlers_is_fault(int number) {
  return number == SIGSEGV || number == SIGBUS;
}
// Begins or ends a time in which the calling thread takes a sample: faults that others send to it wait until the end.
// (signal; program's threads that note memory)
void handlers_sampling(bool begins);
// The calling thread is the watcher: faults sent to it are passed on to a thread of the program.
void handlers_decline(void);
// Checks whether SIGSEGV and SIGBUS still come to us: the program may have set handlers by system calls of its own.
// (watcher)
void handlers_look(void);
// Before exec: has the kernel ignore what the program ignores, because that survives exec. After a failed exec: undoes
// that.
void handlers_before_exec(void);
void handlers_after_exec(void);
