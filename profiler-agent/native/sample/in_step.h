// Does a thread work in step with the kernel's tick, at which it is sampled? One that begins to work at its own moments
// is met by its first tick after any time, up to a tick, with the same chance. One that wakes up by a clock, every 20
// ms say, is met after the same time again and again, by whatever it does then, or never.
#pragma once
#include "base.h"

#define IN_STEP_PARTS 8

// Stretches of work, each from one wait to the next. All in ns of the thread's CPU clock.
struct in_step {
  uint64_t began;  // when this one began, 0: not known
  uint64_t first;  // how long after that its first tick met it, 0: none did yet
  // How many were met in which part of what their first tick can meet: their length, up to a tick.
  uint16_t met[IN_STEP_PARTS], count;
};

// Nothing keeps step so far.
void in_step_forget(void);
// Has any thread's work been found to keep step?
bool in_step_seen(void);
// A tick met it at `cpu`. One that falls into a system call is answered at the end of that call, wherever it fell.
void in_step__tick(struct in_step *self, uint64_t cpu, bool in_call);
// It waits, at `cpu`.
void in_step__waits(struct in_step *self, uint64_t cpu);
// A thread had so much CPU time since the last tick.
void in_step_missed(uint64_t cpu);
