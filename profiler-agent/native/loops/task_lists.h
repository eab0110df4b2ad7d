// Finds the tasks of asyncio, and items of Python's sets. All functions run on the watcher. Addresses are those of
// Python's objects; 0 stands for none.
#pragma once
#include "cpython/interpreter.h"

// At most this many tasks are looked at.
#define TASKS_MAX 2000

// A recording begins, at `now` in ns.
void task_lists_begin(const struct interpreter *python, uint64_t now);
// Where a task keeps what is read. What asyncio publishes replaces the numbers of layouts.c.
const struct task_layout *task_layout(void);
// A random number from 0 to limit − 1.
uint64_t tasks_random(uint64_t limit);
// Finds up to `most` tasks of asyncio: before 3.14 those of the thread's interpreter, from then on those of the thread.
// Returns their number. *partial: there are more.
uint32_t tasks_of_asyncio(uintptr_t tstate, uint64_t now, uintptr_t *into, uint32_t most, bool *partial);
// Reads up to `most` items of a Python set, any of them. Returns their number. *partial: there are more.
uint32_t set_items(uintptr_t set, uintptr_t *into, uint32_t most, bool *partial);
