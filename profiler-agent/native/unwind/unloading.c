// Notices that libraries are unloaded, before their addresses can mean something else. Runs on the program's threads.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <link.h>
#include <string.h>

#include "originals.h"
#include "unwind/modules.h"

static int (*real_dlclose)(void *);

static int unloads_read(struct dl_phdr_info *info, size_t size, void *into) {
  (void)size;
  *(unsigned long long *)into = info->dlpi_subs;
  return 1;
}

// Returns how many libraries the loader has unloaded so far.
static unsigned long long unloads_count(void) {
  unsigned long long count = 0;
  dl_iterate_phdr(unloads_read, &count);
  return count;
}

struct loaded {
  const struct module_map *map;
  bool is[MODULES_MAX];
};

static int loaded_mark(struct dl_phdr_info *info, size_t size, void *into) {
  (void)size;
  struct loaded *loaded = into;
  for (int i = 0; i < info->dlpi_phnum; i++) {
    if (info->dlpi_phdr[i].p_type != PT_LOAD || !(info->dlpi_phdr[i].p_flags & PF_X)) continue;
    int index = module_map__find(loaded->map, info->dlpi_addr + info->dlpi_phdr[i].p_vaddr);
    if (index >= 0 && module_at((uint32_t)index)->bias == info->dlpi_addr) loaded->is[index] = true;
  }
  return 0;
}

// Not inlined, so that the large array is on the stack only while libraries are unloaded.
static __attribute__((noinline)) void modules_drop_unloaded(void) {
  struct loaded loaded;
  memset(loaded.is, 0, sizeof loaded.is);
  loaded.map = modules_enter();
  if (loaded.map) {
    dl_iterate_phdr(loaded_mark, &loaded);
    modules_drop(loaded.is);
  }
  modules_leave();
}

EXPORT int dlclose(void *handle) {
  if (!real_dlclose) real_dlclose = original("dlclose");
  if (!modules_current()) return real_dlclose(handle);
  unsigned long long before = unloads_count();
  int result = real_dlclose(handle);
  if (unloads_count() != before) modules_drop_unloaded();
  return result;
}

__attribute__((constructor(101))) static void originals_find(void) {
  real_dlclose = original("dlclose");
}
