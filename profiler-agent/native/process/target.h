// The program that is about to be started, and whether our library can be loaded into it. Where it cannot the loader
// would say so on the program's own standard error, or not start it at all.
#pragma once
#include "base.h"

// A path (relative to the folder `file`, which may be AT_FDCWD), or a name to be looked for in PATH (`search`); or an
// open file (`path` NULL or empty).
struct target {
  int file;
  const char *path;
  bool search;
};

enum target_kind {
  TARGET_TAKES_US,      // as far as can be known
  TARGET_IS_OTHER,      // made for another processor, for 32 bits, or for another C library
  TARGET_HAS_RIGHTS,    // that its caller does not have: the loader does not heed its environment
  TARGET_OUT_OF_REACH,  // our library cannot be read from here, or nothing be recorded
  TARGET_IS_SANDBOXED,  // it begins under a filter that forbids what recording takes
};

// `library` has to be read, and a file made in the folder `recordings`. Allocates nothing, locks nothing.
enum target_kind target_look(const struct target *target, const char *library, const char *recordings);
