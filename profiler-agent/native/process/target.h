// The program that is about to be started: can it load our library? If not, the loader would complain on the program's
// standard error, or not start the program.
#pragma once
#include "base.h"

// How the program is named. By a path, relative to the folder `file` (or AT_FDCWD); by a name to look up in PATH
// (`search`); or by the open file `file` (`path` is NULL or empty).
struct target {
  int file;
  const char *path;
  bool search;
};

enum target_kind {
  TARGET_TAKES_US,      // it can, as far as is known
  TARGET_IS_OTHER,      // it is for another processor, for 32 bits, or for another C library
  TARGET_HAS_RIGHTS,    // it gets rights that its caller does not have, so the loader ignores our variables
  TARGET_OUT_OF_REACH,  // it could not read our library or write a recording
  TARGET_IS_SANDBOXED,  // it starts under a filter that forbids the system calls for recording
};

// Looks at a program. It must be able to read `library` and to create files in the folder `recordings`. Takes no lock
// and allocates nothing. (program's threads)
enum target_kind target_look(const struct target *target, const char *library, const char *recordings);
