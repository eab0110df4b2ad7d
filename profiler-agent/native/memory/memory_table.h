// The table of sampled blocks that are alive, by address, and the lock for it.
#pragma once
#include "base.h"

// What a thread had when it took the lock, to be restored when it releases the lock.
struct memory_held {
  uint64_t signals, began;  // `began`: when it took the lock, ns of CLOCK_MONOTONIC; also the time of what it notes
  int error;                // errno
  bool masked;              // signals are blocked
};

// One lock for the table, the filter and the ring of notes. The thread that has it blocks signals if a handler of the
// program could allocate, fork, or never return (memory_handlers.h). False, without the lock, where a sandbox forbids
// it or in a process that is not recorded, such as one that the program forked by its own system call: another thread
// of its parent may have held the lock. (program's threads)
bool memory_lock(struct memory_held *held);
void memory_unlock(const struct memory_held *held);
// Returns the time in ns that all threads together have had the lock, waited for it, or blocked signals.
uint64_t memory_spent_ns(void);
// Empties the table for the calling process. False when there is no memory for it. Called at the start and in a forked
// child.
bool memory_table_begin(void);

struct memory_slot {
  _Atomic uintptr_t block;  // 0: empty
  uint32_t id;
  uint64_t size;
};

// These two need the lock. Adding a block that is in the table replaces it. False when there is no memory, or no such
// block.
bool memory_table_add(uintptr_t block, uint32_t id, uint64_t size);
bool memory_table_take(uintptr_t block, uint32_t *id, uint64_t *size);
// Works without the lock: true when the block is certainly not in the table. (program's threads)
bool memory_table_lacks(uintptr_t block);
// The number of blocks in the table. (watcher)
uint32_t memory_table_used(void);
