// A hash table that gives small ids to keys of 16 bytes. It grows with pages from the kernel. At its size limit it is
// emptied, and keys get new ids. Used by the watcher, or while it does not run.
#pragma once
#include "base.h"

struct intern {
  struct intern_slot *slots;
  uint32_t capacity, used;
};

// Returns the id of the key (a, b). When the key is new, adds it with the id `fresh` and returns 0.
uint32_t intern__find_or_add(struct intern *table, uint64_t a, uint64_t b, uint32_t fresh);
// Empties the table and frees its memory.
void intern__clear(struct intern *table);
