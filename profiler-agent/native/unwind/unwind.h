// Unwinds the native stack with .eh_frame, also in a signal handler.
//
// Rules for program counters (eh_frame.h) are cached. Only the frame address, the frame pointer and the return address
// are tracked. That suffices for all that compilers emit, except for functions that align their stack through another
// register: there the chain ends, and unwind_step tells so.
#pragma once
#include "unwind/arch.h"
#include "unwind/modules.h"

struct unwind_cursor {
  struct registers at;
  uintptr_t stack_low, stack_end;  // the range of this thread's stack
};

struct unwind_step {
  int module;          // index, −1: not known
  uintptr_t function;  // start of the function that holds pc, from the tables, 0: not known
  bool outermost;      // there is no caller: the thread started here
};

// Tells what cursor->at.pc is in, and moves the cursor to the caller. False when the caller is not found. `first`: pc
// is the interrupted instruction; otherwise it is a return address. (signal)
bool unwind_step(struct unwind_cursor *cursor, const struct module_map *map, bool first, struct unwind_step *step);
