// CPython 3.12 reads the number of threads in /proc/self/stat after a fork and warns when there are several. fopen is
// interposed to leave the watcher's thread out of that number.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base.h"
#include "cpython/selftest.h"
#include "late.h"
#include "lifecycle.h"
#include "originals.h"

static FILE *without_us(FILE *file, const char *path) {
  if (!file || strcmp(path, "/proc/self/stat") != 0 || !lifecycle_is_recorded()) return file;
  char text[2048], corrected[2048];
  size_t length = fread(text, 1, sizeof text - 1, file);
  text[length] = 0;
  rewind(file);
  // The command's name may contain anything, so fields are counted from its end. The number of threads is the 20th.
  char *at = strrchr(text, ')');
  for (int field = 2; at && field < 20; field++) at = strchr(at + 1, ' ');
  if (!at) return file;
  char *rest;
  long threads = strtol(at, &rest, 10);
  int size = snprintf(corrected, sizeof corrected, "%.*s %ld%s", (int)(at - text), text, threads - 1, rest);
  if (size <= 0 || (size_t)size >= sizeof corrected) return file;
  FILE *copy = fmemopen(NULL, (size_t)size + 1, "w+");
  if (!copy) return file;
  fwrite(corrected, 1, (size_t)size, copy);
  rewind(copy);
  fclose(file);
  return copy;
}

#define FOPEN(name)                                       \
  EXPORT FILE *name(const char *path, const char *mode) { \
    static FILE *(*real)(const char *, const char *);     \
    if (!real) real = original(#name);                    \
    late_look();                                          \
    if (lifecycle_is_recorded()) selftest_opening_file(); \
    return without_us(real(path, mode), path);            \
  }

FOPEN(fopen)
FOPEN(fopen64)
