// Facts about a mapped ELF file, from where it lies in memory.
#pragma once
#include "unwind/modules.h"

// Fills in what the file says of itself. `base` is where its first page is mapped.
void module__read(struct module *self, uintptr_t base);
// Whether it is still mapped there, and not something else.
bool module__is_there(const struct module *self);
