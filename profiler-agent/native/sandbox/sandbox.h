// What a sandbox (seccomp) lets the calling thread do. A filter may kill the program for a system call that it does not
// list, so whatever the agent calls in the program's own threads is asked for here first.
#pragma once
#include "base.h"

struct thread;

enum {
  SANDBOX_RETURN = 1 << 0,     // return from a signal handler
  SANDBOX_CPU_CLOCK = 1 << 1,  // read the thread's CPU clock, and the counts of its ticks
  SANDBOX_TIME = 1 << 2,       // read CLOCK_MONOTONIC
  SANDBOX_PENDING = 1 << 3,    // ask which signals are pending, and what a file is
  SANDBOX_WAKE = 1 << 4,       // wake another thread, and wait for one
  SANDBOX_MEMORY = 1 << 5,     // what noting memory takes
  SANDBOX_THREAD = 1 << 6,     // what the beginning and the end of a sampled thread take
  SANDBOX_PID = 1 << 7,        // ask who one is
  SANDBOX_VFORK = 1 << 8,      // make processes that share its memory
  SANDBOX_RECORD = 1 << 9,     // what the watcher does
  SANDBOX_MAP = 1 << 10,       // get memory from the kernel
  SANDBOX_RESIDENT = 1 << 11,  // ask what of a mapping is in memory
  SANDBOX_ALL = (1 << 12) - 1,
};

extern __thread uint32_t sandbox_forbidden __attribute__((tls_model("initial-exec"), visibility("hidden")));
extern _Atomic uint32_t sandbox_forbidden_everywhere __attribute__((visibility("hidden")));

// May the calling thread do all of this? (signal)
INLINE bool sandbox_allows(uint32_t what) {
  uint32_t everywhere = atomic_load_explicit(&sandbox_forbidden_everywhere, memory_order_relaxed);
  return LIKELY(!((sandbox_forbidden | everywhere) & what));
}

struct sock_fprog;
// What of all that a filter forbids, or does not certainly allow.
uint32_t sandbox_forbidden_by(const struct sock_fprog *program);
