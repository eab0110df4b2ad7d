// Finds the originals of interposed functions: the C library's, or those of another preloaded library.
#pragma once
#include <dlfcn.h>

#include "base.h"

// Returns the address of the next function of this name, NULL when there is none.
INLINE void *original(const char *name) {
  return dlsym(RTLD_NEXT, name);
}

// Calls `prepare`, which looks originals up, if `last`, the last one that it sets, is still NULL: another library's
// constructor may call our functions before ours has run.
INLINE void originals_prepare(void *last, void (*prepare)(void)) {
  if (UNLIKELY(!last)) prepare();
}
