// The stack that our handler runs on, one for each thread that is sampled.
//
// Compiled code may keep the stack pointer in memory of its own, which nobody may write to: so no handler of ours runs
// there. The kernel knows one alternate stack for a thread, and that is ours; what the program says about its own is
// remembered and told back, and its handlers that ask for it run where they would run without us (handlers.c).
#pragma once
#include <signal.h>

#include "base.h"

// Bytes to allocate for one, with a page in front that nobody may touch.
size_t signal_stack_size(void);
// Makes that page so. The kernel's pages begin at `memory`.
void signal_stack_protect(void *memory);
// The calling thread gets it, and gives it up.
void signal_stack_begin(void *memory);
void signal_stack_end(void);
// Is an address on the calling thread's? (signal)
bool signal_stack_holds(uintptr_t address);
// In our handler, with the alternate stack that the kernel has: may it go on? The program may have set one of its own
// without asking the C library, and a small one. (signal)
bool signal_stack_has_room(const stack_t *kernels);
// From where down, and how far, a handler that asks for an alternate stack would have had its frame, had it interrupted
// the calling thread at this stack pointer. (signal)
uintptr_t signal_stack_of_program(uintptr_t interrupted, uintptr_t *limit);
