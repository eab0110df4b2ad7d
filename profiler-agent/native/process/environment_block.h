// The block of memory in which the kernel stores the environment's strings, which is what /proc/self/environ shows.
// Called by environment_take only.
#pragma once
#include "base.h"

// Returns the address behind the last string of `list` that lies in the block, 0 when none does.
uintptr_t environment_block_end(char *const list[]);
// Makes the kernel show only what lies before this address; 0: nothing.
void environment_block_shrink(uintptr_t end);
