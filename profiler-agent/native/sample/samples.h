// Turns samples of running threads, as the handler took them, into records, and charges each with its share of the
// thread's CPU time. Ticks hit all moments with equal chance, so every tick counts the same, whatever the clock says
// since the one before.
//
// All functions run on the watcher. `wall` is ns of CLOCK_MONOTONIC, `cpu` is ns of CPU time.
#pragma once
#include "record/records.h"
#include "threads.h"

// Writes one sample with its frames. `often`: threads are sampled more often than at ticks.
void thread__take_sample(struct thread *thread, const struct entry_sample *entry, const uint64_t *words, bool often,
                         struct stats *stats);
// Writes CPU time that no sample of its own stands for: `cpu` ns up to the moment `wall`, at `place`. Writes nothing
// for 0.
void remainder_write(uint32_t thread, const struct sample_place *place, uint64_t wall, uint64_t cpu);
// The thread ended, or the recording does: divides the CPU time that no sample was charged with, up to the CPU clock
// `cpu`, among the last samples. Time in which ticks should have come but did not has no known place. The time of a
// short thread without any sample is divided like that of its kin (kin.h).
void thread__settle(struct thread *thread, uint64_t wall, uint64_t cpu);
