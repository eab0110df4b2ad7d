// The files mapped into this process: which one an address belongs to, and where its unwind tables are.
#pragma once
#include "base.h"

enum module_kind { MODULE_OTHER, MODULE_INTERPRETER, MODULE_LIBC, MODULE_AGENT, MODULE_ANONYMOUS };

struct module {
  uintptr_t bias;              // runtime address − ELF virtual address
  uintptr_t entry;             // where a program begins, 0 in a library
  uintptr_t frame_header;      // .eh_frame_hdr, 0 when it has none
  uintptr_t frame_header_end;  // end of the mapped segment that holds it
  enum module_kind kind;
  uint32_t id;  // in the recording, 0 = not written yet
  uint8_t build_id[32];
  uint8_t build_id_size;
  char path[512];
};

// One executable mapping.
struct code_range {
  uintptr_t start, end;
  uint32_t module;
};

#define MODULES_MAX 1024
#define RANGES_MAX 2048

// An immutable picture of the mappings, sorted by address.
struct module_map {
  uint32_t ranges, modules;
  struct code_range range[RANGES_MAX];
};

// The current picture, or NULL. (signal)
const struct module_map *modules_current(void);
// The index of the module that an address of code belongs to, or −1. (signal)
int module_map__find(const struct module_map *self, uintptr_t pc);
// The extent of the code of the module that holds pc. False when it is not known.
bool modules_text(uintptr_t pc, uintptr_t *start, uintptr_t *end);
// Facts about a module; they never change once it has been seen. (signal)
struct module *module_at(uint32_t index);
// Reads /proc/self/maps again. `inside` is an address in the interpreter. Returns true when there is something new.
// (watcher)
bool modules_refresh(uintptr_t inside);
// Asked for by whoever met an address that is not in the picture. (signal)
void modules_want_refresh(void);
bool modules_refresh_wanted(void);
// After fork: every module has to be written to the new recording.
void modules_forget_ids(void);
