// The files mapped into this process: which one an address belongs to, and where its unwind tables are.
//
// A file may be unmapped at any time. What unmaps code says so before its address means something else: the map then
// knows nothing there, until the watcher has looked again.
#pragma once
#include "base.h"

enum module_kind { MODULE_OTHER, MODULE_INTERPRETER, MODULE_LIBC, MODULE_AGENT, MODULE_ANONYMOUS };

struct module {
  uintptr_t bias;              // runtime address − ELF virtual address
  uintptr_t base;              // where its first page is mapped
  uintptr_t entry;             // where a program begins, 0 in a library
  uintptr_t frame_header;      // .eh_frame_hdr, 0 when it has none
  uintptr_t frame_header_end;  // end of the mapped segment that holds it
  uint64_t content;            // of its headers and tables: tells it from another file of that name
  uint64_t head;               // of its first bytes alone
  uint64_t salt;               // no other module has it
  enum module_kind kind;
  bool exchanges_stacks;  // greenlet: what lies on a C stack beyond its frames is not how the thread came there
  uint32_t id;            // in the recording, 0 = not written yet
  uint8_t build_id[32];
  uint8_t build_id_size;
  char path[512];
};

#define NO_MODULE UINT32_MAX

// One executable mapping.
struct code_range {
  uintptr_t start, end;
  _Atomic uint32_t module;  // NO_MODULE: it is gone
};

#define MODULES_MAX 1024
#define RANGES_MAX 2048

// A picture of the mappings, sorted by address. Only what is gone changes in it.
struct module_map {
  struct module_map *next;
  uint32_t ranges, modules;
  struct code_range range[RANGES_MAX];
};

// The current picture, or NULL. It stays until the matching modules_leave. (signal)
const struct module_map *modules_enter(void);
void modules_leave(void);
// The same for the one who renews it. (watcher, or before there is one)
const struct module_map *modules_current(void);
// The index of the module that an address of code belongs to, or −1. (signal)
int module_map__find(const struct module_map *self, uintptr_t pc);
// The extent of the code of the module that holds pc. False when it is not known.
bool modules_text(uintptr_t pc, uintptr_t *start, uintptr_t *end);
// Facts about a module; they never change once it has been seen. (signal)
struct module *module_at(uint32_t index);
// The lowest address that the stack of the first thread, which ends at `end`, can grow to.
uintptr_t modules_stack_low(uintptr_t end);
// Reads /proc/self/maps again. `inside` is an address in the interpreter. Returns true when there is something new.
// (watcher)
bool modules_refresh(uintptr_t inside);
// Asked for by whoever met an address that is not in the picture. (signal)
void modules_want_refresh(void);
bool modules_refresh_wanted(void);
// Memory is about to be unmapped, or to become something else.
void modules_unmap(const void *start, size_t size);
// Libraries have been unloaded: which, is seen by `is_loaded`, of a module's index, and where that does not know it by
// whether it is still there. NULL: by the latter alone.
void modules_drop(const bool *is_loaded);
// After fork: every module has to be written to the new recording.
void modules_after_fork(void);
