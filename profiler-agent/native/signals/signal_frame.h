// What the kernel puts on the stack for a handler, and how to put it elsewhere.
#pragma once
#include <signal.h>
#include <ucontext.h>

#include "base.h"

// A signal on its way to a handler. The order is that of handlers_entry, which fills it, and continues with what is in
// it then: calls `handler` as if the kernel had, or returns from the signal when there is none.
struct arrival {
  sighandler_t handler;
  uintptr_t stack;
  ucontext_t *context;
  siginfo_t *info;
  uintptr_t number;
  uintptr_t link, frame_pointer;  // arm64 only
};

// The kernel calls this in place of a handler.
void handlers_entry(int number, siginfo_t *info, void *context) __attribute__((visibility("hidden")));

// Where the interrupted code has its stack pointer.
uintptr_t arrival__interrupted(const struct arrival *self);
// Was it the kernel that called? Some other handler may have called ours as a function.
bool arrival__has_frame(const struct arrival *self);
// Moves what the kernel has put on the stack to below `top`, where it would have put it had its stack been there. False
// when it does not fit above `limit`, or there is no memory.
bool arrival__move(struct arrival *self, uintptr_t top, uintptr_t limit);
