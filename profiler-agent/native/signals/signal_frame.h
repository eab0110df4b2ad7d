// The frame that the kernel puts on the stack for a handler, and how to move it elsewhere. All functions run in signal
// handlers.
#pragma once
#include <signal.h>
#include <ucontext.h>

#include "base.h"

// A signal on its way to a handler, in the order in which handlers_entry stores it. Afterwards handlers_entry continues
// with these values: it calls `handler` as the kernel would, or returns from the signal when that is NULL.
struct arrival {
  sighandler_t handler;  // the program's handler
  uintptr_t stack;       // the stack pointer with which the kernel called
  ucontext_t *context;
  siginfo_t *info;
  uintptr_t number;
  uintptr_t link, frame_pointer;  // arm64 only
};

// What the kernel calls instead of the program's handler.
void handlers_entry(int number, siginfo_t *info, void *context) __attribute__((visibility("hidden")));

// Returns the lowest address that the interrupted code uses on its stack.
uintptr_t arrival__interrupted(const struct arrival *arrival);
// True when the kernel called. Otherwise some other handler called ours as a function.
bool arrival__has_frame(const struct arrival *arrival);
// Moves the kernel's frame below `top`, to where the kernel would have put it. False when it would reach below `limit`,
// or when the memory cannot be written.
bool arrival__move(struct arrival *arrival, uintptr_t top, uintptr_t limit);
