// mmap, munmap and mremap, interposed: memory that the program gets from the kernel itself. They run on the program's
// threads. The C library's own mappings do not come here.
#include <errno.h>
#include <stdarg.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "memory/hooks_map.h"
#include "memory/hooks.h"
#include "memory/memory.h"
#include "memory/memory_mappings.h"
#include "memory/memory_python.h"
#include "originals.h"
#include "sandbox/sandbox.h"
#include "unwind/modules.h"

// The next functions in the program's search order. NULL until they are known, then the kernel is called: an allocator
// that the user preloads maps memory from its first call on.
static void *(*real_mmap)(void *, size_t, int, int, int, off_t);
static int (*real_munmap)(void *, size_t);
static void *(*real_mremap)(void *, size_t, size_t, int, ...);

// The code of the allocator. Its own mappings are left out, because what they hold is counted when it is allocated. Not
// even the table may be asked about them: the allocator may map and unmap while it holds its locks.
static uintptr_t allocator_start, allocator_end;

static bool is_allocator(const void *caller) {
  return (uintptr_t)caller - allocator_start < allocator_end - allocator_start;
}

void memory_map_begin(void) {
  modules_text((uintptr_t)memory_allocator(), &allocator_start, &allocator_end);
}

static bool is_memory(int protection, int flags) {
  return flags & MAP_ANONYMOUS && flags & MAP_PRIVATE && !(flags & MAP_STACK) && protection & PROT_WRITE;
}

static __attribute__((noinline)) void mapped(void *block, size_t size) {
  uint64_t period;
  if (memory_wants(size, &period)) memory_allocated(block, size, size, period, MEMORY_MAP);
}

static void *map(void *at, size_t size, int protection, int flags, int file, off_t offset, const void *caller) {
  if (flags & MAP_FIXED) modules_unmap(at, size);
  void *block = real_mmap ? real_mmap(at, size, protection, flags, file, offset)
                          : (void *)syscall(SYS_mmap, at, size, protection, flags, file, offset);
  // Arenas hold Python's small objects, which are counted one by one.
  if (block != MAP_FAILED && is_memory(protection, flags) && !is_allocator(caller) && !memory_is_arena(size, caller) &&
      memory_counts(size))
    mapped(block, size);
  return block;
}

EXPORT void *mmap(void *at, size_t size, int protection, int flags, int file, off_t offset) {
  return map(at, size, protection, flags, file, offset, __builtin_return_address(0));
}

EXPORT void *mmap64(void *at, size_t size, int protection, int flags, int file, off_t offset) {
  return map(at, size, protection, flags, file, offset, __builtin_return_address(0));
}

static int unmap(void *block, size_t size) {
  modules_unmap(block, size);
  return real_munmap ? real_munmap(block, size) : (int)syscall(SYS_munmap, block, size);
}

// In a mapping of more pages than this, only evenly spaced windows of WINDOW pages are looked at.
#define PAGES_LOOKED_AT (64u * 1024u)
#define WINDOW 1024u

// Returns how many bytes of a mapping are in memory, or TOUCHED_UNKNOWN. Called just before it is unmapped, because the
// watcher may have looked too long ago, or never.
static uint64_t resident(void *block, size_t size) {
  if (size < MAPPING_LOOKED_AT || !sandbox_allows(SANDBOX_RESIDENT)) return TOUCHED_UNKNOWN;
  int error = errno;
  size_t page = (size_t)getpagesize(), pages = (size + page - 1) / page;
  size_t step = (pages + PAGES_LOOKED_AT - 1) / PAGES_LOOKED_AT, examined = 0, found = 0;
  unsigned char here[WINDOW];
  for (size_t at = 0; at < pages; at += WINDOW * step) {
    size_t wanted = pages - at < WINDOW ? pages - at : WINDOW;
    if (mincore((char *)block + at * page, wanted * page, here) != 0) break;
    examined += wanted;
    for (size_t i = 0; i < wanted; i++) found += here[i] & 1;
  }
  errno = error;
  return examined ? (uint64_t)((double)found / (double)examined * (double)size) : TOUCHED_UNKNOWN;
}

static __attribute__((noinline)) int munmap_looked_at(void *block, size_t size) {
  struct memory_token token;
  size_t known = memory_take(block, &token);
  if (known && size >= known) token.touched = resident(block, known);
  int result = unmap(block, size);
  if (result != 0) {
    memory_keep(block, &token);
  } else if (size >= known) {
    memory_release(&token);
  } else {
    // Only the beginning was unmapped, in whole pages. The rest stays in the table under its new address.
    size_t page = (size_t)getpagesize(), gone = (size + page - 1) & ~(page - 1);
    token.size = known - gone;
    if (gone < known) memory_keep((char *)block + gone, &token);
  }
  return result;
}

EXPORT int munmap(void *block, size_t size) {
  if (memory_may_know(block) && !is_allocator(__builtin_return_address(0))) return munmap_looked_at(block, size);
  return unmap(block, size);
}

static void *remap(void *block, size_t old, size_t size, int flags, void *wanted) {
  modules_unmap(block, old);
  if (flags & MREMAP_FIXED) modules_unmap(wanted, size);
  return real_mremap ? real_mremap(block, old, size, flags, wanted)
                     : (void *)syscall(SYS_mremap, block, old, size, flags, wanted);
}

static __attribute__((noinline)) void *mremap_looked_at(void *block, size_t old, size_t size, int flags, void *wanted) {
  struct memory_token token;
  size_t known = memory_take(block, &token);
  if (known) token.touched = resident(block, known);
  void *moved = remap(block, old, size, flags, wanted);
  if (moved == MAP_FAILED) {
    memory_keep(block, &token);
    return moved;
  }
  memory_release(&token);
  uint64_t period;
  // Only mappings that were sampled as memory: a mapped file may be moved, too.
  if (known && memory_wants(size, &period))
    memory_allocated(moved, size, size > known ? size - known : 0, period, MEMORY_MAP);
  return moved;
}

EXPORT void *mremap(void *block, size_t old, size_t size, int flags, ...) {
  va_list more;
  va_start(more, flags);
  // Without these flags the kernel ignores the argument.
  void *wanted = flags & ~MREMAP_MAYMOVE ? va_arg(more, void *) : NULL;
  va_end(more);
  if (memory_may_know(block) && !is_allocator(__builtin_return_address(0)))
    return mremap_looked_at(block, old, size, flags, wanted);
  return remap(block, old, size, flags, wanted);
}

__attribute__((constructor(101))) static void originals_find(void) {
  real_munmap = original("munmap");
  real_mremap = original("mremap");
  real_mmap = original("mmap");
}
