// Which of the processes that the driver lists is the measured one.
//
// In a container the driver may list processes by the host's pids, which the container cannot see. Two facts together
// still tell: the measured process has the driver's memory mapped, so the driver lists it; and if the driver lists a
// single process, whose pid no process has in this pid namespace, then that is the measured one.
#pragma once
#include <stdbool.h>
#include <sys/types.h>

#define PIDS_MAX 8

struct identity {
  pid_t pid;                    // in this pid namespace
  unsigned int pids[PIDS_MAX];  // in this pid namespace and those below it
  unsigned int count;           // of pids
  unsigned int driver_pid;      // the driver's pid of the process, if that is none of pids; 0: unknown, or one of them
};

void identity_find(struct identity *identity, pid_t pid);
// True when a pid of the driver is that of the measured process.
bool identity__is(const struct identity *identity, unsigned int pid);
// True when no process has this pid in this pid namespace.
bool process_is_elsewhere(unsigned int pid);
// True when the process has the driver's memory mapped, as every process with a CUDA context has.
bool identity__has_context(const struct identity *identity);
