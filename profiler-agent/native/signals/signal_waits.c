// Functions that wait for signals. A program that waits for all signals must not receive ours.
#define _GNU_SOURCE
#include <signal.h>
#include <sys/signalfd.h>

#include "base.h"
#include "originals.h"
#include "signals/signals.h"

static const sigset_t *without_ours(const sigset_t *set, sigset_t *copy) {
  int number = signals_ours();
  if (!number || !set) return set;
  *copy = *set;
  sigdelset(copy, number);
  return copy;
}

EXPORT int sigwait(const sigset_t *set, int *number) {
  static __typeof__(&sigwait) real;
  sigset_t copy;
  if (UNLIKELY(!real)) real = original("sigwait");
  return real(without_ours(set, &copy), number);
}

EXPORT int sigwaitinfo(const sigset_t *set, siginfo_t *info) {
  static __typeof__(&sigwaitinfo) real;
  sigset_t copy;
  if (UNLIKELY(!real)) real = original("sigwaitinfo");
  return real(without_ours(set, &copy), info);
}

EXPORT int sigtimedwait(const sigset_t *set, siginfo_t *info, const struct timespec *limit) {
  static __typeof__(&sigtimedwait) real;
  sigset_t copy;
  if (UNLIKELY(!real)) real = original("sigtimedwait");
  return real(without_ours(set, &copy), info, limit);
}

EXPORT int signalfd(int file, const sigset_t *set, int flags) {
  static __typeof__(&signalfd) real;
  sigset_t copy;
  if (UNLIKELY(!real)) real = original("signalfd");
  return real(file, without_ours(set, &copy), flags);
}
