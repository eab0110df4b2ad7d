// One GPU: how much of it the process has, and how busy it keeps it.
#pragma once
#include <stdbool.h>
#include <stdint.h>

#include "identity.h"
#include "nvml.h"

enum how_busy { BUSY_BY_PROCESS, BUSY_OF_DEVICE, BUSY_UNKNOWN };

struct device {
  nvmlDevice_t handle;
  uint64_t total;  // bytes of memory, 0 = not known
  char name[NVML_DEVICE_NAME_V2_BUFFER_SIZE];

  bool introduced;            // it has been written that the process uses it
  enum how_busy how;          // how busyness is to be had
  unsigned int errors;        // one after the other
  uint64_t stamp;             // of the last utilisation by process, by the driver's clock, µs
  uint64_t told;              // the end of that, ns of CLOCK_MONOTONIC
  uint64_t polled;            // the last look, likewise
  uint64_t said, said_bytes;  // when its use was last told, and the memory

  // What the last look at its processes found.
  unsigned int processes, foreign;  // all of them, and those whose number nobody has here
  unsigned int stranger;            // one of these
  bool mine;                        // the process is among them
  uint64_t bytes;                   // what it has, or GPU_UNKNOWN
};

struct use {
  uint64_t from, until, busy;
};

void device_open(struct device *self, const struct nvml *nvml, nvmlDevice_t handle, uint64_t now);
// Looks at the processes that use it.
void device__look(struct device *self, struct nvml *nvml, const struct identity *who);
// How busy the process has kept it since that was last known. Returns false when there is no news. *why is set to what
// the person has to know of these figures, once.
bool device__ask(struct device *self, const struct nvml *nvml, const struct identity *who, uint64_t now,
                 struct use *use, const char **why);
