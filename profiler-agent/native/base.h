// Small helpers that all parts of the agent share, and the marks that tell which thread runs a function.
//
// "(signal)": the sampling handler may run it, on a thread of the program. It allocates nothing, takes no lock, uses no
// stdio and no thread-local that is allocated on first use, and preserves errno. "(watcher)": only the watcher runs it,
// the agent's own thread (watcher.h). "(program's threads)": interposed functions and what they call. "(any thread)":
// all of these. "A recording begins": called once for each recording, before the watcher runs, by the thread that
// starts the watcher.
#pragma once
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#define LIKELY(x) __builtin_expect(!!(x), 1)
#define UNLIKELY(x) __builtin_expect(!!(x), 0)
#define INLINE static inline __attribute__((always_inline))
// A thread-local must not be allocated on first use, because that may be in a signal handler.
#define THREAD_LOCAL static __thread __attribute__((tls_model("initial-exec")))
// For functions that nearly always just jump to another one: without a stack frame, in one cache line.
#ifdef __clang__
#define FRAMELESS __attribute__((aligned(64)))
#else
#define FRAMELESS __attribute__((optimize("omit-frame-pointer"), aligned(64)))
#endif
// For interposed functions, the only symbols that the library exports.
#define EXPORT __attribute__((visibility("default")))

#define NS_PER_SECOND 1000000000ull

// Reads a clock in ns. 0 when that fails.
INLINE uint64_t clock_ns(clockid_t clock) {
  struct timespec now;
  if (clock_gettime(clock, &now) != 0) return 0;
  return (uint64_t)now.tv_sec * NS_PER_SECOND + (uint64_t)now.tv_nsec;
}

// Addresses of user space are below this on every processor; the bits above may be used as marks.
#define ADDRESS_LIMIT ((uintptr_t)1 << 56)

// True for an address of user space that is aligned to 8 bytes.
INLINE bool is_plausible(uintptr_t pointer) {
  return pointer >= 4096 && (pointer & 7) == 0 && pointer < ADDRESS_LIMIT;
}

// The CPU clock of a thread of this process, by the kernel's id. (The encoding is part of the kernel's ABI;
// pthread_getcpuclockid computes the same.)
INLINE clockid_t thread_clock(int tid) {
  return (clockid_t)((~(unsigned)tid << 3) | 6u);
}

// How the kernel divides a thread's CPU time, in ns: it counts the length of each tick as a whole, as user or system
// time, by the mode in which the tick found the thread. getrusage returns the same counts scaled to the exact clock,
// but the scaling would move time from one sample to another.
struct ticks {
  uint64_t user, system;
};

// The ticks of the calling thread, from the clocks behind ITIMER_VIRTUAL and ITIMER_PROF. (Their encoding is part of
// the kernel's ABI.) (signal)
INLINE struct ticks ticks_now(void) {
  uint64_t user = clock_ns((clockid_t)(~0u << 3 | 5u)), both = clock_ns((clockid_t)(~0u << 3 | 4u));
  return (struct ticks){user, both - user};
}

// Returns the time between two of the kernel's ticks, in ns. (any thread)
uint64_t tick_ns(void);

// Mixes the bits of a number, so that any of them can serve as a hash.
INLINE uint64_t mix64(uint64_t x) {
  x ^= x >> 32;
  x *= 0xd6e8feb86659fd93ull;
  x ^= x >> 32;
  x *= 0xd6e8feb86659fd93ull;
  x ^= x >> 32;
  return x;
}

// Returns the distance to the next of many independent events, one in each unit on average: an exponentially
// distributed number. Changes *state. (any thread)
double random_distance(uint64_t *state);
// Returns zeroed pages from the kernel, not from the program's malloc. NULL when there are none. (any thread)
void *pages_alloc(size_t size);
void pages_free(void *memory, size_t size);
// Copies memory of this process without crashing where it is unmapped. False when a part cannot be read. (any thread)
bool memory_read(uintptr_t address, void *into, size_t size);
