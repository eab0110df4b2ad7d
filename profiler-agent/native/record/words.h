// Converts frames from the rings to ids in the recording. (watcher)
#pragma once
#include "base.h"

// Records frames, innermost first, and returns the ids of the stack and of the native frames inside its innermost
// frame.
void words_record(const uint64_t *words, uint32_t count, uint32_t *stack, uint32_t *native);
// Forgets all ids, because they have changed or a recording begins.
void words_forget(void);
