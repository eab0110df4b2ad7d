// Threads that end before a tick meets them. What they did is what their kin did, threads with the same start routine:
// a tick meets every moment of all of them together with the same chance, so all their CPU time is shared equally by
// the samples that were made of any of them. (watcher)
#pragma once
#include "threads.h"

// For a recording that is about to begin.
void kin_begin(void);
// Whether a thread that used so much CPU time may be over without a tick by mere chance.
bool kin_is_short(uint64_t cpu);
// A short thread is over that was sampled: its samples have been charged with all its CPU time, each with as much.
void kin_met(const struct thread *self, uint32_t samples, uint64_t cpu);
// One is over that was not, and none of its CPU time has been written.
void kin_missed(const struct thread *self, uint64_t wall, uint64_t cpu);
// Writes what is still held back. Then a sentence for the person, or NULL when there is nothing to say.
const char *kin_finish(void);
