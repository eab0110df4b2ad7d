// Frames as the rings have them, as ids of the recording. (watcher)
#pragma once
#include "base.h"

// Writes frames as the rings have them, innermost first, as ids of their innermost stack and native frame.
void words_record(const uint64_t *words, uint32_t count, uint32_t *stack, uint32_t *native);
// What frames were written as is not so any more.
void words_forget(void);
