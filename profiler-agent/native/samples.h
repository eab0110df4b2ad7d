// What the handler saw of a running thread becomes samples, each with its share of the thread's CPU time. Ticks meet
// all moments with the same chance, so each counts the same, whatever the clock says since the one before: after a wait
// that is little for what comes first and much for what comes later. A window of samples shares the time that passed in
// it.
#pragma once
#include "recording.h"
#include "threads.h"

// Writes frames as the ring has them, innermost first, as ids of their innermost stack and native frame.
void words_record(const uint64_t *words, uint32_t count, uint32_t *stack, uint32_t *native);
// One sample, later than all before it. Its record is written when its share is known. `often`: threads are sampled
// faster than by ticks.
void thread__take_sample(struct thread *self, const struct entry_sample *entry, bool often, struct stats *stats);
// One stretch of waiting. Records of a thread are written in the order of what they tell.
void thread__take_wait(struct thread *self, const struct sample_record *sample);
// Have samples been held for so long that somebody who looks should see them?
bool thread__is_held_long(const struct thread *self, uint64_t now);
// The thread waits, with its CPU clock at `cpu`: writes the samples that are held.
void thread__settle(struct thread *self, uint64_t cpu);
// The thread is over: writes the samples that are held, and the CPU time that there is no sample for.
void thread__settle_all(struct thread *self, uint64_t wall, uint64_t cpu);
