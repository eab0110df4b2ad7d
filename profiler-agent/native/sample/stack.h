// The stack of the thread that is interrupted: Python and native frames in one list, from inside its signal handler.
//
// The native stack is unwound from the interrupted instruction outwards. Whenever it comes to an invocation of the
// bytecode loop, the Python frames that this invocation runs are put in its place. Which these are is proven, not
// guessed: from 3.11 an invocation keeps a mark on its own part of the C stack (3.11: its cframe, 3.12+: its entry
// frame) that the Python frames lead to; before, it runs exactly one frame, and the counts have to agree at the end.
// Where the proof fails, the native frames further out are left out, never the Python ones.
#pragma once
#include "cpython/interpreter.h"
#include "sample/ring.h"
#include "threads.h"
#include "unwind/arch.h"

enum stack_result {
  STACK_OK,
  STACK_REJECTED,  // it could not be proven consistent
  STACK_FULL,      // the ring has no room
};

// What stack_collect found, beside the frames themselves.
struct stack {
  uint32_t words;
  uint8_t flags;   // of the sample
  uint8_t opcode;  // at the innermost Python frame's instruction
};

#define STACK_WORDS_MAX 4096

// Writes frames of `thread`, the calling one, innermost first (see struct entry_sample), behind `header` bytes of
// *room: memory at the head of the ring, reserved and not published. Descriptions of code objects that are new are
// published before it. (signal)
enum stack_result stack_collect(struct stack *self, void **room, uint32_t header, struct ring *ring,
                                const struct thread *thread, const struct interpreter *python,
                                const struct registers *registers, uintptr_t tstate);
