// Waits that are seen before the interpreter has proven what it is (selftest.h). What a thread's handler sees stays in
// its ring meanwhile; they are kept here, and written in between when the answer has come. (watcher)
#pragma once
#include "record/records.h"

// For a recording that is about to begin.
void early_begin(void);
// Writes a sample, or holds it back.
void early_sample(const struct sample_record *sample);
// Writes what was held back of a thread, up to a moment.
void early_release(uint32_t thread, uint64_t until);
