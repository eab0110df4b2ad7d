// The Python stack of a thread that does not run, read from outside, and what an event loop there may wait for. All
// functions run on the watcher. Addresses are those of Python's objects; 0 stands for none.
#pragma once
#include "cpython/interpreter.h"
#include "threads.h"

enum loop_kind {
  LOOP_NONE,
  LOOP_ASYNCIO,    // asyncio's own
  LOOP_FOREIGN,    // another loop for asyncio, without Python code, such as uvloop; it may not be waiting; `loop` is 0
  LOOP_TRIO,       // trio; `loop` is its Runner
  LOOP_GREENLETS,  // gevent or eventlet; `loop` is the hub
};

struct wait_stack {
  uint32_t stack;    // id in the recording
  uintptr_t tstate;  // the thread's PyThreadState
  // In an event loop: its kind, the object that knows its tasks, and the stack down to the loop's own frame.
  enum loop_kind kind;
  uintptr_t loop;
  uint32_t loop_stack;
  uintptr_t instruction_address;  // the instruction of the innermost frame, 0: not known
};

// A recording begins.
void wait_stacks_begin(const struct interpreter *python);
// Reads the stack and records it. False when it cannot be read. The caller checks afterwards that the thread did not
// run meanwhile.
bool wait_stack_read(struct wait_stack *wait, const struct thread *thread);

// Returns the id of a code object, and describes it in the recording when it is new. 0 when it cannot be read.
uint32_t code_record(uintptr_t code);

// Returns the first argument or local variable of a frame, 0 when it cannot be read.
uintptr_t frame_first_local(uintptr_t frame);

// Which function of an event loop a code object is: that tells what a thread or task in it waits for.
enum place {
  PLACE_OTHER,
  PLACE_LOOP,       // runs one iteration of asyncio's event loop
  PLACE_SELECTOR,   // waits in asyncio's event loop
  PLACE_CHILDREN,   // waits for other tasks, which have waits of their own
  PLACE_WAIT_FOR,   // asyncio.wait_for: before 3.12 like PLACE_CHILDREN if its first argument is a task
  PLACE_RUNS,       // calls run_until_complete or run_forever
  PLACE_TRIO,       // trio's event loop
  PLACE_TRIO_WAIT,  // waits in trio's event loop
  PLACE_SERVICE,    // a task that serves the event loop itself
  PLACE_HUB,        // the outermost function of a hub of gevent or eventlet
  PLACE_HUB_WAIT,   // waits in such a hub
};
// Returns which of these functions a code object is. `id` is its id from code_record.
enum place place_of(uint32_t id, uintptr_t code);
