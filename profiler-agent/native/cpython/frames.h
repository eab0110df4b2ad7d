// Walking the Python frames of a thread.
//
// Nothing that the walk meets is taken for a frame because a pointer leads there. From 3.11 a frame has to lie where
// the interpreter keeps live ones: in a chunk of the thread's data stack, in a generator, or on its C stack where C
// code called into Python. A chunk that was given back, or a C stack that greenlets are about to exchange, fails the
// proof.
#pragma once
#include "cpython/codes.h"
#include "cpython/interpreter.h"
#include "threads.h"

struct frame {
  uintptr_t address;    // PyFrameObject, from 3.11 _PyInterpreterFrame
  struct code_key key;  // of its code object
  int32_t instruction;  // bytes into the bytecode, −1 not started
  // Where that instruction is in memory, 0 not known. Before 3.11 of the innermost frame only.
  uintptr_t instruction_address;
  // It is the outermost frame of its invocation of the bytecode loop, which keeps something of its own at `mark` on the
  // C stack (0: not known). Known for the calling thread only.
  bool entry;
  uintptr_t mark;
};

enum walk_result {
  WALK_OK,
  WALK_NONE,      // no frame is running
  WALK_REJECTED,  // the stack could not be proven consistent
};

#define FRAME_BYTES 112

struct walk {
  const struct interpreter *python;
  const struct thread *thread;  // NULL: the extent of its C stack is not known
  uintptr_t tstate;
  uintptr_t sp;
  bool remote;  // another thread's frames
  bool first;   // no frame has been visited yet
  enum walk_result result;
  uint32_t steps;    // frames visited, those of C code included
  uintptr_t frame;   // the next frame to visit
  uintptr_t fields;  // where its fields can be loaded from, 0: that is not known yet
  uint32_t failed;   // a load has
  unsigned char copy[FRAME_BYTES];
  uintptr_t chunk, chunk_end;  // of the data stack, where the last frame was found
  uintptr_t shim;              // the last frame that C code keeps
  uintptr_t cframe;            // 3.11, 3.12: what the invocation that runs the frame keeps, 0 none
  uintptr_t cframe_previous;   // and the one before it
  // 3.12: the thread is inside greenlet's code, and the invocation of the bytecode loop that called it has this part of
  // the C stack (0, 0: not known).
  bool switching;
  uintptr_t caller_low, caller_high;
};

// Starts at the innermost frame of a thread state. `here` is where the calling thread was interrupted, NULL when the
// walk is of another one (`remote`), or of the caller itself. (signal when not remote)
struct registers;
void walk_start(struct walk *self, const struct interpreter *python, uintptr_t tstate, const struct registers *here,
                const struct thread *thread, bool remote);
// The next frame outwards that runs Python code; false at the end, or with result WALK_REJECTED. (signal when not
// remote)
bool walk_next(struct walk *self, struct frame *frame);
