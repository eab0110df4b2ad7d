// Reading structures of the program, which may be gone, or be something else by now.
#pragma once
#include "base.h"
#include "guard.h"

// Copies `size` bytes. False when they cannot be read, which is no reason to stop. `remote` is for a thread's own
// stack as another thread reads it, through the kernel. (signal when not remote)
INLINE bool foreign_read(bool remote, uintptr_t from, void *into, size_t size) {
  return UNLIKELY(remote) ? memory_read(from, into, size) : guarded_read(from, into, size);
}
