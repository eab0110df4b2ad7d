// Turns samples of running threads, as the handler took them, into records, and charges each with its part of the
// thread's CPU time. A tick may hit any moment with equal chance, so every tick stands for the same CPU time, however
// much the clock has advanced since the last one.
//
// All functions run on the watcher. `wall` is ns of CLOCK_MONOTONIC, `cpu` is ns of CPU time.
#pragma once
#include "record/records.h"
#include "sample/in_step.h"
#include "sample/last_look.h"

struct entry_sample;
struct thread;

#define RECENT 8

// The CPU time of a thread and the samples that it was charged to, in ns. Only the watcher uses it. Written by
// samples.c, but observe.c sets where the main thread's clocks begin, and notes in `sampled` and `in_step` that the
// thread waits. sandbox/outside.c and kin.c read it.
struct cpu_account {
  uint64_t clock;                      // CPU clock up to which CPU time has been charged
  uint64_t charged;                    // CPU time that samples have been charged with
  uint64_t undivided;                  // CPU time since the last tick, not yet divided into user and system time
  uint64_t sampled;                    // time of the last sample, ns of CLOCK_MONOTONIC, 0: the thread has waited since
  struct ticks ticks;                  // the thread's ticks at the last sample
  struct sample_place recent[RECENT];  // places of the last samples, used in turn
  uint32_t recent_count;               // number of samples so far
  struct in_step in_step;              // is the thread's work in step with the tick?
};

// Records one sample with its frames. `often`: threads are sampled more often than at ticks.
void thread__take_sample(struct thread *thread, const struct entry_sample *entry, const uint64_t *words, bool often,
                         struct stats *stats);
// Records CPU time that no sample stands for: `cpu` ns up to the moment `wall`, at `place`. Records nothing for 0 ns.
void remainder_write(uint32_t thread, const struct sample_place *place, uint64_t wall, uint64_t cpu);
// The thread ended, or the recording does: divides the CPU time that no sample was charged with, up to the CPU clock
// `cpu`, among the last samples. When the rest is larger than the reserve, ticks should have come but did not: this
// part has no known place. The time of a short thread without any sample is divided like that of its kin (kin.h).
void thread__settle(struct thread *thread, uint64_t wall, uint64_t cpu);
