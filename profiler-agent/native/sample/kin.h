// CPU time of threads that ended before a tick sampled them.
//
// Such a thread is taken to have done what its kin did: threads with the same start routine. A tick hits every moment
// of all of them with equal chance, so the CPU time of all of them is divided equally among the samples of those that
// were sampled.
//
// All functions run on the watcher. `cpu` is ns of CPU time, `wall` ns of CLOCK_MONOTONIC.
#pragma once
#include "base.h"

struct thread;

// Forgets all threads when a recording begins.
void kin_begin(void);
// True when a thread that used this much CPU time may have ended without a sample by chance alone.
bool kin_is_short(uint64_t cpu);
// A short thread ended that has `samples` samples. They have been charged with all of its CPU time, in equal parts.
void kin_met(const struct thread *thread, uint32_t samples, uint64_t cpu);
// A short thread ended that has no sample. None of its CPU time has been recorded yet.
void kin_missed(const struct thread *thread, uint64_t wall, uint64_t cpu);
// Writes the CPU time that is still held back. Returns a sentence for the user, or NULL when little was estimated.
const char *kin_finish(void);
