// Which of the processes that the driver lists is the one that is measured.
//
// A driver may number processes as the host does while the program lives in a container with numbers of its own. The
// host's number is not to be had in there, but two facts together tell: the program has the driver's memory mapped, so
// it is on the list; and when the list holds a single process, of a number that nobody has here, that is the one.
#pragma once
#include <stdbool.h>
#include <sys/types.h>

#define NAMES_MAX 8

struct identity {
  pid_t pid;                      // as it is called here
  unsigned int names[NAMES_MAX];  // in every namespace that can be seen from here
  unsigned int count;
  unsigned int alias;  // as the driver calls it, where that is none of the names; 0 = it is, or is not known
};

void identity_find(struct identity *self, pid_t pid);
bool identity__is(const struct identity *self, unsigned int pid);
// Nobody here has this number.
bool process_is_elsewhere(unsigned int pid);
// The process has the driver's memory mapped, as one with a CUDA context has.
bool identity__has_context(const struct identity *self);
