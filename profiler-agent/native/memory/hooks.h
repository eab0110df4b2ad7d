// What the interposed allocation functions offer to the rest of memory/.
#pragma once
#include "base.h"

// The address of the malloc that the hooks call: code of the program's allocator. (thread that starts the agent)
const void *memory_allocator(void);
// Makes the filter let blocks of the hooks' own store through, always. Called whenever the filter is cleared.
void memory_filter_keep_store(void);
