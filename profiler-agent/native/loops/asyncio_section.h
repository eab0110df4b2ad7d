// Where asyncio keeps its tasks, as it says itself from 3.14 on: in a section of the file that its C code is in.
// (watcher)
#pragma once
#include "cpython/interpreter.h"

struct asyncio_section {
  uint64_t task_coroutine, task_node;          // within a task
  uint64_t running_loop, running_task, tasks;  // within a thread's state
};

// For a recording that is about to begin.
void asyncio_section_begin(const struct interpreter *python);
// NULL as long as it is not known: the module has not been imported, or its file cannot be read.
const struct asyncio_section *asyncio_section(uintptr_t interpreter);
