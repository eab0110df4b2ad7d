// What the allocation functions that the program calls let the rest of memory/ know.
#pragma once
#include "base.h"

// The allocator that the hooks pass calls on to.
const void *memory_allocator(void);
// Lets blocks of the hooks' own store through the filter, always.
void memory_filter_keep_store(void);
