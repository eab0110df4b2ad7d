// The files mapped into this process: to which file an address belongs, and where that file's unwind tables are.
//
// A file may be unmapped at any time. Whoever unmaps code calls modules_unmap first, before the address can mean
// something else. The map then has nothing at that address until the watcher has read the mappings again.
#pragma once
#include "base.h"

enum module_kind { MODULE_OTHER, MODULE_INTERPRETER, MODULE_LIBC, MODULE_AGENT, MODULE_ANONYMOUS };

struct module {
  uintptr_t bias;              // runtime address − ELF virtual address
  uintptr_t base;              // address of its first page
  uintptr_t entry;             // address where a program starts, 0 in a library
  uintptr_t frame_header;      // address of .eh_frame_hdr, 0 when it has none
  uintptr_t frame_header_end;  // end of the mapped segment that holds it
  uint64_t content;            // hash of its headers and tables: differs from another file with the same name
  uint64_t head;               // hash of its ELF header only, 0: not read
  uint64_t salt;               // a number that no other module has
  enum module_kind kind;
  bool exchanges_stacks;  // greenlet: outer frames on the C stack may belong to other greenlets
  uint32_t id;            // in the recording, 0: not written yet
  uint8_t build_id[32];
  uint8_t build_id_size;
  char path[512];
};

#define NO_MODULE UINT32_MAX

// An executable mapping.
struct code_range {
  uintptr_t start, end;
  _Atomic uint32_t module;  // index, NO_MODULE: unmapped
};

#define MODULES_MAX 1024
#define RANGES_MAX 2048

// The executable mappings at one moment, sorted by address. Later only one thing changes in a map: ranges that are
// unmapped get NO_MODULE.
struct module_map {
  struct module_map *next;
  uint32_t ranges, modules;
  struct code_range range[RANGES_MAX];
};

// Returns the current map, or NULL. It stays valid until the matching modules_leave. (signal, any thread)
const struct module_map *modules_enter(void);
void modules_leave(void);
// The same for the thread that replaces maps. (watcher, or before it runs)
const struct module_map *modules_current(void);
// Returns the index of the module that the code at pc belongs to, −1: not known. (signal)
int module_map__find(const struct module_map *map, uintptr_t pc);
// Sets the range of the code of the module that holds pc. False when it is not known. (any thread)
bool modules_text(uintptr_t pc, uintptr_t *start, uintptr_t *end);
// Returns a module. What handlers read of it does not change any more. (signal)
struct module *module_at(uint32_t index);
// Returns the lowest address to which the first thread's stack, which ends at `end`, can grow.
uintptr_t modules_stack_low(uintptr_t end);
// Reads /proc/self/maps again. `inside` is an address in the interpreter. True when something is new. (watcher)
bool modules_refresh(uintptr_t inside);
// Asks for that, when an address is not in the map. (signal) The second function: true when it was asked for. (watcher)
void modules_want_refresh(void);
bool modules_refresh_wanted(void);
// Memory will be unmapped or replaced. (program's threads)
void modules_unmap(const void *start, size_t size);
// Libraries have been unloaded: removes the modules that are not `is_loaded`, by index, and are not in memory any more.
// NULL: only the memory counts. (program's threads, watcher)
void modules_drop(const bool *is_loaded);
// After fork: every module has to be written to the new recording.
void modules_after_fork(void);
