// What a suspended coroutine waits for: its frame, that of the coroutine it awaits, and so on to the innermost.
// (watcher)
#pragma once
#include "cpython/interpreter.h"

void awaits_begin(const struct interpreter *python);

// Objects as far as awaiting is concerned.
enum kind {
  KIND_OTHER,
  KIND_GENERATOR,  // has a frame: coroutines, generators, asynchronous generators
  KIND_WRAPPER,    // stands for one of these, which is its first field
  KIND_TASK,       // asyncio.Task as written in C
  KIND_GATHERING,  // the future that asyncio.gather returns
};
enum kind type_kind(uintptr_t type);

struct await_chain {
  uintptr_t object;  // the outermost coroutine; afterwards what the innermost one awaits
  uint32_t stack;    // in the recording: what to put the frames on; afterwards with them
  bool lost;         // it could not be followed, or does not wait
  bool children;     // the innermost waits for tasks that do the waiting themselves
};
// Follows many at once, which is what makes it cheap.
void awaits_follow(struct await_chain *chains, uint32_t count);
