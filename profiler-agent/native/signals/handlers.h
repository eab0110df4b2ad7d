// The program's signal handlers, and what the kernel has in their place.
//
// SIGSEGV and SIGBUS always come to us first: a copy of ours that faulted is recovered (guard.h), and everything else
// happens as the program has asked. It is told what it asked, never what the kernel has.
#pragma once
#include <signal.h>

#include "base.h"

// Takes SIGSEGV and SIGBUS.
void handlers_install(void);
// sigaction, for every signal that is not ours.
int handlers_set(int number, const struct sigaction *action, struct sigaction *old);
// The C library's own sigaction.
int handlers_real(int number, const struct sigaction *action, struct sigaction *old);
// Whether a signal comes to us first, so that it must never be blocked.
INLINE bool handlers_is_fault(int number) {
  return number == SIGSEGV || number == SIGBUS;
}
// While the calling thread makes a sample, what others send to it waits. (signal)
void handlers_sampling(bool begins);
// The calling thread is not the program's: what is sent to it is for another one.
void handlers_decline(void);
// Looks whether somebody has taken SIGSEGV or SIGBUS away by a system call of their own. (watcher)
void handlers_look(void);
// Before exec: what is to be ignored stays so; it did not come to that.
void handlers_before_exec(void);
void handlers_after_exec(void);
