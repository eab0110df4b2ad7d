// The stack on which our handler runs, one for each sampled thread.
//
// Compiled code may point the stack pointer at data of its own, so our handler must not run on the interrupted stack.
// The kernel knows one alternate stack for each thread, and that is ours. The program's own alternate stack is
// remembered and returned when it asks, and its handlers that want it run where they would run without us (handlers.c).
#pragma once
#include <signal.h>

#include "base.h"

// Returns the bytes to allocate for one, including a guard page in front.
size_t signal_stack_size(void);
// Makes the first page at `memory` a guard page.
void signal_stack_protect(void *memory);
// Gives the calling thread this stack, or takes it away. (program's threads)
void signal_stack_begin(void *memory);
void signal_stack_end(void);
// True when an address is on the calling thread's stack of ours. (signal)
bool signal_stack_holds(uintptr_t address);
// Called in our handler with the kernel's alternate stack: true when there is room to continue. The program may have
// set a small one by its own system call. (signal)
bool signal_stack_has_room(const stack_t *kernels);
// For a handler that wants an alternate stack: returns the address below which it would have had its frame without us,
// when the interrupted stack pointer was this. *limit: the lowest address of that stack. (signal)
uintptr_t signal_stack_of_program(uintptr_t interrupted, uintptr_t *limit);
