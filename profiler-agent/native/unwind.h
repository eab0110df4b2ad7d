// Native stack unwinding by .eh_frame, from inside a signal handler.
//
// The tables are read where the loader mapped them; a binary search in .eh_frame_hdr finds the row, its small program
// is run up to the program counter, and the resulting rule is cached by program counter. Only the frame address and
// the frame pointer are tracked: enough for everything compilers emit on x86-64 but functions that realign their
// stack through another register; there the chain ends and says so.
#pragma once
#include "base.h"
#include "modules.h"

struct unwind_cursor {
  uintptr_t pc, sp, fp;
  uintptr_t stack_end;  // the highest address of this thread's stack
};

struct unwind_step {
  int module;          // index, −1 unknown
  uintptr_t function;  // start of the function that holds pc by the tables, 0 unknown
};

// Says what cursor->pc is in, and moves the cursor to the caller. False when the caller cannot be found. The first
// pc is exact; those after it are return addresses. (signal)
bool unwind_step(struct unwind_cursor *cursor, const struct module_map *map, bool first, struct unwind_step *step);

// The extent [start, end) of the function at pc by the tables. False when there is none. (signal)
bool unwind_function(const struct module *module, uintptr_t pc, uintptr_t *start, uintptr_t *end);

// The distance from stack pointer to frame address at pc, 0 when it is not a constant. (signal)
uint32_t unwind_frame_size(const struct module *module, uintptr_t pc);

// Calls `visit` with the extent of every function in the module's tables.
void unwind_each_function(const struct module *module, void (*visit)(uintptr_t start, uintptr_t end, void *context),
                          void *context);
