// The C library's allocation functions, interposed. Each does what the original does, and tells memory.c about blocks
// that are sampled. They run on the program's threads.
//
// The originals are the next ones in the program's search order: the C library's, or those of an allocator that the
// user preloads. Finding them may itself allocate: these few blocks come from a small store of our own.
#include <errno.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "memory/hooks.h"
#include "memory/memory.h"
#include "originals.h"

// ---- The originals ----

// Called until the originals are known. Each finds them and calls its own. When they are called while that goes on,
// malloc and calloc take from the store, and the others fail.
static void *first_malloc(size_t size);
static void *first_calloc(size_t count, size_t size);
static void *first_realloc(void *block, size_t size);
static void first_free(void *block);
static void *first_memalign(size_t alignment, size_t size);
static void *first_aligned_alloc(size_t alignment, size_t size);
static int first_posix_memalign(void **block, size_t alignment, size_t size);

static struct {
  void *(*malloc)(size_t);
  void *(*calloc)(size_t, size_t);
  void *(*realloc)(void *, size_t);
  void (*free)(void *);
  void *(*memalign)(size_t, size_t);
  void *(*aligned_alloc)(size_t, size_t);
  int (*posix_memalign)(void **, size_t, size_t);
  size_t (*usable_size)(void *);
} real = {
    .malloc = first_malloc,
    .calloc = first_calloc,
    .realloc = first_realloc,
    .free = first_free,
    .memalign = first_memalign,
    .aligned_alloc = first_aligned_alloc,
    .posix_memalign = first_posix_memalign,
};

static _Alignas(4096) char store[8192];
static size_t store_used;
static bool resolving;

static bool in_store(const void *block) {
  return (uintptr_t)block - (uintptr_t)store < sizeof store;
}

static void *store_take(size_t size) {
  if (size > sizeof store) return NULL;
  size = (size + 31) & ~(size_t)15;
  if (size > sizeof store - store_used) return NULL;
  char *block = store + store_used + 16;
  *(size_t *)(block - 16) = size - 16;
  store_used += size;
  return block;
}

void memory_filter_keep_store(void) {
  for (size_t at = 0; at < sizeof store; at += 1024) atomic_store(&memory_filter[memory_page(store + at)], UINT8_MAX);
}

const void *memory_allocator(void) {
  return real.malloc;
}

// Runs once, before the program has threads. False while it is running already.
static bool resolve(void) {
  if (resolving) return false;
  resolving = true;
  // Blocks of the store are freed like others, so the filter must let them through to `freed`.
  memory_filter_keep_store();
  void *malloc_ = original("malloc"), *calloc_ = original("calloc");
  void *realloc_ = original("realloc"), *free_ = original("free");
  void *memalign_ = original("memalign"), *aligned_ = original("aligned_alloc");
  void *posix_ = original("posix_memalign");
  real.usable_size = original("malloc_usable_size");
  real.calloc = calloc_;
  real.realloc = realloc_;
  real.memalign = memalign_;
  real.aligned_alloc = aligned_;
  real.posix_memalign = posix_;
  real.free = free_;
  real.malloc = malloc_;
  resolving = false;
  return true;
}

static void *first_malloc(size_t size) {
  return resolve() ? real.malloc(size) : store_take(size);
}
static void *first_calloc(size_t count, size_t size) {
  if (resolve()) return real.calloc(count, size);
  // The store is zeroed and gives no memory out twice.
  size_t bytes;
  return __builtin_mul_overflow(count, size, &bytes) ? NULL : store_take(bytes);
}
static void *first_realloc(void *block, size_t size) {
  return resolve() ? real.realloc(block, size) : NULL;
}
static void first_free(void *block) {
  if (resolve()) real.free(block);
}
static void *first_memalign(size_t alignment, size_t size) {
  return resolve() ? real.memalign(alignment, size) : NULL;
}
static void *first_aligned_alloc(size_t alignment, size_t size) {
  return resolve() ? real.aligned_alloc(alignment, size) : NULL;
}
static int first_posix_memalign(void **block, size_t alignment, size_t size) {
  return resolve() ? real.posix_memalign(block, alignment, size) : ENOMEM;
}

// ---- Sampling ----

// Not inlined, so that its callers need no stack frame.
static __attribute__((noinline)) void *allocated(void *block, size_t size, size_t grown) {
  struct memory_local *local = &memory_local;
  uint64_t period;
  local->counted = true;
  if (block && memory_wants(size, &period))
    memory_allocated(block, size, grown, period, local->python ? MEMORY_PYTHON : MEMORY_MALLOC);
  return block;
}

EXPORT void *malloc(size_t size) {
  if (LIKELY(!memory_counts(size))) return real.malloc(size);
  return allocated(real.malloc(size), size, size);
}

EXPORT void *calloc(size_t count, size_t size) {
  size_t bytes;
  if (__builtin_mul_overflow(count, size, &bytes) || LIKELY(!memory_counts(bytes))) return real.calloc(count, size);
  return allocated(real.calloc(count, size), bytes, bytes);
}

static __attribute__((noinline)) void *realloc_looked_at(void *block, size_t size, bool counts) {
  if (in_store(block)) {
    void *copy = malloc(size);
    size_t old = ((size_t *)block)[-1];
    if (copy) memcpy(copy, block, old < size ? old : size);
    return copy;
  }
  memory_local.counted |= counts;
  struct memory_token token;
  size_t old = memory_take(block, &token);
  if (memory_grows_little(&token, size)) {
    void *moved = real.realloc(block, size);
    memory_keep(moved ? moved : block, &token);
    return moved;
  }
  uint64_t period;
  bool sampled = counts && memory_wants(size, &period);
  if (!old) old = memory_local.old;
  memory_local.old = 0;
  // The allocator may make a block much larger than was asked for, and usable_size returns the larger size. So either
  // both sizes are from it, or none.
  bool usable = sampled && !old && real.usable_size;
  if (usable) old = real.usable_size(block);
  void *moved = real.realloc(block, size);
  size_t now = usable && moved ? real.usable_size(moved) : size;
  if (moved || size == 0)
    memory_release(&token);
  else
    memory_keep(block, &token);
  if (sampled && moved)
    memory_allocated(moved, size, now > old ? now - old : 0, period,
                     memory_local.python ? MEMORY_PYTHON : MEMORY_MALLOC);
  return moved;
}

EXPORT void *realloc(void *block, size_t size) {
  if (!block) return malloc(size);
  bool counts = memory_counts(size);
  if (LIKELY(!counts && !memory_may_know(block))) return real.realloc(block, size);
  return realloc_looked_at(block, size, counts);
}

EXPORT void *reallocarray(void *block, size_t count, size_t size) {
  size_t bytes;
  if (!__builtin_mul_overflow(count, size, &bytes)) return realloc(block, bytes);
  errno = ENOMEM;
  return NULL;
}

// True when the original must not free the block.
static __attribute__((noinline)) bool freed(void *block) {
  if (in_store(block)) return true;
  if (block) memory_freed(block);
  return false;
}

EXPORT void free(void *block) {
  if (memory_may_know(block) && freed(block)) return;
  real.free(block);
}

EXPORT void *memalign(size_t alignment, size_t size) {
  if (LIKELY(!memory_counts(size))) return real.memalign(alignment, size);
  return allocated(real.memalign(alignment, size), size, size);
}

EXPORT void *aligned_alloc(size_t alignment, size_t size) {
  if (LIKELY(!memory_counts(size))) return real.aligned_alloc(alignment, size);
  return allocated(real.aligned_alloc(alignment, size), size, size);
}

EXPORT int posix_memalign(void **block, size_t alignment, size_t size) {
  int error = real.posix_memalign(block, alignment, size);
  if (error == 0 && memory_counts(size)) allocated(*block, size, size);
  return error;
}

EXPORT void *valloc(size_t size) {
  return memalign((size_t)getpagesize(), size);
}

EXPORT void *pvalloc(size_t size) {
  size_t rest = (size_t)getpagesize() - 1, whole;
  if (!__builtin_add_overflow(size, rest, &whole)) return memalign(rest + 1, whole & ~rest);
  errno = ENOMEM;
  return NULL;
}
