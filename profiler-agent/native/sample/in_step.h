// Tells whether threads work in step with the kernel's tick, which is also what samples them.
//
// Where work begins at random moments, the delay until the first tick is anything from nothing to a tick's length, with
// equal chance. Where a thread wakes up by a clock, for example every 20 ms, the delay is the same each time: ticks
// always hit the same code, or never hit the thread. The figures of such a thread's lines may be wrong, so the user is
// told.
//
// All functions run on the watcher. Times are ns of the thread's CPU clock.
#pragma once
#include "base.h"

#define IN_STEP_PARTS 8

// What is known of one thread's stretches of work. A stretch lasts from one wait to the next.
struct in_step {
  uint64_t began;  // CPU clock at the start of the current stretch, 0: not known
  uint64_t first;  // CPU time from there to the stretch's first tick, 0: no tick yet
  // Histogram of `first` over the stretches that a tick hit. The range of each stretch is its length, at most a tick.
  uint16_t first_ticks[IN_STEP_PARTS], count;
};

// A recording begins: no thread is known to work in step.
void in_step_forget(void);
// True once the work of any thread was found to be in step.
bool in_step_seen(void);
// A tick sampled the thread at `cpu`. `in_call`: some of the ticks fell into a system call. The signal of such a tick
// comes only when the call returns, so this stretch is not judged.
void in_step__tick(struct in_step *work, uint64_t cpu, bool in_call);
// The thread began to wait at `cpu`: its stretch of work is over.
void in_step__waits(struct in_step *work, uint64_t cpu);
// The thread has used `cpu` ns of CPU time since the last tick. If that is much more than a tick, the ticks miss the
// thread: its work counts as in step, too.
void in_step_missed(uint64_t cpu);
