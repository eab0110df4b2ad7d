// Large mappings that the program made itself, and how much of them it has touched: what it reserved is not held.
// (watcher)
#pragma once
#include "base.h"

// A mapping that is as large as this is looked at. Smaller ones are held as they are.
#define MAPPING_LOOKED_AT (1024u * 1024u)

// One has been noted, as the allocation of this id. False when it is not followed: all of it counts.
bool memory_mapping_begins(uint32_t id, uintptr_t start, uint64_t size, uint64_t time);
// The allocation of this id, whatever it was, has been freed: says how much of it was touched. `touched` are the bytes
// that were in memory at its end, or TOUCHED_UNKNOWN.
void memory_mapping_ends(uint32_t id, uint64_t time, uint64_t touched);
// Looks at those whose turn it is, and says what has changed.
void memory_mappings_look(uint64_t now);
// Looks at all of them, at the end.
void memory_mappings_finish(uint64_t now);
// In a forked child: they are its parent's.
void memory_mappings_forget(void);
