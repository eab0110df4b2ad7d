// memcpy and memmove, interposed to know how many bytes a line copies. They run on the program's threads. Copies for
// which the compiler emits code in place do not come here.
#include <string.h>

#include "memory/memory.h"
#include "originals.h"

// Used by the loader until the original is known. `volatile` keeps compilers from making this a call of memmove.
static void *move_slowly(void *to, const void *from, size_t size) {
  volatile char *target = to;
  const volatile char *source = from;
  if (target < source || target >= source + size) {
    for (size_t i = 0; i < size; i++) target[i] = source[i];
  } else {
    while (size--) target[size] = source[size];
  }
  return to;
}

// Serves both functions. Every version of memcpy that a program asks for is bound to ours, and programs built for an
// old C library may rely on its first memcpy, which also moved overlapping bytes. glibc's own code for that old version
// is its slowest, for any processor. Its memmove is made for this processor, and is the same code as its new memcpy.
static void *(*real_memmove)(void *, const void *, size_t) = move_slowly;

// True when the thread has copied enough bytes for its next sample. Nearly always both functions are a test and a jump
// to the original.
INLINE bool counts(size_t size) {
  struct memory_local *local = &memory_local;
  if (UNLIKELY(size >= local->copies)) return true;
  local->copies -= size;
  return false;
}

static __attribute__((noinline)) void *move_looked_at(void *to, const void *from, size_t size) {
  memory_copied(size);
  return real_memmove(to, from, size);
}

EXPORT FRAMELESS void *hooked_memcpy(void *restrict to, const void *restrict from, size_t size) __asm__("memcpy");
EXPORT FRAMELESS void *hooked_memmove(void *to, const void *from, size_t size) __asm__("memmove");

void *hooked_memcpy(void *restrict to, const void *restrict from, size_t size) {
  if (UNLIKELY(counts(size))) return move_looked_at(to, from, size);
  return real_memmove(to, from, size);
}

void *hooked_memmove(void *to, const void *from, size_t size) {
  if (UNLIKELY(counts(size))) return move_looked_at(to, from, size);
  return real_memmove(to, from, size);
}

// For calls from the agent itself (glibc.h): these are not counted.
FRAMELESS void *memcpy(void *restrict to, const void *restrict from, size_t size) {
  return real_memmove(to, from, size);
}

FRAMELESS void *memmove(void *to, const void *from, size_t size) {
  return real_memmove(to, from, size);
}

__attribute__((constructor(101))) static void original_find(void) {
  real_memmove = original("memmove");
}
