// The Python stack of a thread that does not run, read from outside. (watcher)
#pragma once
#include "cpython/interpreter.h"
#include "threads.h"

enum loop_kind {
  LOOP_NONE,
  LOOP_ASYNCIO,  // the standard library's
  LOOP_FOREIGN,  // another one for asyncio, without Python code, as uvloop: if it waits for events. Has no object here
  LOOP_TRIO,     // its Runner
  LOOP_GREENLETS,  // the hub of gevent or eventlet. Has no object here
};

struct wait_stack {
  uint32_t stack;    // in the recording
  uintptr_t tstate;  // the thread's PyThreadState
  // When it waits in an event loop: which kind of one, the object that knows its tasks, and the stack down to the
  // loop's own frame.
  enum loop_kind kind;
  uintptr_t loop;
  uint32_t loop_stack;
  uintptr_t instruction_address;  // in the innermost frame, 0 not known
};

// For a recording that is about to begin.
void wait_stacks_begin(const struct interpreter *python);
// Returns false when it could not be read. The caller checks afterwards that the thread did not run meanwhile.
bool wait_stack_read(struct wait_stack *self, const struct thread *thread);

// The id of a code object, which is described in the recording when it is new. 0 when it cannot be read.
uint32_t code_record(uintptr_t code);

// The first local variable, or argument, of a frame.
uintptr_t frame_first_local(uintptr_t frame);

// Functions of asyncio and its kin that mean something to a profiler.
enum place {
  PLACE_OTHER,
  PLACE_LOOP,       // one turn of asyncio's event loop
  PLACE_SELECTOR,   // where it waits
  PLACE_CHILDREN,   // waits for tasks that do the waiting themselves
  PLACE_WAIT_FOR,   // asyncio.wait_for: so does this, before 3.12, if its first argument is a task
  PLACE_RUNS,       // calls run_until_complete or run_forever
  PLACE_TRIO,       // trio's event loop
  PLACE_TRIO_WAIT,  // where it waits
  PLACE_SERVICE,    // a task that serves the loop itself
  PLACE_HUB,        // all that the hub of gevent or eventlet does
  PLACE_HUB_WAIT,   // where it waits
};
// Which of them a code object is; `id` is what code_record says of it.
enum place place_of(uint32_t id, uintptr_t code);
