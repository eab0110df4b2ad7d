// The stack of the interrupted thread, Python and native frames in one list, collected by its signal handler.
//
// The native stack is unwound from the interrupted instruction outwards. Where that reaches an invocation of the eval
// loop, the Python frames that this invocation runs take its place. Which frames these are is proven, not guessed: from
// 3.11 on, each invocation keeps a mark on its own part of the C stack (3.11: its cframe, 3.12 and later: its entry
// frame), and the Python frames lead to that mark. Before 3.11, an invocation runs exactly one frame, and the numbers
// of both must agree at the end. Where the proof fails, the outer native frames are left out, never the Python ones.
#pragma once
#include "cpython/interpreter.h"
#include "sample/ring.h"
#include "threads.h"
#include "unwind/arch.h"

enum stack_result {
  STACK_OK,
  STACK_REJECTED,  // frames and stack contradict each other
  STACK_FULL,      // the ring has no room
};

// What stack_collect found besides the frames.
struct stack {
  uint32_t words;  // number of frames
  uint8_t flags;   // of the sample
  uint8_t opcode;  // at the innermost Python frame's instruction
};

#define STACK_WORDS_MAX 4096

// Writes the frames of `thread`, which must be the calling one, innermost first (see struct entry_sample). *room is
// memory at the head of `ring` that is reserved but not published: `header` bytes for the caller to fill in, then the
// frames. Code objects that have no id yet are described in entries before that, which are published. (signal)
enum stack_result stack_collect(struct stack *stack, void **room, uint32_t header, struct ring *ring,
                                const struct thread *thread, const struct interpreter *python,
                                const struct registers *registers, uintptr_t tstate);
