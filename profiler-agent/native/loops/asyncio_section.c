#include "loops/asyncio_section.h"

#include <elf.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "cpython/objects.h"
#include "record/records.h"
#include "unwind/modules.h"

#define NAME ".AsyncioDebug"
#define SECTIONS_MAX 128

static const struct interpreter *python;
static struct asyncio_section published;
static bool file_examined, is_published;
static uint64_t next_look;

void asyncio_section_begin(const struct interpreter *interpreter) {
  python = interpreter;
  file_examined = is_published = false;
  next_look = 0;
}

static bool file_read(int file, uint64_t at, void *into, size_t size) {
  return pread(file, into, size, (off_t)at) == (ssize_t)size;
}

// Returns the address that an ELF file gives the section, 0 when it has none.
static uint64_t section_find(int file) {
  static Elf64_Shdr sections[SECTIONS_MAX];
  Elf64_Ehdr header;
  if (!file_read(file, 0, &header, sizeof header) || memcmp(header.e_ident, ELFMAG, SELFMAG) != 0) return 0;
  if (header.e_shnum > SECTIONS_MAX || header.e_shstrndx >= header.e_shnum) return 0;
  if (!file_read(file, header.e_shoff, sections, header.e_shnum * sizeof *sections)) return 0;
  for (int i = 0; i < header.e_shnum; i++) {
    char name[sizeof NAME];
    uint64_t at = sections[header.e_shstrndx].sh_offset + sections[i].sh_name;
    if (sections[i].sh_size >= ASYNCIO_WORDS * 8 && file_read(file, at, name, sizeof name) && strcmp(name, NAME) == 0)
      return sections[i].sh_addr;
  }
  return 0;
}

static bool offsets_read(uintptr_t address) {
  uint64_t words[ASYNCIO_WORDS];
  if (!memory_read(address, words, sizeof words)) return false;
  for (int i = 0; i < ASYNCIO_WORDS; i++)
    if (words[i] > 1u << 20) return false;
  uint64_t task_size = words[ASYNCIO_TASK_SIZE], thread_size = words[ASYNCIO_THREAD_SIZE];
  published = (struct asyncio_section){
      .task_coroutine = words[ASYNCIO_TASK_COROUTINE],
      .task_node = words[ASYNCIO_TASK_NODE],
      .running_loop = words[ASYNCIO_RUNNING_LOOP],
      .running_task = words[ASYNCIO_RUNNING_TASK],
      .tasks = words[ASYNCIO_TASKS],
  };
  bool fits = published.task_coroutine < task_size && published.task_node < task_size &&
              published.running_loop < thread_size && published.running_task < thread_size &&
              published.tasks < thread_size;
  return fits && published.task_coroutine && published.task_node && published.tasks;
}

// Returns the module that holds the class _asyncio.Task, NULL when _asyncio has not been imported.
static const struct module *module_find(uintptr_t interpreter) {
  static struct name module = {"_asyncio", 0}, class = {"Task", 0};
  // The type's destructor lies in the code of the module that defines the type.
  uintptr_t code = pointer_read(module_get(interpreter, &module, &class) + TYPE_DEALLOC);
  const struct module_map *map = modules_current();
  int index = code && map ? module_map__find(map, code) : -1;
  if (code && index < 0) {
    // The file was mapped after the map was last read, and no sample has hit its code.
    if (modules_refresh(python->eval_entry)) records_forget_natives();
    map = modules_current();
    index = map ? module_map__find(map, code) : -1;
  }
  return index < 0 ? NULL : module_at((uint32_t)index);
}

const struct asyncio_section *asyncio_section(uintptr_t interpreter) {
  uint64_t now = clock_ns(CLOCK_MONOTONIC_COARSE);
  if (is_published) return &published;
  if (python->minor < 14 || file_examined || now < next_look) return NULL;
  next_look = now + NS_PER_SECOND / 10;
  const struct module *module = module_find(interpreter);
  if (!module) return NULL;
  file_examined = true;
  int file = open(module->path, O_RDONLY | O_CLOEXEC);
  if (file < 0) return NULL;
  uint64_t address = section_find(file);
  close(file);
  is_published = address && offsets_read(module->bias + address);
  return is_published ? &published : NULL;
}
