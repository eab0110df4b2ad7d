// Who waits while an event loop does: the suspended tasks of asyncio or trio. (watcher)
#pragma once
#include "cpython/interpreter.h"
#include "sample/wait_stack.h"

// For a recording that is about to begin.
void tasks_begin(const struct interpreter *python, uint64_t now);

// The stacks that share a loop's waiting, each with how many tasks wait there.
struct awaits {
  uint32_t thread;  // whose loop it is; 0 = nobody's
  bool partial;     // there were too many tasks to look at all of them
  bool again;       // there was no time to look at all of them, or for a new look: another one may find more
  uint64_t when;
  uint32_t loop_stack;
  uint32_t tasks, count;
  struct {
    uint32_t stack, tasks;
  } share[1024];
};
// Looks at the tasks of the loop that a thread waits in (see wait_stack.h). NULL when none waits; without shares when
// none was found yet. What it returns is the thread's until its next look, or until many other threads have had theirs.
struct awaits *tasks_look(const struct thread *thread, const struct wait_stack *at, uint64_t now);

// Whether there is time now for what there was none at that look.
bool tasks_due(const struct awaits *self, uint64_t now);

struct await_slice {
  uint32_t stack;
  uint64_t wall;
};
// Divides a length of time among the stacks, into at most `most` slices: where there are more stacks than that, each
// gets its part on average. Returns how many slices there are; they add up to `wall`.
uint32_t awaits_divide(const struct awaits *self, uint64_t wall, struct await_slice *into, uint32_t most);
