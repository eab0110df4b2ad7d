// The watcher, the only thread of the agent. It reads the CPU clock of every other thread, finds out where waiting
// threads wait, and writes the recording. Running threads are sampled by their own timers (threads.h). The watcher
// signals a running thread only when a finer interval than the kernel's tick was asked for, when the thread has no
// timer, or when its timer's ticks miss it.
#pragma once
#include "base.h"

struct interpreter;

struct watcher_settings {
  const struct interpreter *python;
  uint64_t interval_ns;
  uint32_t budget_permille;  // of the program's CPU time, or of one core; 0: the interval is kept whatever it costs
  // The main thread's clocks when the recording began: exec does not reset them.
  uint64_t cpu_base;
  struct ticks ticks_base;
};

// Reads the mapped files and finds the eval loop. Called before anything is sampled, by the thread that starts the
// agent.
void watcher_prepare(struct interpreter *python);
// A recording begins, before the watcher runs.
void watcher_configure(const struct watcher_settings *settings);
// Starts the watcher, also after watcher_stop. Returns 0, or an errno. (program's threads)
int watcher_start(void);
// Has the watcher write the rest and end. Waits for that at most a second, which is only needed when the watcher gets
// no core. `end`: the process ends with `exit_status` (−1: not known). False when the watcher does not run, or did not
// stop in time. (program's threads)
bool watcher_stop(bool end, int exit_status);
// Wakes the watcher because a ring fills. It would look by itself, but perhaps too late. (signal)
void watcher_wake(void);
// In a forked child, where the watcher does not run.
void watcher_after_fork(void);
