// Reads facts about a mapped ELF file from memory. (watcher)
#pragma once
#include "unwind/modules.h"

// Fills in what the file's headers tell. `base` is the address of its first page.
void module__read(struct module *module, uintptr_t base);
// True when the same file is still mapped there.
bool module__is_there(const struct module *module);
