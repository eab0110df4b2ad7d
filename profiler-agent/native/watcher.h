// The thread that looks at every other thread's CPU clock, reads where those that wait are, and writes the recording.
// Threads that run are sampled by their own timers (threads.h); the watcher signals them itself only where a finer rate
// than the kernel's tick was asked for, or a thread has no timer.
#pragma once
#include "base.h"

struct interpreter;

struct watcher_settings {
  const struct interpreter *python;
  uint64_t interval_ns;
  uint32_t budget_permille;  // of the CPU time the program uses, or of one core; 0 = whatever the interval costs
  // What the main thread's clocks said when the recording began: after exec they go on where they were.
  uint64_t cpu_base;
  struct ticks ticks_base;
};

// Finds out about the mapped files and the extent of the bytecode loop, before anything is sampled.
void watcher_prepare(struct interpreter *python);
// What it works with, for a recording that is about to begin.
void watcher_configure(const struct watcher_settings *settings);
// Starts it, also after a watcher_stop. Returns 0 or an errno.
int watcher_start(void);
// Lets it write what is left, and waits for that, a second at most, which it takes only when there is no core
// for it. With `end` the process says goodbye with its exit
// status (−1 unknown). Returns false when it does not run, or did not stop in time.
bool watcher_stop(bool end, int exit_status);
// Has it make room now: a ring fills. Only a hint. (signal)
void watcher_wake(void);
// In a forked child, where the thread does not exist.
void watcher_after_fork(void);
