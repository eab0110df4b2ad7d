// What every part of the agent shares: small helpers, and the rules of the house.
//
// Code marked "signal" in its comment runs inside the sampling handler: no malloc, no locks, no stdio, no lazily
// allocated thread-locals, errno preserved. Code marked "watcher" runs on the watcher thread only.
#pragma once
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#define LIKELY(x) __builtin_expect(!!(x), 1)
#define UNLIKELY(x) __builtin_expect(!!(x), 0)
#define INLINE static inline __attribute__((always_inline))
// Thread-locals must not be allocated on first use: the first use may be in a signal handler.
#define THREAD_LOCAL static __thread __attribute__((tls_model("initial-exec")))
// For functions that do nothing, nearly always, but jump on to another one: in one cache line each.
#ifdef __clang__
#define FRAMELESS __attribute__((aligned(64)))
#else
#define FRAMELESS __attribute__((optimize("omit-frame-pointer"), aligned(64)))
#endif
// The only symbols the library shows: the functions it interposes.
#define EXPORT __attribute__((visibility("default")))

#define NS_PER_SECOND 1000000000ull

INLINE uint64_t clock_ns(clockid_t clock) {
  struct timespec now;
  if (clock_gettime(clock, &now) != 0) return 0;
  return (uint64_t)now.tv_sec * NS_PER_SECOND + (uint64_t)now.tv_nsec;
}

// Addresses of a program are below this on every processor: the bits above are free for marks.
#define ADDRESS_LIMIT ((uintptr_t)1 << 56)

// Aligned, and an address of user space.
INLINE bool is_plausible(uintptr_t pointer) {
  return pointer >= 4096 && (pointer & 7) == 0 && pointer < ADDRESS_LIMIT;
}

// The CPU clock of any thread of this process, from its kernel id (the encoding is the kernel's ABI, and what
// pthread_getcpuclockid computes).
INLINE clockid_t thread_clock(int tid) {
  return (clockid_t)((~(unsigned)tid << 3) | 6u);
}

// How a thread's CPU time divides, ns, as the kernel counts it: a whole tick for whichever mode the tick met. rusage
// reports the same counts, but scaled so that they add up to the exact clock; the scaling moves time between samples.
struct ticks {
  uint64_t user, system;
};

// The calling thread's, from the clocks behind ITIMER_VIRTUAL and ITIMER_PROF (the encoding is the kernel's ABI).
// (signal)
INLINE struct ticks ticks_now(void) {
  uint64_t user = clock_ns((clockid_t)(~0u << 3 | 5u)), both = clock_ns((clockid_t)(~0u << 3 | 4u));
  return (struct ticks){user, both - user};
}

// Time between two of the kernel's ticks, ns.
uint64_t tick_ns(void);

INLINE uint64_t mix64(uint64_t x) {
  x ^= x >> 32;
  x *= 0xd6e8feb86659fd93ull;
  x ^= x >> 32;
  x *= 0xd6e8feb86659fd93ull;
  x ^= x >> 32;
  return x;
}

// A random distance between events that come once in a unit on average and know nothing of each other (exponentially
// distributed), from a state that it changes.
double random_distance(uint64_t *state);
// Zeroed pages from the kernel, never the program's malloc. NULL when there are none.
void *pages_alloc(size_t size);
void pages_free(void *memory, size_t size);
// Copies from this process's memory without ever faulting. True when all of it could be read.
bool memory_read(uintptr_t address, void *into, size_t size);
