#define _GNU_SOURCE
#include "unwind/modules.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "unwind/module_file.h"

static struct module known_modules[MODULES_MAX];
static uint32_t known_count;
static _Atomic(struct module_map *) current_map;
static _Atomic uint32_t readers;         // of maps
static struct module_map *retired_maps;  // older maps, which a handler may still read
static _Atomic bool refresh_wanted;
static _Atomic uint32_t unloads;  // how often something was unmapped
static uintptr_t stack_low;

const struct module_map *modules_enter(void) {
  atomic_fetch_add(&readers, 1);
  return atomic_load(&current_map);
}

void modules_leave(void) {
  atomic_fetch_sub_explicit(&readers, 1, memory_order_release);
}

const struct module_map *modules_current(void) {
  return atomic_load_explicit(&current_map, memory_order_acquire);
}

struct module *module_at(uint32_t index) {
  return &known_modules[index];
}

void modules_want_refresh(void) {
  atomic_store_explicit(&refresh_wanted, true, memory_order_relaxed);
}

bool modules_refresh_wanted(void) {
  return atomic_load_explicit(&refresh_wanted, memory_order_relaxed);
}

uintptr_t modules_stack_low(uintptr_t end) {
  // When the limit is not known: the usual size of a stack.
  return stack_low && stack_low < end ? stack_low : end - (8u << 20);
}

void modules_after_fork(void) {
  // Only the calling thread is left, and it is not reading.
  atomic_store(&readers, 0);
  for (uint32_t i = 0; i < known_count; i++) known_modules[i].id = 0;
}

// Returns the index of the first range that ends behind an address.
static uint32_t module_map__behind(const struct module_map *map, uintptr_t address) {
  uint32_t low = 0, high = map->ranges;
  while (low < high) {
    uint32_t middle = (low + high) / 2;
    if (map->range[middle].end <= address)
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

INLINE uint32_t range__module(const struct code_range *range) {
  return atomic_load_explicit(&range->module, memory_order_acquire);
}

// The range in which an address was found before, by the address's page. Only a guess: other pages share the entry, and
// maps are replaced.
#define GUESSES (1u << 11)
static _Atomic uint16_t guesses[GUESSES];
_Static_assert(RANGES_MAX <= UINT16_MAX, "a guess fits");

int module_map__find(const struct module_map *map, uintptr_t pc) {
  _Atomic uint16_t *guess = &guesses[pc >> 12 & (GUESSES - 1)];
  uint32_t at = atomic_load_explicit(guess, memory_order_relaxed);
  if (at >= map->ranges || pc < map->range[at].start || pc >= map->range[at].end) {
    at = module_map__behind(map, pc);
    if (at == map->ranges || pc < map->range[at].start) return -1;
    atomic_store_explicit(guess, (uint16_t)at, memory_order_relaxed);
  }
  return (int)range__module(&map->range[at]);  // −1 when it is unmapped
}

bool modules_text(uintptr_t pc, uintptr_t *start, uintptr_t *end) {
  const struct module_map *map = modules_enter();
  int index = map ? module_map__find(map, pc) : -1;
  *start = *end = 0;
  for (uint32_t i = 0; index >= 0 && i < map->ranges; i++) {
    if (range__module(&map->range[i]) != (uint32_t)index) continue;
    if (!*start) *start = map->range[i].start;
    *end = map->range[i].end;
  }
  modules_leave();
  return index >= 0;
}

// ---- Unmapped code ----

static void range__drop(const struct code_range *range) {
  atomic_store((_Atomic uint32_t *)&range->module, NO_MODULE);
}

void modules_unmap(const void *start, size_t size) {
  uintptr_t from = (uintptr_t)start;
  bool dropped = false;
  const struct module_map *map = modules_enter();
  for (uint32_t i = map ? module_map__behind(map, from) : 0; map && i < map->ranges; i++) {
    if (map->range[i].start >= from + size) break;
    range__drop(&map->range[i]);
    dropped = true;
  }
  modules_leave();
  // The watcher may be making a new map from mappings that it read before: it then checks them again.
  if (dropped) atomic_fetch_add(&unloads, 1);
}

void modules_drop(const bool *is_loaded) {
  atomic_fetch_add(&unloads, 1);
  const struct module_map *map = modules_enter();
  uint32_t last = NO_MODULE;
  bool gone = false;
  for (uint32_t i = 0; map && i < map->ranges; i++) {
    uint32_t index = range__module(&map->range[i]);
    if (index == NO_MODULE || known_modules[index].kind == MODULE_ANONYMOUS) continue;
    if (index != last) gone = !(is_loaded && is_loaded[index]) && !module__is_there(&known_modules[index]);
    last = index;
    if (gone) range__drop(&map->range[i]);
  }
  modules_leave();
}

// ---- A new map ----

static enum module_kind kind_of(const char *path) {
  if (path[0] == 0) return MODULE_ANONYMOUS;
  if (strcmp(path, "[vdso]") == 0) return MODULE_LIBC;
  if (path[0] == '[') return MODULE_ANONYMOUS;
  const char *name = strrchr(path, '/');
  name = name ? name + 1 : path;
  static const char *const libc[] = {"libc.so", "libc-",      "libm.so",  "libm-",    "ld-linux",
                                     "ld-2",    "libpthread", "libdl.so", "librt.so", "libutil.so"};
  for (size_t i = 0; i < sizeof libc / sizeof *libc; i++)
    if (strncmp(name, libc[i], strlen(libc[i])) == 0) return MODULE_LIBC;
  if (strncmp(name, "liblineheat", 11) == 0) return MODULE_AGENT;
  return MODULE_OTHER;
}

// Returns the index of the module that is mapped from `path` with its first page at `base`, −1 when there is no room.
static int module_find_or_add(const char *path, uintptr_t base) {
  struct module found = {.kind = kind_of(path), .bias = base, .base = base};
  if (found.kind != MODULE_ANONYMOUS) module__read(&found, base);
  for (uint32_t i = 0; i < known_count; i++)
    if (known_modules[i].bias == found.bias && known_modules[i].content == found.content &&
        strcmp(known_modules[i].path, path) == 0)
      return (int)i;
  if (known_count == MODULES_MAX) return -1;
  const char *name = strrchr(path, '/');
  snprintf(found.path, sizeof found.path, "%s", path);
  found.salt = mix64(known_count + 1);
  found.exchanges_stacks = name && strncmp(name, "/_greenlet.", 11) == 0;
  known_modules[known_count] = found;
  return (int)known_count++;
}

// Reads a whole /proc file into pages, which the caller frees with pages_free(…, *capacity). NULL on failure.
static char *proc_read(const char *path, size_t *capacity) {
  for (*capacity = 256 * 1024; *capacity <= 64u * 1024 * 1024; *capacity *= 4) {
    char *text = pages_alloc(*capacity);
    int file = open(path, O_RDONLY | O_CLOEXEC);
    size_t length = 0;
    if (!text || file < 0) {
      pages_free(text, *capacity);
      if (file >= 0) close(file);
      return NULL;
    }
    for (ssize_t n; length < *capacity - 1; length += (size_t)n)
      if ((n = read(file, text + length, *capacity - 1 - length)) <= 0) break;
    close(file);
    text[length] = 0;
    if (length < *capacity - 1) return text;
    pages_free(text, *capacity);
  }
  return NULL;
}

// Frees older maps. That is safe at a moment when nobody reads any map.
static void retired_free(void) {
  while (retired_maps && atomic_load(&readers) == 0) {
    struct module_map *gone = retired_maps;
    retired_maps = gone->next;
    pages_free(gone, sizeof *gone);
  }
}

bool modules_refresh(uintptr_t inside) {
  atomic_store(&refresh_wanted, false);
  uint32_t unloads_before = atomic_load(&unloads);
  size_t capacity;
  char *text = proc_read("/proc/self/maps", &capacity);
  struct module_map *map = pages_alloc(sizeof *map);
  if (!text || !map) {
    if (text) pages_free(text, capacity);
    pages_free(map, sizeof *map);
    return false;
  }
  char base_path[512] = "";
  uintptr_t base = 0, last_end = 0;
  for (char *line = text, *next; *line && map->ranges < RANGES_MAX; line = next) {
    next = strchrnul(line, '\n');
    if (*next) *next++ = 0;
    unsigned long start, end, offset;
    char rights[5];
    int path_at = 0;
    if (sscanf(line, "%lx-%lx %4s %lx %*s %*s %n", &start, &end, rights, &offset, &path_at) < 4) continue;
    char *path = path_at ? line + path_at : "";
    // The stack can grow to the end of the mapping before it.
    if (strcmp(path, "[stack]") == 0) stack_low = last_end;
    last_end = end;
    char *deleted = strstr(path, " (deleted)");
    if (deleted) *deleted = 0;
    if (strlen(path) >= sizeof base_path) continue;
    if (path[0] != '/' || offset == 0) {
      snprintf(base_path, sizeof base_path, "%s", path);
      base = start;
    } else if (strcmp(base_path, path) != 0) {
      continue;  // the file's first page is not mapped, so nothing is known about it
    }
    if (rights[2] != 'x') continue;
    bool named = path[0] == '/' || strcmp(path, "[vdso]") == 0;
    int module = named ? module_find_or_add(path, base) : module_find_or_add("", 0);
    if (module < 0) continue;
    if (inside - start < end - start) known_modules[module].kind = MODULE_INTERPRETER;
    struct code_range *range = &map->range[map->ranges++];
    range->start = start;
    range->end = end;
    range->module = (uint32_t)module;
  }
  map->modules = known_count;
  pages_free(text, capacity);
  struct module_map *before = atomic_exchange(&current_map, map);
  bool changed = !before || before->modules != map->modules || before->ranges != map->ranges;
  if (before) {
    before->next = retired_maps;
    retired_maps = before;
  }
  retired_free();
  if (atomic_load(&unloads) != unloads_before) modules_drop(NULL);
  return changed;
}
