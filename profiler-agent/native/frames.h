// Walking the Python frames of a thread.
#pragma once
#include "interpreter.h"

struct frame {
  uintptr_t address;    // PyFrameObject, from 3.11 _PyInterpreterFrame
  uintptr_t code;       // PyCodeObject
  int32_t instruction;  // bytes into the bytecode, −1 not started
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

struct walk {
  const struct interpreter *python;
  uintptr_t frame;   // the next frame to visit
  uintptr_t cframe;  // 3.11: of the invocation that runs it
  bool remote;       // read through the kernel: for another thread's frames
  enum walk_result result;
};

// Starts at the innermost frame of a thread state. `pc` is the interrupted program counter when the walk is of the
// calling thread, 0 otherwise. (signal when not remote)
void walk_start(struct walk *self, const struct interpreter *python, uintptr_t tstate, uintptr_t pc, bool remote);
// The next frame outwards that runs Python code; false at the end, or with result WALK_REJECTED. (signal when not
// remote)
bool walk_next(struct walk *self, struct frame *frame);
