// What a sandbox (seccomp) allows the calling thread. A filter may end the program for a system call that it does not
// allow, so before the agent makes a system call on a thread of the program it asks here.
#pragma once
#include "base.h"

struct thread;

enum {
  SANDBOX_RETURN = 1 << 0,     // return from a signal handler
  SANDBOX_CPU_CLOCK = 1 << 1,  // read the thread's CPU clock and its ticks
  SANDBOX_TIME = 1 << 2,       // read CLOCK_MONOTONIC
  SANDBOX_PENDING = 1 << 3,    // ask which signals are pending, and stat an open file
  SANDBOX_WAKE = 1 << 4,       // wake another thread, and wait for one
  SANDBOX_MEMORY = 1 << 5,     // note allocations
  SANDBOX_THREAD = 1 << 6,     // start and end a sampled thread
  SANDBOX_PID = 1 << 7,        // read the process id
  SANDBOX_VFORK = 1 << 8,      // create processes that share its memory
  SANDBOX_RECORD = 1 << 9,     // run the watcher
  SANDBOX_MAP = 1 << 10,       // map memory
  SANDBOX_RESIDENT = 1 << 11,  // ask which pages of a mapping are in memory
  SANDBOX_ALL = (1 << 12) - 1,
};

// What is forbidden to the calling thread, and what to every thread of the process.
extern __thread uint32_t sandbox_forbidden __attribute__((tls_model("initial-exec"), visibility("hidden")));
extern _Atomic uint32_t sandbox_forbidden_everywhere __attribute__((visibility("hidden")));

// True when the calling thread may do all of `what`, a union of the above. (signal)
INLINE bool sandbox_allows(uint32_t what) {
  uint32_t everywhere = atomic_load_explicit(&sandbox_forbidden_everywhere, memory_order_relaxed);
  return LIKELY(!((sandbox_forbidden | everywhere) & what));
}

struct sock_fprog;
// Returns the part of SANDBOX_ALL that a filter forbids, or may forbid. (program's threads)
uint32_t sandbox_forbidden_by(const struct sock_fprog *program);
