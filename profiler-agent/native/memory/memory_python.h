// Python's own allocators: PyMem_SetAllocator puts a layer of ours on top of what is installed.
#pragma once
#include "cpython/interpreter.h"

void memory_python_begin(const struct interpreter *python);
// Puts our layer in place, where it is not. The caller holds the interpreter lock.
void memory_python_install(const struct interpreter *python);
// Asks the interpreter to have that done, when it has not been or somebody has taken the layer away. (watcher)
void memory_python_look(void);
// In a forked child: what was asked for may never have happened.
void memory_python_after_fork(void);
// Whether a mapping of this size, made by `caller`, is one that the interpreter cuts small objects from.
bool memory_is_arena(size_t size, const void *caller);
