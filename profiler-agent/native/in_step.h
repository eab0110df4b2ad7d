// Does a thread work in step with the kernel's tick, at which it is sampled? One that begins to work at its own moments
// is met by its first tick after any time, up to a tick, with the same chance. One that wakes up by a clock, every 20
// ms say, is met after the same time again and again, by whatever it does then.
#pragma once
#include "base.h"

#define IN_STEP_BURSTS 32

// A number of stretches of work that began with waking up. All in ns of the thread's CPU clock.
struct in_step {
  uint64_t began;                   // the clock at the beginning of the last one that was met
  uint64_t shortest;                // of all since the last answer, 0 none
  uint32_t phases[IN_STEP_BURSTS];  // how long after their beginning they were met
  uint32_t count;
};

// One that began and ended between two looks.
void in_step__ran(struct in_step *self, uint64_t length);
// One that began at `began` was met by a tick at `cpu`. True when this and the last ones show that they keep step.
bool in_step__met(struct in_step *self, uint64_t began, uint64_t cpu);
