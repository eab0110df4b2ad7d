// The records of memory of profiler-agent/STREAM.md, one function each. (watcher)
#pragma once
#include "base.h"

// An allocation that was sampled, or a copy. `period` is the mean distance between chosen bytes, 0: all were.
struct memory_record {
  uint32_t thread, stack, native;
  uint64_t time, size, grown, period;
  uint8_t kind, opcode;
  bool reserved;  // how much of it is touched is said later, by record_touched; nothing is so far
};
// Allocations have implied ids, in the order they are written.
void record_allocation(const struct memory_record *allocation);
void record_free(uint64_t time, uint32_t id);
void record_touched(uint64_t time, uint32_t id, uint64_t bytes);
void record_copy(const struct memory_record *copy);
void record_footprint(uint64_t time, uint64_t resident_bytes);
// The times written so far belong to a recording that is over.
void memory_records_reset(void);
