// Compares Python's stack as the agent reads it with what Python's own functions return, which is right in every
// version. All functions but comparison_prepare run on a thread of Python that holds the interpreter lock.
#pragma once
#include "cpython/interpreter.h"

// Looks up Python's functions. Returns the name of one that is missing, else NULL.
const char *comparison_prepare(const struct interpreter *python);
// True when Python code runs on the calling thread.
bool comparison_has_stack(void);
// True when a comparison can be made now. *state: the thread's PyThreadState.
bool comparison_may_begin(uintptr_t *state);
// Compares thread state and stack. Returns a word for what differs, else NULL. *agreed: the number of equal frames.
const char *comparison_make(uintptr_t state, uint32_t *agreed);
