// memcpy and memmove, to know how much a line moves about. What a compiler writes out in place does not pass here.
#include <dlfcn.h>
#include <string.h>

#include "memory.h"

static void *(*real_memcpy)(void *, const void *, size_t);
static void *(*real_memmove)(void *, const void *, size_t);

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

INLINE void count(size_t size) {
  if (LIKELY(size < memory_local.copies))
    memory_local.copies -= size;
  else
    memory_copied(size);
}

EXPORT void *memcpy(void *restrict to, const void *restrict from, size_t size) {
  count(size);
  return LIKELY(real_memcpy != NULL) ? real_memcpy(to, from, size) : move_slowly(to, from, size);
}

EXPORT void *memmove(void *to, const void *from, size_t size) {
  count(size);
  return LIKELY(real_memmove != NULL) ? real_memmove(to, from, size) : move_slowly(to, from, size);
}

__attribute__((constructor(101))) static void find(void) {
  // Programs made for an old C library may count on its first memcpy, which also moves what overlaps. Whichever version
  // a program asks for, it finds ours: so ours is that one, which costs no more.
  real_memcpy = dlvsym(RTLD_NEXT, "memcpy", "GLIBC_2.2.5");
  if (!real_memcpy) real_memcpy = dlsym(RTLD_NEXT, "memcpy");
  real_memmove = dlsym(RTLD_NEXT, "memmove");
}
