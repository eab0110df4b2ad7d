// The functions behind those of ours that have their names: the C library's own, or those of another library that is
// preloaded.
#pragma once
#include <dlfcn.h>

#include "base.h"

// NULL where there is none.
INLINE void *original(const char *name) {
  return dlsym(RTLD_NEXT, name);
}

// Has `prepare` look originals up, unless `last`, the one that it looks up last, is known: the constructor of another
// library may call our functions before ours has run.
INLINE void originals_prepare(void *last, void (*prepare)(void)) {
  if (UNLIKELY(!last)) prepare();
}
