// What the handler saw of a running thread becomes samples, each with its share of the thread's CPU time. Ticks meet
// all moments with the same chance, so each counts the same, whatever the clock says since the one before.
#pragma once
#include "record/records.h"
#include "threads.h"

// Writes one sample with its frames. `often`: threads are sampled faster than by ticks.
void thread__take_sample(struct thread *self, const struct entry_sample *entry, const uint64_t *words, bool often,
                         struct stats *stats);
// Writes CPU time that is not a sample's of its own, up to a moment.
void remainder_write(uint32_t thread, const struct met *met, uint64_t wall, uint64_t cpu);
// The thread is over: divides the CPU time that no sample was charged with among its last ones. What should have been
// met by a tick belongs to none; a short thread that no tick met is one of its kin (kin.h).
void thread__settle(struct thread *self, uint64_t wall, uint64_t cpu);
