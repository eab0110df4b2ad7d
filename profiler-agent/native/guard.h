// Copies that may meet memory that is not there.
//
// The program frees its memory whenever it likes, and whoever may shorten a file that is mapped takes its pages away. A
// copy that meets such a place fails, and nothing else happens: its fault is recovered by where it happened
// (handlers.c has the handlers of SIGSEGV and SIGBUS). As long as nothing goes wrong this costs what memcpy costs.
#pragma once
#include <signal.h>
#include <ucontext.h>

#include "base.h"

// The copy itself, and whether its faults are recovered.
bool guard_copy(void *to, const void *from, size_t size) __attribute__((visibility("hidden")));
extern _Atomic bool guard_is_active __attribute__((visibility("hidden")));

// True when all of it could be read. Aligned words are read whole. (signal, watcher)
INLINE bool guarded_read(uintptr_t from, void *into, size_t size) {
  if (LIKELY(atomic_load_explicit(&guard_is_active, memory_order_relaxed)))
    return guard_copy(into, (const void *)from, size);
  return memory_read(from, into, size);
}
// The same for what is only guessed to be there: it is no loss where it is not. (watcher)
bool guessed_read(uintptr_t from, void *into, size_t size);
// True when all of it could be written. (signal, watcher)
bool guarded_write(void *to, const void *from, size_t size);
// Are faults recovered without a system call? If not, the copies above ask the kernel to make them, which costs
// hundreds of times as much. (signal)
bool guard_active(void);
void guard_use(bool active);
// Was it one of these copies that faulted? Then the context goes on where the copy has failed. (signal)
bool guard_recover(const siginfo_t *info, ucontext_t *context);
// How many faults were recovered in this process so far.
uint64_t guard_recovered(void);
// In a forked child.
void guard_after_fork(void);
