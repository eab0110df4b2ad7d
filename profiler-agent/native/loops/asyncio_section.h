// Offsets of asyncio's structures that asyncio publishes from 3.14 on, in a section of the file that holds its C code.
// All functions run on the watcher.
#pragma once
#include "cpython/interpreter.h"

struct asyncio_section {
  uint64_t task_coroutine, task_node;          // offsets in bytes in a task object
  uint64_t running_loop, running_task, tasks;  // offsets in a thread's state
};

// A recording begins.
void asyncio_section_begin(const struct interpreter *python);
// Returns the offsets, or NULL as long as they are not known: the module is not imported yet, or its file cannot be
// read. `interpreter` is a PyInterpreterState.
const struct asyncio_section *asyncio_section(uintptr_t interpreter);
