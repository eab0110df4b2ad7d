// Reads unwind tables (.eh_frame) from memory. A binary search in .eh_frame_hdr finds the description of a function, a
// small program that is run up to a program counter (cfi.h). Functions with (signal) also run in handlers.
#pragma once
#include "base.h"
#include "unwind/modules.h"

// The base of the frame address: the stack pointer or the frame pointer. RULE_END: there is no caller. 0: not known.
enum { RULE_SP = 1, RULE_FP = 2, RULE_END = 3 };

// How to find the caller's frame from a program counter.
struct rule {
  uint8_t kind;           // the base; frame address = base + offset
  uint32_t offset;        // bytes
  uint32_t fp_saved;      // the frame pointer was saved this many bytes below the frame address, 0: it was not
  uint32_t return_saved;  // the same for the return address, 0: it is in its register
  uint32_t into;          // bytes from the start of the function to the program counter
};

// Returns the rule at pc; its kind is 0 when there is none. (signal)
struct rule eh_frame_rule(const struct module *module, uintptr_t pc);

// Sets the range of the function at pc, from `start` up to but not including `end`. False when there is none. (signal)
bool eh_frame_function(const struct module *module, uintptr_t pc, uintptr_t *start, uintptr_t *end);

// Calls `visit` for every function in the module's tables, with its range.
void eh_frame_each_function(const struct module *module, void (*visit)(uintptr_t start, uintptr_t end, void *context),
                            void *context);
