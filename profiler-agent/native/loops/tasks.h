// Suspended tasks of asyncio or trio, or greenlets, that wait while their event loop waits. All functions run on the
// watcher. Times are ns of CLOCK_MONOTONIC.
#pragma once
#include "cpython/interpreter.h"
#include "sample/wait_stack.h"

// A recording begins, at `now`.
void tasks_begin(const struct interpreter *python, uint64_t now);

// The stacks at which a loop's tasks wait, each with the number of tasks there.
struct awaits {
  uint32_t thread;  // id of the thread that runs the loop, 0: unused
  bool partial;     // some tasks have not been looked at
  bool again;       // another look may find more: the budget was too small for this one, or no task was found to wait
  uint64_t when;    // time of the look
  uint32_t loop_stack;
  uint32_t tasks, count;  // number of tasks that wait, and of their different stacks
  struct {
    uint32_t stack, tasks;
  } share[1024];
};
// Looks at the tasks of the loop in which a thread waits (see wait_stack.h), as far as the budget allows. NULL when no
// task waits. The result has no stacks when none was found yet. It stays valid until the thread's next look, or until
// many other threads have had theirs.
struct awaits *tasks_look(const struct thread *thread, const struct wait_stack *at, uint64_t now);

// True when the budget now allows the look that `again` asks for.
bool tasks_due(const struct awaits *awaits, uint64_t now);

struct await_slice {
  uint32_t stack;
  uint64_t wall;
};
// Divides `wall` ns among the stacks, into at most `most` slices. Returns the number of slices; they add up to `wall`.
// When there are more stacks than slices, each stack gets its part only on average over many waits.
uint32_t awaits_divide(const struct awaits *awaits, uint64_t wall, struct await_slice *into, uint32_t most);
