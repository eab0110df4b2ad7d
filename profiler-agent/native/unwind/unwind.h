// Native stack unwinding by .eh_frame, from inside a signal handler.
//
// The rule for a program counter (eh_frame.h) is cached. Only the frame address, the frame pointer and the return
// address are tracked: enough for everything compilers emit but functions that realign their stack through another
// register; there the chain ends and says so.
#pragma once
#include "unwind/arch.h"
#include "unwind/modules.h"

struct unwind_cursor {
  struct registers at;
  uintptr_t stack_low, stack_end;  // what this thread's stack may take
};

struct unwind_step {
  int module;          // index, −1 unknown
  uintptr_t function;  // start of the function that holds pc by the tables, 0 unknown
  bool outermost;      // there is no caller: the thread began here
};

// Says what cursor->at.pc is in, and moves the cursor to the caller. False when the caller cannot be found. The first
// pc is exact; those after it are return addresses. (signal)
bool unwind_step(struct unwind_cursor *cursor, const struct module_map *map, bool first, struct unwind_step *step);
