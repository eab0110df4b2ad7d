// Python's own allocators: a layer of ours, put on top of the installed allocator with PyMem_SetAllocator.
#pragma once
#include "cpython/interpreter.h"

// Has the layer installed once the self-test has passed. (thread that starts the agent)
void memory_python_begin(const struct interpreter *python);
// Installs the layer where it is missing. Called on Python's main thread, with the interpreter lock held.
void memory_python_install(const struct interpreter *python);
// Asks the interpreter to install the layer when it is missing or was removed. (watcher)
void memory_python_look(void);
// In a forked child: what the parent asked for may never happen.
void memory_python_after_fork(void);
// True when a mapping of this size, made by `caller`, is an arena: the interpreter cuts small objects from it.
bool memory_is_arena(size_t size, const void *caller);
