// Memory that the program gets from the kernel itself. The C library's own mappings do not pass here.
#include <stdarg.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "memory.h"
#include "memory_python.h"

static bool is_memory(int protection, int flags) {
  return flags & MAP_ANONYMOUS && flags & MAP_PRIVATE && !(flags & MAP_STACK) && protection & PROT_WRITE;
}

static __attribute__((noinline)) void mapped(void *block, size_t size) {
  uint64_t period;
  if (memory_wants(size, &period)) memory_allocated(block, size, size, period, MEMORY_MAP);
}

static void *map(void *at, size_t size, int protection, int flags, int file, off_t offset, const void *caller) {
  void *block = (void *)syscall(SYS_mmap, at, size, protection, flags, file, offset);
  // Arenas hold Python's small objects, which are counted one by one.
  if (block != MAP_FAILED && is_memory(protection, flags) && !memory_is_arena(size, caller) && memory_counts(size))
    mapped(block, size);
  return block;
}

EXPORT void *mmap(void *at, size_t size, int protection, int flags, int file, off_t offset) {
  return map(at, size, protection, flags, file, offset, __builtin_return_address(0));
}

EXPORT void *mmap64(void *at, size_t size, int protection, int flags, int file, off_t offset) {
  return map(at, size, protection, flags, file, offset, __builtin_return_address(0));
}

static __attribute__((noinline)) int munmap_looked_at(void *block, size_t size) {
  struct memory_token token;
  size_t known = memory_take(block, &token);
  int result = (int)syscall(SYS_munmap, block, size);
  if (result != 0) {
    memory_keep(block, &token);
  } else if (size >= known) {
    memory_release(&token);
  } else {
    // Its beginning only: what is left goes on under the address where it begins now.
    token.size = known - size;
    memory_keep((char *)block + size, &token);
  }
  return result;
}

EXPORT int munmap(void *block, size_t size) {
  if (memory_may_know(block)) return munmap_looked_at(block, size);
  return (int)syscall(SYS_munmap, block, size);
}

EXPORT void *mremap(void *block, size_t old, size_t size, int flags, ...) {
  va_list more;
  va_start(more, flags);
  void *wanted = flags & MREMAP_FIXED ? va_arg(more, void *) : NULL;
  va_end(more);
  struct memory_token token;
  size_t known = memory_take(block, &token);
  void *moved = (void *)syscall(SYS_mremap, block, old, size, flags, wanted);
  if (moved == MAP_FAILED) {
    memory_keep(block, &token);
    return moved;
  }
  memory_release(&token);
  uint64_t period;
  // Only what was seen to be memory in the first place: a mapped file may be moved, too.
  if (known && memory_wants(size, &period))
    memory_allocated(moved, size, size > known ? size - known : 0, period, MEMORY_MAP);
  return moved;
}
