// The tasks of trio's event loop. All functions run on the watcher.
#pragma once
#include "loops/awaits.h"

// A recording begins.
void trio_begin(void);
// Reads up to `most` tasks of the loop with this Runner. Returns their number. *partial: there are more.
uint32_t trio_tasks(uintptr_t runner, uintptr_t *into, uint32_t most, bool *partial);
// Starts a chain on `stack` for each of the tasks that waits. Returns the number of chains.
uint32_t trio_chains(struct await_chain *chains, const uintptr_t *tasks, uint32_t count, uint32_t stack);
