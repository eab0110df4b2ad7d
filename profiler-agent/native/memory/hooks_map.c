// Memory that the program gets from the kernel itself. The C library's own mappings do not pass here.
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

// Whatever comes next in the program's search order. The kernel itself, until that is known: an allocator that the user
// preloads comes here from its first call on.
static void *(*real_mmap)(void *, size_t, int, int, int, off_t);
static int (*real_munmap)(void *, size_t);
static void *(*real_mremap)(void *, size_t, size_t, int, ...);

// An allocator's own mappings hold what its callers allocate, which is counted there. It may make them, or give them
// back, with locks of its own: not even the table is asked then.
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

// A mapping of more pages than this is looked at in windows of WINDOW, evenly spaced.
#define PAGES_LOOKED_AT (64u * 1024u)
#define WINDOW 1024u

// How many bytes of a mapping are in memory, or TOUCHED_UNKNOWN. The watcher may have looked long ago, or not yet.
static uint64_t resident(void *block, size_t size) {
  if (size < MAPPING_LOOKED_AT || !sandbox_allows(SANDBOX_RESIDENT)) return TOUCHED_UNKNOWN;
  int error = errno;
  size_t page = (size_t)getpagesize(), pages = (size + page - 1) / page;
  size_t step = (pages + PAGES_LOOKED_AT - 1) / PAGES_LOOKED_AT, seen = 0, found = 0;
  unsigned char here[WINDOW];
  for (size_t at = 0; at < pages; at += WINDOW * step) {
    size_t wanted = pages - at < WINDOW ? pages - at : WINDOW;
    if (mincore((char *)block + at * page, wanted * page, here) != 0) break;
    seen += wanted;
    for (size_t i = 0; i < wanted; i++) found += here[i] & 1;
  }
  errno = error;
  return seen ? (uint64_t)((double)found / (double)seen * (double)size) : TOUCHED_UNKNOWN;
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
    // Its beginning only, in whole pages: what is left goes on under the address where it begins now.
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
  // Only what was seen to be memory in the first place: a mapped file may be moved, too.
  if (known && memory_wants(size, &period))
    memory_allocated(moved, size, size > known ? size - known : 0, period, MEMORY_MAP);
  return moved;
}

EXPORT void *mremap(void *block, size_t old, size_t size, int flags, ...) {
  va_list more;
  va_start(more, flags);
  // Where these are not set the kernel does not look at it.
  void *wanted = flags & ~MREMAP_MAYMOVE ? va_arg(more, void *) : NULL;
  va_end(more);
  if (memory_may_know(block) && !is_allocator(__builtin_return_address(0)))
    return mremap_looked_at(block, old, size, flags, wanted);
  return remap(block, old, size, flags, wanted);
}

__attribute__((constructor(101))) static void find(void) {
  real_munmap = original("munmap");
  real_mremap = original("mremap");
  real_mmap = original("mmap");
}
