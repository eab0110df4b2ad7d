// memcpy and memmove, to know how much a line moves about. What a compiler writes out in place does not pass here.
#include <string.h>

#include "memory/memory.h"
#include "originals.h"

// Until the originals are known, in the loader. Written so that no compiler makes a call of it.
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

// For both functions. Programs made for an old C library may count on its first memcpy, which also moves what overlaps,
// and whichever version a program asks for, it finds ours. Asked for by its old name, glibc gives the slowest of its
// variants, one for every processor; its memmove is the one for this processor, and the same code as its memcpy.
static void *(*real_memmove)(void *, const void *, size_t) = move_slowly;

// True when the thread has copied enough for its next sample. Nearly always both functions are a test and a jump to the
// original.
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

// The agent's own (glibc.h).
FRAMELESS void *memcpy(void *restrict to, const void *restrict from, size_t size) {
  return real_memmove(to, from, size);
}

FRAMELESS void *memmove(void *to, const void *from, size_t size) {
  return real_memmove(to, from, size);
}

__attribute__((constructor(101))) static void find(void) {
  real_memmove = original("memmove");
}
