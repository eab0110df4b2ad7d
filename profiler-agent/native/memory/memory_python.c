#include "memory/memory_python.h"

#include <errno.h>
#include <string.h>

#include "cpython/selftest.h"
#include "memory/memory.h"
#include "unwind/modules.h"

// PyMemAllocatorEx and PyMemAllocatorDomain of Include/cpython/pymem.h.
struct allocator {
  void *context;
  void *(*malloc)(void *context, size_t size);
  void *(*calloc)(void *context, size_t count, size_t size);
  void *(*realloc)(void *context, void *block, size_t size);
  void (*free)(void *context, void *block);
};
enum { DOMAIN_MEM = 1, DOMAIN_OBJ = 2, DOMAINS };

// What lies below one layer of ours, in one cache line.
struct domain {
  struct allocator original;
  size_t small;  // blocks up to this size do not come from malloc
} __attribute__((aligned(64)));

// pymalloc serves requests up to this size itself, even with what a debugging layer adds.
#define PYMALLOC_SMALL 448

static __attribute__((noinline)) void note(void *block, size_t size, size_t grown) {
  uint64_t period;
  memory_local.reached = true;
  if (block && memory_wants(size, &period)) memory_allocated(block, size, grown, period, MEMORY_PYTHON);
}

// Larger blocks usually come from malloc, whose hook counts them as Python's. Those that did not are counted here.
static uint64_t ask_begin(void) {
  memory_local.python = true;
  memory_local.counted = false;
  return memory_local.room;
}
static void ask_end(uint64_t room, void *block, size_t size, size_t grown) {
  memory_local.python = false;
  memory_local.reached = true;
  if (block && !memory_local.counted && memory_local.room == room && memory_counts(size)) note(block, size, grown);
}

static __attribute__((noinline)) void *malloc_looked_at(struct domain *domain, size_t size) {
  if (UNLIKELY(size > domain->small)) {
    uint64_t room = ask_begin();
    void *block = domain->original.malloc(domain->original.context, size);
    ask_end(room, block, size, size);
    return block;
  }
  void *block = domain->original.malloc(domain->original.context, size);
  if (UNLIKELY(memory_counts(size))) note(block, size, size);
  return block;
}

// Programs that create millions of small objects a second call this and python_free for each. Nearly always these are a
// test and a jump to the original, without a stack frame of their own.
static FRAMELESS void *python_malloc(void *context, size_t size) {
  struct domain *domain = context;
  if (UNLIKELY(size > domain->small || memory_counts(size))) return malloc_looked_at(domain, size);
  return domain->original.malloc(domain->original.context, size);
}

static void *python_calloc(void *context, size_t count, size_t size) {
  struct domain *domain = context;
  size_t bytes;
  if (__builtin_mul_overflow(count, size, &bytes)) bytes = SIZE_MAX;
  if (UNLIKELY(bytes > domain->small)) {
    uint64_t room = ask_begin();
    void *block = domain->original.calloc(domain->original.context, count, size);
    ask_end(room, block, bytes, bytes);
    return block;
  }
  void *block = domain->original.calloc(domain->original.context, count, size);
  if (UNLIKELY(memory_counts(bytes))) note(block, bytes, bytes);
  return block;
}

static __attribute__((noinline)) void *realloc_looked_at(struct domain *domain, void *block, size_t size) {
  struct memory_token token = {0};
  size_t old = block && memory_may_know(block) ? memory_take(block, &token) : 0;
  if (UNLIKELY(memory_grows_little(&token, size))) {
    memory_local.inside = true;
    void *moved = domain->original.realloc(domain->original.context, block, size);
    memory_local.inside = false;
    memory_keep(moved ? moved : block, &token);
    return moved;
  }
  bool small = size <= domain->small;
  uint64_t room = small ? 0 : ask_begin();
  memory_local.old = small ? 0 : old;
  void *moved = domain->original.realloc(domain->original.context, block, size);
  memory_local.old = 0;
  // Only the allocator knows the size that a small block had: a block that did not move counts as not grown.
  size_t grown = old ? (size > old ? size - old : 0) : moved == block ? 0 : size;
  if (moved)
    memory_release(&token);
  else
    memory_keep(block, &token);
  if (!small)
    ask_end(room, moved, size, grown);
  else if (UNLIKELY(memory_counts(size)))
    note(moved, size, grown);
  return moved;
}

static FRAMELESS void *python_realloc(void *context, void *block, size_t size) {
  struct domain *domain = context;
  // NULL also has a byte in the filter; when it is set, this only takes longer.
  if (UNLIKELY(size > domain->small || memory_may_know(block) || memory_counts(size)))
    return realloc_looked_at(domain, block, size);
  return domain->original.realloc(domain->original.context, block, size);
}

static __attribute__((noinline)) void free_looked_at(struct domain *domain, void *block) {
  if (block) memory_freed(block);
  domain->original.free(domain->original.context, block);
}

static FRAMELESS void python_free(void *context, void *block) {
  struct domain *domain = context;
  if (memory_may_know(block)) return free_looked_at(domain, block);
  domain->original.free(domain->original.context, block);
}

// ---- Our place in the chain of allocators ----

// Others may put layers on top of ours and remove them. One that was there before ours may be removed, too:
// tracemalloc, when it stops, puts back the allocator that it found, and ours is gone from the chain. A layer of ours
// may still be called then, so what lies below it must never change: each allocator on which we put a layer gets a
// layer of its own.
#define LAYERS 16
static struct domain layers[DOMAINS][LAYERS];
// By domain: the function on top of the chain when our layer was last known to be in it.
static void *(*_Atomic settled[DOMAINS])(void *, size_t);

static const struct interpreter *python;
static void (*get)(int, struct allocator *);
static void (*set)(int, struct allocator *);
static _Atomic bool asked;
static uintptr_t text_start, text_end;

#define PLENTY (1u << 20)

// Allocates and frees a small block, and returns in *remaining how much of `room` that left. False when there is no
// block.
static bool block_try(const struct allocator *top, size_t size, uint64_t room, uint64_t *remaining) {
  memory_local.room = room;
  void *block = top->malloc(top->context, size);
  *remaining = memory_local.room;
  if (block) top->free(top->context, block);
  return block;
}

// Finds out whether our layer is in the chain, and whether the chain asks malloc for small blocks, as with
// PYTHONMALLOC=malloc: then `room` falls by the size of the block. Other requests made at the same time do not depend
// on that size, so two sizes are compared. False when that is not known now.
static bool probe(const struct allocator *top, bool *ours, bool *asks) {
  struct memory_local *local = &memory_local;
  uint64_t room = local->room, remaining, small, large;
  local->inside = true;
  local->reached = false;
  // Without room, our layer calls memory_counts, which sets `reached`.
  bool known = block_try(top, 16, 0, &remaining);
  *ours = local->reached;
  known = known && block_try(top, 16, PLENTY, &small) && block_try(top, PYMALLOC_SMALL, PLENTY, &large);
  *asks = known && small - large == PYMALLOC_SMALL - 16;
  local->room = room;
  local->inside = false;
  return known;
}

static struct domain *layer_on(int domain, const struct allocator *original) {
  for (int i = 0; i < LAYERS; i++) {
    struct domain *layer = &layers[domain][i];
    if (!layer->original.malloc) layer->original = *original;
    if (memcmp(&layer->original, original, sizeof *original) == 0) return layer;
  }
  return NULL;
}

void memory_python_install(const struct interpreter *unused) {
  (void)unused;
  modules_text(python->eval_entry, &text_start, &text_end);
  for (int i = DOMAIN_MEM; get && set && i < DOMAINS; i++) {
    struct allocator top;
    bool ours, asks;
    get(i, &top);
    if (top.malloc != python_malloc) {
      if (!probe(&top, &ours, &asks)) continue;
      struct domain *layer = ours ? NULL : layer_on(i, &top);
      if (layer) {
        layer->small = asks ? 0 : PYMALLOC_SMALL;
        set(i, &(struct allocator){layer, python_malloc, python_calloc, python_realloc, python_free});
        top.malloc = python_malloc;
      }
    }
    atomic_store(&settled[i], top.malloc);
  }
  atomic_store(&asked, false);
}

static int install(void *unused) {
  (void)unused;
  int saved = errno;
  memory_python_install(python);
  errno = saved;
  return 0;
}

void memory_python_begin(const struct interpreter *found) {
  python = found;
  get = interpreter_symbol("PyMem_GetAllocator");
  set = interpreter_symbol("PyMem_SetAllocator");
  selftest_then(memory_python_install);
}

void memory_python_look(void) {
  if (!get || !set || atomic_load(&asked) || !python->is_initialized() || python->is_finalizing()) return;
  // Reading the allocator takes a lock of Python's (from 3.12 on).
  if (!selftest_may_call()) return;
  bool gone = false;
  for (int i = DOMAIN_MEM; i < DOMAINS; i++) {
    struct allocator top;
    get(i, &top);
    gone |= top.malloc != python_malloc && top.malloc != atomic_load(&settled[i]);
  }
  if (!gone) return;
  atomic_store(&asked, true);
  selftest_errand(install);
}

void memory_python_after_fork(void) {
  atomic_store(&asked, false);
}

bool memory_is_arena(size_t size, const void *caller) {
  return (size == 256 * 1024 || size == 1024 * 1024) && (uintptr_t)caller - text_start < text_end - text_start;
}
