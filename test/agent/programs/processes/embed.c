// A program that is not Python and loads it: embed LIBRARY global|local PYTHON ARGUMENTS...
#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

int main(int count, char **words) {
  int scope = strcmp(words[2], "global") == 0 ? RTLD_GLOBAL : RTLD_LOCAL;
  void *library = dlopen(words[1], RTLD_NOW | scope);
  int (*python)(int, char **) = library ? (int (*)(int, char **))dlsym(library, "Py_BytesMain") : NULL;
  if (!python) {
    fprintf(stderr, "%s\n", dlerror());
    return 99;
  }
  return python(count - 3, words + 3);
}
