// The sampled blocks that are alive, by address, and the lock under which they change.
#pragma once
#include "base.h"

// What the thread was, for the end of the lock.
struct memory_held {
  uint64_t signals, began;  // the clock, which is also the time of what is noted
  int error;
  bool masked;
};

// One lock for the table, the filter's counts and the ring of notes. Whoever has it takes no signals where a handler of
// the program's could allocate, fork, or never return (memory_handlers.h). False, and nothing is locked, in a process
// that has not been told of itself, such as one that was forked by a system call of the program's own: another thread
// of its parent's may have had the lock.
bool memory_lock(struct memory_held *held);
void memory_unlock(const struct memory_held *held);
// How much time all threads together have had the lock, or waited for it, or spent on the signals.
uint64_t memory_spent_ns(void);
// From now on the calling process is the one that has the table, and it is empty. False when there is no memory for it.
bool memory_table_begin(void);

struct memory_slot {
  _Atomic uintptr_t block;  // 0 = empty
  uint32_t id;
  uint64_t size;
};

// With the lock. Adding what is there already replaces it; false when there is no memory for one more.
bool memory_table_add(uintptr_t block, uint32_t id, uint64_t size);
bool memory_table_take(uintptr_t block, uint32_t *id, uint64_t *size);
// Without the lock: true when the block is certainly not in the table.
bool memory_table_lacks(uintptr_t block);
uint32_t memory_table_used(void);
