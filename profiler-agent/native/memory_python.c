#include "memory_python.h"

#include <dlfcn.h>
#include <errno.h>

#include "memory.h"
#include "modules.h"

// PyMemAllocatorEx and PyMemAllocatorDomain of Include/cpython/pymem.h.
struct allocator {
  void *context;
  void *(*malloc)(void *context, size_t size);
  void *(*calloc)(void *context, size_t count, size_t size);
  void *(*realloc)(void *context, void *block, size_t size);
  void (*free)(void *context, void *block);
};
enum { DOMAIN_MEM = 1, DOMAIN_OBJ = 2, DOMAINS };

// What lies below our layer in each domain.
static struct domain {
  struct allocator original;
  size_t small;  // up to this size the original does not ask malloc
} domains[DOMAINS];

// Sizes that pymalloc serves itself, whichever debugging layer adds to them.
#define PYMALLOC_SMALL 448

static __attribute__((noinline)) void note(void *block, size_t size, size_t grown) {
  uint64_t period;
  if (block && memory_wants(size, &period)) memory_allocated(block, size, grown, period, MEMORY_PYTHON);
}

// Larger ones usually come from malloc, whose hook counts them, as Python's; what it has not seen is counted here.
static uint64_t ask_begin(void) {
  memory_local.python = true;
  memory_local.counted = false;
  return memory_local.room;
}
static void ask_end(uint64_t room, void *block, size_t size, size_t grown) {
  memory_local.python = false;
  if (block && !memory_local.counted && memory_local.room == room && memory_counts(size)) note(block, size, grown);
}

static void *python_malloc(void *context, size_t size) {
  struct domain *domain = context;
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

static void *python_realloc(void *context, void *block, size_t size) {
  struct domain *domain = context;
  struct memory_token token = {0};
  size_t old = block && memory_may_know(block) ? memory_take(block, &token) : 0;
  bool small = size <= domain->small;
  uint64_t room = small ? 0 : ask_begin();
  void *moved = domain->original.realloc(domain->original.context, block, size);
  // How large a small block was, only its allocator knows: one that stays where it is has not grown.
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

static __attribute__((noinline)) void freed(void *block) {
  struct memory_token token;
  if (memory_take(block, &token)) memory_release(&token);
}

static void python_free(void *context, void *block) {
  struct domain *domain = context;
  if (memory_may_know(block) && block) freed(block);
  domain->original.free(domain->original.context, block);
}

static uintptr_t text_start, text_end;
static bool asked;
static _Atomic bool installed;

void memory_python_install(const struct interpreter *python) {
  void (*get)(int, struct allocator *) = dlsym(RTLD_DEFAULT, "PyMem_GetAllocator");
  void (*set)(int, struct allocator *) = dlsym(RTLD_DEFAULT, "PyMem_SetAllocator");
  if (!get || !set || atomic_exchange(&installed, true)) return;
  const struct module_map *map = modules_current();
  int index = map ? module_map__find(map, python->eval_entry) : -1;
  for (uint32_t i = 0; index >= 0 && i < map->ranges; i++) {
    if (map->range[i].module != (uint32_t)index) continue;
    if (!text_start) text_start = map->range[i].start;
    text_end = map->range[i].end;
  }
  for (int i = DOMAIN_MEM; i < DOMAINS; i++) {
    struct domain *domain = &domains[i];
    get(i, &domain->original);
    // Does it ask malloc for a small block, as with PYTHONMALLOC=malloc?
    uint64_t room = ask_begin();
    void *probe = domain->original.malloc(domain->original.context, 16);
    bool asked = memory_local.counted || memory_local.room != room;
    memory_local.python = false;
    domain->original.free(domain->original.context, probe);
    domain->small = asked ? 0 : PYMALLOC_SMALL;
    set(i, &(struct allocator){domain, python_malloc, python_calloc, python_realloc, python_free});
  }
}

static int install(void *python) {
  int saved = errno;
  memory_python_install(python);
  errno = saved;
  return 0;
}

void memory_python_ask(const struct interpreter *python) {
  static int (*add_pending_call)(int (*)(void *), void *);
  if (asked || atomic_load(&installed) || !python->is_initialized() || python->is_finalizing()) return;
  if (!add_pending_call) add_pending_call = dlsym(RTLD_DEFAULT, "Py_AddPendingCall");
  asked = add_pending_call && add_pending_call(install, (void *)python) == 0;
}

void memory_python_after_fork(void) {
  asked = false;
}

bool memory_is_arena(size_t size, const void *caller) {
  return (size == 256 * 1024 || size == 1024 * 1024) && (uintptr_t)caller - text_start < text_end - text_start;
}
