// The records about memory, as profiler-agent/STREAM.md describes them, one function each. All functions run on the
// watcher. Times are ns of CLOCK_MONOTONIC, sizes bytes.
#pragma once
#include "base.h"

// A sampled allocation or copy. `thread`, `stack` and `native` are ids in the recording. `period` is the mean distance
// between chosen bytes, 0: every byte is chosen. `grown`: by how much the block is larger than the one it replaces.
struct memory_record {
  uint32_t thread, stack, native;
  uint64_t time, size, grown, period;
  uint8_t kind, opcode;
  bool reserved;  // its touched bytes follow in records of their own (record_touched); none are touched yet
};
// The id of an allocation is not written: it is the number of allocations so far.
void record_allocation(const struct memory_record *allocation);
void record_free(uint64_t time, uint32_t id);
void record_touched(uint64_t time, uint32_t id, uint64_t bytes);
void record_copy(const struct memory_record *copy);
void record_footprint(uint64_t time, uint64_t resident_bytes);
// A new recording begins: forgets the times of the last one.
void memory_records_reset(void);
