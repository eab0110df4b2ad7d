// The tasks of trio's event loop. (watcher)
#pragma once
#include "loops/awaits.h"

// For a recording that is about to begin.
void trio_begin(void);
// The tasks of a loop, given by its Runner, at most `most`. *partial: there are more.
uint32_t trio_tasks(uintptr_t runner, uintptr_t *into, uint32_t most, bool *partial);
// Keeps what those that wait run, to be put on `stack`.
uint32_t trio_chains(struct await_chain *chains, const uintptr_t *tasks, uint32_t count, uint32_t stack);
