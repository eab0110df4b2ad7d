#define _GNU_SOURCE
#include "late.h"

#include <dlfcn.h>
#include <errno.h>
#include <link.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

#include "base.h"
#include "cpython/interpreter.h"

static _Atomic bool expected, looking;
static void (*on_found)(void);
static int own_pid;  // a vfork child shares this memory but has another id; what it loads does not count
static _Atomic unsigned long long known_loads;  // how many objects had been loaded at the last check

static void after_fork_in_child(void) {
  own_pid = getpid();
}

void late_expect(void (*found)(void)) {
  on_found = found;
  own_pid = getpid();
  pthread_atfork(NULL, NULL, after_fork_in_child);
  atomic_store(&expected, true);
}

struct look {
  unsigned long long loaded;
  char path[4096];
};

static int object_look(struct dl_phdr_info *info, size_t size, void *context) {
  struct look *look = context;
  (void)size;
  if (info->dlpi_adds == atomic_load(&known_loads)) return 1;
  look->loaded = info->dlpi_adds;
  const char *name = strrchr(info->dlpi_name, '/');
  if (name && strncmp(name, "/libpython", 10) == 0 && strlen(info->dlpi_name) < sizeof look->path)
    strcpy(look->path, info->dlpi_name);
  return 0;
}

static void new_objects_examine(const struct look *look) {
  void *library = NULL;
  if (own_pid != getpid()) return;
  atomic_store(&known_loads, look->loaded);
  if (!dlsym(RTLD_DEFAULT, "Py_GetVersion")) {
    // The library is loaded already. This gives a handle for dlsym, and keeps the library from being unloaded.
    library = look->path[0] ? dlopen(look->path, RTLD_LAZY | RTLD_NOLOAD) : NULL;
    if (!library || !dlsym(library, "Py_GetVersion")) return;
  }
  atomic_store(&expected, false);
  interpreter_is_in(library);
  on_found();
}

void late_look(void) {
  if (LIKELY(!atomic_load_explicit(&expected, memory_order_relaxed)) || atomic_exchange(&looking, true)) return;
  int error = errno;
  struct look look;
  look.loaded = 0;
  look.path[0] = 0;
  dl_iterate_phdr(object_look, &look);
  if (look.loaded) new_objects_examine(&look);
  atomic_store(&looking, false);
  errno = error;
}
