// The strings of the environment as the kernel laid them down, which is what /proc/self/environ shows.
#pragma once
#include "base.h"

// Where the last string ends that `list` has there. 0 when it has none.
uintptr_t environment_block_end(char *const list[]);
// Lets what the kernel shows end there (0: where it begins).
void environment_block_shrink(uintptr_t end);
