// Follows what a suspended coroutine awaits: from its frame to that of the coroutine that it awaits, and so on to the
// innermost one. All functions run on the watcher. Addresses are those of Python's objects; 0 stands for none.
#pragma once
#include "cpython/interpreter.h"

// A recording begins.
void awaits_begin(const struct interpreter *python);

// Kinds of objects that may be awaited, by how such a chain goes on.
enum kind {
  KIND_OTHER,
  KIND_GENERATOR,  // has a frame: a coroutine, generator or asynchronous generator
  KIND_WRAPPER,    // wraps one of these, which is its first field
  KIND_TASK,       // asyncio.Task, the one written in C
  KIND_GATHERING,  // the future that asyncio.gather returns
};
// The kind of objects of a type.
enum kind type_kind(uintptr_t type);

struct await_chain {
  uintptr_t object;  // in: the outermost coroutine; out: what the innermost one awaits
  uint32_t stack;    // in: id of the stack to put the frames on; out: id of the stack with them
  bool lost;         // the chain could not be followed, or its task does not wait
  bool children;     // the innermost coroutine waits for other tasks, which have waits of their own
};
// Follows `count` chains at once: one system call then reads memory for many of them.
void awaits_follow(struct await_chain *chains, uint32_t count);
