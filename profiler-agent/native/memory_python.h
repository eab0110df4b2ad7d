// Python's own allocators: PyMem_SetAllocator puts a layer of ours on top of what is installed.
#pragma once
#include "interpreter.h"

// Puts our layer in place, once. The caller holds the interpreter lock.
void memory_python_install(const struct interpreter *python);
// Asks the interpreter to have that done, where nothing else has. (watcher)
void memory_python_ask(const struct interpreter *python);
// In a forked child: what was asked for may never have happened.
void memory_python_after_fork(void);
// Whether a mapping of this size, made by `caller`, is one that the interpreter cuts small objects from.
bool memory_is_arena(size_t size, const void *caller);
