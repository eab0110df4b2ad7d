// What the handler saw of a running thread becomes samples, each with its share of the thread's CPU time.
#pragma once
#include "recording.h"
#include "threads.h"

// Writes frames as the ring has them, innermost first, as ids of their innermost stack and native frame.
void words_record(const uint64_t *words, uint32_t count, uint32_t *stack, uint32_t *native);
// One sample, later than all before it. Its record is written when its share is known.
void thread__take_sample(struct thread *self, const struct entry_sample *entry, struct stats *stats);
// The thread waits, or ends, with its CPU clock at `cpu`: writes its last sample.
void thread__settle(struct thread *self, uint64_t cpu);
// The thread is over: writes its last sample, and the CPU time that there is no sample for.
void thread__settle_all(struct thread *self, uint64_t wall, uint64_t cpu);
