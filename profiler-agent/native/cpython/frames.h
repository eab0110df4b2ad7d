// Walks the Python frames of a thread.
//
// A pointer alone does not prove that there is a frame. From 3.11 on, a frame must lie where the interpreter keeps live
// ones: in a chunk of the thread's data stack, in a generator, or on the thread's C stack where C code called into
// Python. A chunk that was freed and a C stack that greenlets are exchanging fail this proof.
#pragma once
#include "cpython/codes.h"
#include "cpython/interpreter.h"
#include "threads.h"

struct frame {
  uintptr_t address;    // PyFrameObject; from 3.11 on _PyInterpreterFrame
  struct code_key key;  // key of its code object
  int32_t instruction;  // offset in bytes in the bytecode, −1: not started
  // The address of that instruction, 0: not known. Before 3.11 known for the innermost frame only.
  uintptr_t instruction_address;
  // True for the outermost frame of an invocation of the eval loop. `mark` is then the address of data that this
  // invocation keeps on the C stack (0: not known). Known for the calling thread only.
  bool entry;
  uintptr_t mark;
};

enum walk_result {
  WALK_OK,
  WALK_NONE,      // no Python code is running
  WALK_REJECTED,  // frames contradict each other
};

struct walk {
  const struct interpreter *python;
  const struct thread *thread;  // NULL: the extent of its C stack is not known
  uintptr_t tstate;
  uintptr_t sp;
  bool remote;  // the frames are another thread's
  bool first;   // no frame has been visited yet
  enum walk_result result;
  uint32_t steps;    // visited frames, including shims
  uintptr_t frame;   // address of the next frame to visit
  uintptr_t fields;  // address to load its fields from, 0: not known yet
  uint32_t failed;   // not 0: a load has failed
  unsigned char copy[FRAME_OBJECT_BYTES];
  uintptr_t chunk, chunk_end;  // the chunk of the data stack that held the last frame
  uintptr_t shim;              // address of the last shim: a frame that C code keeps
  uintptr_t cframe;            // 3.11, 3.12: address of the cframe of the invocation that runs the frame, 0: none
  uintptr_t cframe_previous;   // address of the cframe of the invocation before that
  // 3.12: the thread is inside greenlet's code. The range is the part of the C stack of the invocation of the eval loop
  // that called this code (0, 0: not known).
  bool switching;
  uintptr_t caller_low, caller_high;
};

// Starts at the innermost frame of a thread state. `here`: the registers where the calling thread was interrupted; NULL
// for another thread's frames (`remote`), or outside a handler. (signal, when not remote)
struct registers;
void walk_start(struct walk *walk, const struct interpreter *python, uintptr_t tstate, const struct registers *here,
                const struct thread *thread, bool remote);
// Moves to the next frame outwards that runs Python code. False at the end, or with the result WALK_REJECTED. (signal,
// when not remote)
bool walk_next(struct walk *walk, struct frame *frame);
