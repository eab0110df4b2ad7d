// Older functions that set signal handlers. The C library's versions do not call our sigaction, so each is implemented
// here with it. They run on the program's threads.
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>

#include "base.h"

// Signals whose handlers interrupt system calls (siginterrupt).
static sigset_t interrupting;

static sighandler_t handler_set(int number, sighandler_t handler, int flags, bool masked) {
  struct sigaction action = {.sa_handler = handler, .sa_flags = flags}, old;
  if (handler == SIG_ERR || number < 1 || number >= _NSIG) {
    errno = EINVAL;
    return SIG_ERR;
  }
  sigemptyset(&action.sa_mask);
  if (masked) sigaddset(&action.sa_mask, number);
  return sigaction(number, &action, &old) == 0 ? old.sa_handler : SIG_ERR;
}

EXPORT sighandler_t signal(int number, sighandler_t handler) {
  bool interrupts = number > 0 && number < _NSIG && sigismember(&interrupting, number);
  return handler_set(number, handler, interrupts ? 0 : SA_RESTART, true);
}

EXPORT sighandler_t bsd_signal(int number, sighandler_t handler) {
  return signal(number, handler);
}

EXPORT sighandler_t ssignal(int number, sighandler_t handler) {
  return signal(number, handler);
}

EXPORT sighandler_t sysv_signal(int number, sighandler_t handler) {
  return handler_set(number, handler, SA_RESETHAND | SA_NODEFER, false);
}

EXPORT sighandler_t __sysv_signal(int number, sighandler_t handler) {
  return sysv_signal(number, handler);
}

EXPORT int siginterrupt(int number, int interrupt) {
  struct sigaction action;
  if (sigaction(number, NULL, &action) < 0) return -1;
  if (interrupt) {
    sigaddset(&interrupting, number);
    action.sa_flags &= ~SA_RESTART;
  } else {
    sigdelset(&interrupting, number);
    action.sa_flags |= SA_RESTART;
  }
  return sigaction(number, &action, NULL);
}

EXPORT int sigignore(int number) {
  struct sigaction action = {.sa_handler = SIG_IGN};
  return sigaction(number, &action, NULL);
}

EXPORT int __sigaction(int number, const struct sigaction *action, struct sigaction *old) {
  return sigaction(number, action, old);
}
