// Interposed system calls of the program. Some depend on the number of threads or on limits, where the watcher would
// get in the way; others decide what the agent may do afterwards. Each does what the original does. They run on the
// program's threads.
#define _GNU_SOURCE
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <sched.h>
#include <stdarg.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sandbox/calls.h"
#include "lifecycle.h"
#include "originals.h"
#include "process/process.h"
#include "record/recording.h"
#include "sandbox/sandbox.h"
#include "sandbox/sandbox_enter.h"
#include "threads.h"
#include "watcher.h"

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x80
#endif

// The kernel may count an ended thread for this long.
#define ALONE_NS 20000000ull

typedef long system_call(long, long, long, long, long, long, long);
static system_call *real_syscall;

// Always takes six arguments: a function without a variable part passes them on unchanged.
EXPORT long agent_syscall(long number, long a, long b, long c, long d, long e, long f) __asm__("syscall");

static system_call *real(void) {
  if (UNLIKELY(!real_syscall)) real_syscall = (system_call *)original("syscall");
  return real_syscall;
}

long calls_make(long number, long a, long b, long c, long d, long e, long f) {
  return real()(number, a, b, c, d, e, f);
}

// ---- Calls that require a process with one thread ----

// True when the kernel refused such a call because the process has several threads. It does so before it changes
// anything.
static bool is_refused(long result) {
  return result < 0 && (errno == EINVAL || errno == EUSERS);
}

// True when the watcher is the only thread besides this one.
static bool is_alone(void) {
  return thread_self() && threads_alive() == 1 && process_is_recorded() && !process_is_borrowed();
}

// The watcher's thread has ended, but the kernel may count it for a moment. Meanwhile it refuses this call as well,
// which has no effect in a process with one thread (unshare(2)).
static void alone_wait(void) {
  uint64_t deadline = clock_ns(CLOCK_MONOTONIC) + ALONE_NS;
  while (sandbox_allows(SANDBOX_RECORD) && real()(SYS_unshare, CLONE_VM, 0, 0, 0, 0, 0) != 0 &&
         clock_ns(CLOCK_MONOTONIC) < deadline)
    sched_yield();
}

static void watcher_return(void) {
  int error = errno;
  if (watcher_start() != 0) lifecycle_watcher_failed();
  errno = error;
}

static long call_alone(long number, long a, long b) {
  long result = real()(number, a, b, 0, 0, 0, 0);
  if (!is_refused(result) || !is_alone()) return result;
  int error = errno;
  if (watcher_stop(false, -1)) {
    alone_wait();
    // After CLONE_NEWPID no thread can be created, not even the watcher, so that flag comes last.
    bool later = number == SYS_unshare && a & CLONE_NEWUSER && a & CLONE_NEWPID;
    result = real()(number, later ? a & ~CLONE_NEWPID : a, b, 0, 0, 0, 0);
    error = errno;
    watcher_return();
    if (later && result == 0) {
      result = real()(number, CLONE_NEWPID, 0, 0, 0, 0, 0);
      error = errno;
    }
  }
  errno = error;
  return result;
}

static long unshare_call(long flags) {
  bool alone = flags & (CLONE_NEWUSER | CLONE_THREAD | CLONE_SIGHAND | CLONE_VM);
  return alone ? call_alone(SYS_unshare, flags, 0) : real()(SYS_unshare, flags, 0, 0, 0, 0, 0);
}

static long setns_call(long file, long kind) {
  bool alone = !kind || kind & (CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWTIME);
  return alone ? call_alone(SYS_setns, file, kind) : real()(SYS_setns, file, kind, 0, 0, 0, 0);
}

EXPORT int unshare(int flags) {
  return (int)unshare_call(flags);
}

EXPORT int setns(int file, int kind) {
  return (int)setns_call(file, kind);
}

// ---- Sandboxes ----

static bool filter_read(const struct sock_fprog *from, struct sock_fprog *program) {
  // A call that only asks whether filters are supported passes no program.
  if (!from || (sandbox_allows(SANDBOX_RECORD) && !memory_read((uintptr_t)from, program, sizeof *program)))
    return false;
  *program = *from;
  return program->filter && program->len;
}

// Handles a seccomp call with the arguments of seccomp(2). `make` makes the call in the way that the program chose,
// seccomp or prctl.
static long seccomp_call(unsigned operation, unsigned long flags, const struct sock_fprog *from,
                         long (*make)(void *, unsigned long), void *context) {
  struct sock_fprog program;
  struct sandbox_change change;
  bool filter = operation == SECCOMP_SET_MODE_FILTER;
  if (filter ? !filter_read(from, &program) : operation != SECCOMP_SET_MODE_STRICT) return make(context, flags);
  bool everyone = filter && flags & SECCOMP_FILTER_FLAG_TSYNC;
  // When the program has a single thread, the filter is meant for that thread and not for the watcher.
  if (everyone && is_alone()) {
    everyone = false;
    flags &= ~(unsigned long)(SECCOMP_FILTER_FLAG_TSYNC | SECCOMP_FILTER_FLAG_TSYNC_ESRCH);
  }
  sandbox_entering(filter ? &program : NULL, everyone, &change);
  long result = make(context, flags);
  // With SECCOMP_FILTER_FLAG_TSYNC, a positive result is the id of a thread that could not get the filter.
  sandbox_entered(&change, result == 0 || (result > 0 && flags & SECCOMP_FILTER_FLAG_NEW_LISTENER));
  return result;
}

static long make_seccomp(void *context, unsigned long flags) {
  const long *all = context;
  return real()(SYS_seccomp, all[0], (long)flags, all[2], all[3], all[4], all[5]);
}

static long make_prctl(void *context, unsigned long flags) {
  const long *all = context;
  (void)flags;
  return real()(SYS_prctl, all[0], all[1], all[2], all[3], all[4], 0);
}

static long prctl_call(long all[6]) {
  if (all[0] != PR_SET_SECCOMP) return make_prctl(all, 0);
  unsigned operation = all[1] == SECCOMP_MODE_FILTER   ? SECCOMP_SET_MODE_FILTER
                       : all[1] == SECCOMP_MODE_STRICT ? SECCOMP_SET_MODE_STRICT
                                                       : ~0u;
  return seccomp_call(operation, 0, (const struct sock_fprog *)all[2], make_prctl, all);
}

EXPORT int prctl(int option, ...) {
  va_list list;
  va_start(list, option);
  long all[6] = {option};
  for (int i = 1; i < 5; i++) all[i] = va_arg(list, long);
  va_end(list);
  return (int)prctl_call(all);
}

// ---- Limits ----

// Under a limit on file sizes, a file cannot grow beyond the limit but can be written up to its present length.
static void limit_changes(int resource, const struct rlimit *limit) {
  if (resource == RLIMIT_FSIZE && limit && limit->rlim_cur != RLIM_INFINITY && process_is_recorded())
    recording_prepare_for_limit(limit->rlim_cur);
}

#define SET_LIMIT(name, type)                                                   \
  EXPORT int name(__rlimit_resource_t resource, const struct type *limit) {     \
    limit_changes((int)resource, (const struct rlimit *)limit);                 \
    return (int)real()(SYS_prlimit64, 0, (long)resource, (long)limit, 0, 0, 0); \
  }
SET_LIMIT(setrlimit, rlimit)
SET_LIMIT(setrlimit64, rlimit64)

#define CHANGE_LIMIT(name, type)                                                                         \
  EXPORT int name(pid_t pid, __rlimit_resource_t resource, const struct type *limit, struct type *old) { \
    if (pid == 0 || pid == process_id()) limit_changes((int)resource, (const struct rlimit *)limit);     \
    return (int)real()(SYS_prlimit64, pid, (long)resource, (long)limit, (long)old, 0, 0);                \
  }
CHANGE_LIMIT(prlimit, rlimit)
CHANGE_LIMIT(prlimit64, rlimit64)

// ---- System calls by number ----

static __attribute__((noinline)) long syscall_looked_at(long number, long a, long b, long c, long d, long e, long f) {
  long all[6] = {a, b, c, d, e, f};
  switch (number) {
    case SYS_unshare: return unshare_call(a);
    case SYS_setns: return setns_call(a, b);
    case SYS_prctl: return prctl_call(all);
    case SYS_seccomp:
      return seccomp_call((unsigned)a, (unsigned long)b, (const struct sock_fprog *)c, make_seccomp, all);
    case SYS_prlimit64:
      if (a == 0 || a == process_id()) limit_changes((int)b, (const struct rlimit *)c);
      break;
#ifdef SYS_setrlimit
    case SYS_setrlimit: limit_changes((int)a, (const struct rlimit *)b); break;
#endif
    case SYS_execve: return execve((const char *)a, (char *const *)b, (char *const *)c);
    case SYS_execveat: return execveat((int)a, (const char *)b, (char *const *)c, (char *const *)d, (int)e);
    case SYS_exit: lifecycle_thread_ends((int)a); break;
    case SYS_exit_group: lifecycle_process_ends((int)a); break;
  }
  return real()(number, a, b, c, d, e, f);
}

EXPORT long agent_syscall(long number, long a, long b, long c, long d, long e, long f) {
  switch (number) {
    case SYS_unshare:
    case SYS_setns:
    case SYS_prctl:
    case SYS_seccomp:
    case SYS_prlimit64:
#ifdef SYS_setrlimit
    case SYS_setrlimit:
#endif
    case SYS_execve:
    case SYS_execveat:
    case SYS_exit:
    case SYS_exit_group: return syscall_looked_at(number, a, b, c, d, e, f);
  }
  return real()(number, a, b, c, d, e, f);
}

// The handler makes system calls by number, so the original must be known before the first signal.
__attribute__((constructor(101))) static void original_find(void) {
  real();
}
