// Waits that the watcher observed before the self-test (selftest.h) has shown whether frames are read correctly.
// Samples of running threads stay in the threads' rings meanwhile. Waits are kept here, and written between those
// samples once the self-test has an answer.
//
// All functions run on the watcher. Times are ns of CLOCK_MONOTONIC.
#pragma once
#include "record/records.h"

// Empties the store when a recording begins.
void early_begin(void);
// Writes a waiting sample, or keeps it while the self-test has no answer. When the store is full, the sample is written
// without its stack.
void early_sample(const struct sample_record *sample);
// Writes the kept samples of a thread (its id in the recording) whose time is not after `until`.
void early_release(uint32_t thread, uint64_t until);
