// Reading .eh_frame where the loader mapped it: a binary search in .eh_frame_hdr finds the row of a function, and its
// small program is run up to a program counter.
#pragma once
#include "base.h"
#include "unwind/modules.h"

enum { RULE_SP = 1, RULE_FP = 2, RULE_END = 3 };  // 0: unknown

// How to find the caller from a program counter.
struct rule {
  uint8_t kind;           // the frame address is: register + offset
  uint32_t offset;        // bytes
  uint32_t fp_saved;      // bytes below the frame address where the frame pointer was saved, 0 = it was not
  uint32_t return_saved;  // the same for the return address, 0 = it is in its register
  uint32_t into;          // bytes from the function's start to the program counter
};

// The rule at pc; kind 0 when there is none. (signal)
struct rule eh_frame_rule(const struct module *module, uintptr_t pc);

// The extent [start, end) of the function at pc. False when there is none. (signal)
bool eh_frame_function(const struct module *module, uintptr_t pc, uintptr_t *start, uintptr_t *end);

// Calls `visit` with the extent of every function in the module's tables.
void eh_frame_each_function(const struct module *module, void (*visit)(uintptr_t start, uintptr_t end, void *context),
                            void *context);
