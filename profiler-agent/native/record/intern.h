// A hash table from a 16-byte key to the small id it was given first. Grows with pages from the kernel; past a limit
// it forgets everything, and keys seen again get new ids.
#pragma once
#include "base.h"

struct intern {
  struct intern_slot *slots;
  uint32_t capacity, used;
};

// The id of (a, b), or 0 after entering it under `fresh`.
uint32_t intern__find_or_add(struct intern *self, uint64_t a, uint64_t b, uint32_t fresh);
void intern__clear(struct intern *self);
