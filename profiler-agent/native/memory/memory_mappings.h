// Large mappings that the program made itself, and how many bytes of them were touched: reserved memory counts as held
// only once it is touched. All functions run on the watcher. Times are ns of CLOCK_MONOTONIC, sizes bytes.
#pragma once
#include "base.h"

// Mappings of this size and more are looked at. All of a smaller one counts.
#define MAPPING_LOOKED_AT (1024u * 1024u)

// A mapping was noted as the allocation `id`. False when there is no room to follow it: then all of it counts.
bool memory_mapping_begins(uint32_t id, uintptr_t start, uint64_t size, uint64_t time);
// The allocation `id`, a mapping or not, was freed: records how much was touched. `touched`: the bytes in memory at its
// end, or TOUCHED_UNKNOWN.
void memory_mapping_ends(uint32_t id, uint64_t time, uint64_t touched);
// Looks at the mappings that are due, and records what has changed.
void memory_mappings_look(uint64_t now);
// Looks at all mappings, at the end.
void memory_mappings_finish(uint64_t now);
// In a forked child: forgets the parent's mappings.
void memory_mappings_forget(void);
