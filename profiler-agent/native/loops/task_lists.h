// Which tasks there are. (watcher)
#pragma once
#include "cpython/interpreter.h"

// At most this many tasks are looked at.
#define TASKS_MAX 2000

// TaskObj of Modules/_asynciomodule.c. The loop and the first callback are its first fields everywhere.
struct task_layout {
  uint8_t state, waiter, coroutine, node;
};
enum { TASK_LOOP = 16, TASK_CALLBACK = 24, TASK_BYTES = 168 };

// For a recording that is about to begin.
void task_lists_begin(const struct interpreter *python, uint64_t now);
const struct task_layout *task_layout(void);
uint64_t tasks_random(uint64_t limit);
// Tasks of asyncio in a thread's interpreter, at most `most`; the thread's own from 3.14 on. *partial: there are more.
uint32_t tasks_of_asyncio(uintptr_t tstate, uint64_t now, uintptr_t *into, uint32_t most, bool *partial);
// What a set holds, or some of it.
uint32_t set_items(uintptr_t set, uintptr_t *into, uint32_t most, bool *partial);
