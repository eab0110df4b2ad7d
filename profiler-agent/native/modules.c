#define _GNU_SOURCE
#include "modules.h"

#include <elf.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct module known[MODULES_MAX];
static uint32_t known_count;
static _Atomic(struct module_map *) current;
// The picture before the current one is kept: a handler that started with it may still be reading.
static struct module_map *previous;
static _Atomic bool wanted;

const struct module_map *modules_current(void) {
  return atomic_load_explicit(&current, memory_order_acquire);
}

struct module *module_at(uint32_t index) {
  return &known[index];
}

void modules_want_refresh(void) {
  atomic_store_explicit(&wanted, true, memory_order_relaxed);
}

bool modules_refresh_wanted(void) {
  return atomic_load_explicit(&wanted, memory_order_relaxed);
}

void modules_forget_ids(void) {
  for (uint32_t i = 0; i < known_count; i++) known[i].id = 0;
}

int module_map__find(const struct module_map *self, uintptr_t pc) {
  uint32_t low = 0, high = self->ranges;
  while (low < high) {
    uint32_t middle = (low + high) / 2;
    if (self->range[middle].end <= pc)
      low = middle + 1;
    else
      high = middle;
  }
  if (low < self->ranges && pc >= self->range[low].start) return (int)self->range[low].module;
  return -1;
}

bool modules_text(uintptr_t pc, uintptr_t *start, uintptr_t *end) {
  const struct module_map *map = modules_current();
  int index = map ? module_map__find(map, pc) : -1;
  if (index < 0) return false;
  *start = *end = 0;
  for (uint32_t i = 0; i < map->ranges; i++) {
    if (map->range[i].module != (uint32_t)index) continue;
    if (!*start) *start = map->range[i].start;
    *end = map->range[i].end;
  }
  return true;
}

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
  if (strncmp(name, "liblinescope", 12) == 0) return MODULE_AGENT;
  return MODULE_OTHER;
}

// The build id from a PT_NOTE segment at `note`.
static void module__read_build_id(struct module *self, uintptr_t note, size_t size) {
  unsigned char bytes[1024];
  if (size > sizeof bytes) size = sizeof bytes;
  if (!memory_read(note, bytes, size)) return;
  for (size_t at = 0; at + 12 <= size;) {
    uint32_t name, length, type;
    memcpy(&name, bytes + at, 4);
    memcpy(&length, bytes + at + 4, 4);
    memcpy(&type, bytes + at + 8, 4);
    size_t data = at + 12 + ((name + 3) & ~3u);
    if (name > size || length > size || data + length > size) return;
    if (type == NT_GNU_BUILD_ID && length <= sizeof self->build_id) {
      memcpy(self->build_id, bytes + data, length);
      self->build_id_size = (uint8_t)length;
      return;
    }
    at = data + ((length + 3) & ~3u);
  }
}

// Reads the ELF header as it lies in memory, at the mapping of file offset 0.
static void module__read_elf(struct module *self, uintptr_t base) {
  Elf64_Ehdr header;
  if (!memory_read(base, &header, sizeof header)) return;
  if (memcmp(header.e_ident, ELFMAG, SELFMAG) != 0 || header.e_ident[EI_CLASS] != ELFCLASS64) return;
  if (header.e_phentsize != sizeof(Elf64_Phdr) || header.e_phnum > 64) return;
  Elf64_Phdr program[64];
  if (!memory_read(base + header.e_phoff, program, header.e_phnum * sizeof *program)) return;
  uintptr_t first = UINTPTR_MAX;
  for (int i = 0; i < header.e_phnum; i++)
    if (program[i].p_type == PT_LOAD && program[i].p_vaddr < first) first = program[i].p_vaddr;
  if (first == UINTPTR_MAX) return;
  self->bias = base - (first & ~(uintptr_t)4095);
  if (header.e_entry) self->entry = self->bias + header.e_entry;
  for (int i = 0; i < header.e_phnum; i++) {
    uintptr_t address = self->bias + program[i].p_vaddr;
    if (program[i].p_type == PT_NOTE) module__read_build_id(self, address, program[i].p_memsz);
    if (program[i].p_type != PT_GNU_EH_FRAME) continue;
    self->frame_header = address;
    // .eh_frame lies in the same segment, as a rule right after its header.
    for (int j = 0; j < header.e_phnum; j++) {
      uintptr_t start = self->bias + program[j].p_vaddr;
      if (program[j].p_type == PT_LOAD && address - start < program[j].p_memsz)
        self->frame_header_end = start + program[j].p_memsz;
    }
  }
}

// The module mapped from `path` with its first page at `base`.
static int module_find_or_add(const char *path, uintptr_t base) {
  struct module found = {.kind = kind_of(path), .bias = base};
  if (found.kind != MODULE_ANONYMOUS) module__read_elf(&found, base);
  for (uint32_t i = 0; i < known_count; i++)
    if (known[i].bias == found.bias && strcmp(known[i].path, path) == 0) return (int)i;
  if (known_count == MODULES_MAX) return -1;
  snprintf(found.path, sizeof found.path, "%s", path);
  known[known_count] = found;
  return (int)known_count++;
}

// The whole of a /proc file into pages that the caller frees with pages_free(…, *capacity).
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

bool modules_refresh(uintptr_t inside) {
  atomic_store(&wanted, false);
  size_t capacity;
  char *text = proc_read("/proc/self/maps", &capacity);
  struct module_map *map = pages_alloc(sizeof *map);
  if (!text || !map) {
    if (text) pages_free(text, capacity);
    pages_free(map, sizeof *map);
    return false;
  }
  char base_path[512] = "";
  uintptr_t base = 0;
  for (char *line = text, *next; *line && map->ranges < RANGES_MAX; line = next) {
    next = strchrnul(line, '\n');
    if (*next) *next++ = 0;
    unsigned long start, end, offset;
    char rights[5];
    int path_at = 0;
    if (sscanf(line, "%lx-%lx %4s %lx %*s %*s %n", &start, &end, rights, &offset, &path_at) < 4) continue;
    char *path = path_at ? line + path_at : "";
    char *deleted = strstr(path, " (deleted)");
    if (deleted) *deleted = 0;
    if (strlen(path) >= sizeof base_path) continue;
    if (path[0] != '/' || offset == 0) {
      snprintf(base_path, sizeof base_path, "%s", path);
      base = start;
    } else if (strcmp(base_path, path) != 0) {
      continue;  // The first page of the file is not mapped: nothing is known about it.
    }
    if (rights[2] != 'x') continue;
    bool named = path[0] == '/' || strcmp(path, "[vdso]") == 0;
    int module = named ? module_find_or_add(path, base) : module_find_or_add("", 0);
    if (module < 0) continue;
    if (inside - start < end - start) known[module].kind = MODULE_INTERPRETER;
    map->range[map->ranges++] = (struct code_range){.start = start, .end = end, .module = (uint32_t)module};
  }
  map->modules = known_count;
  pages_free(text, capacity);
  pages_free(previous, sizeof *previous);
  previous = atomic_exchange(&current, map);
  return !previous || previous->modules != map->modules || previous->ranges != map->ranges;
}
