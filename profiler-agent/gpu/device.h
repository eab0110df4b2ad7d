// One GPU: how much of its memory the measured process has, and how busy the process keeps the GPU.
#pragma once
#include <stdbool.h>
#include <stdint.h>

#include "identity.h"
#include "nvml.h"

// Where busy time comes from: the driver's figure for the process, its figure for the whole GPU, or nowhere. A device
// begins with the first of them, and goes on to the next when the driver does not have it.
enum busy_source { BUSY_OF_PROCESS, BUSY_OF_DEVICE, BUSY_UNKNOWN };

struct device {
  nvmlDevice_t handle;
  uint64_t total;  // bytes of memory, 0 = unknown
  char name[NVML_DEVICE_NAME_V2_BUFFER_SIZE];

  bool is_announced;  // the watcher has been sent its name and size
  enum busy_source busy_source;
  unsigned int errors;      // failures in a row of asking for the busy time
  uint64_t last_sample_us;  // the last sample of the process's utilisation that was used, µs of the driver's clock
  uint64_t busy_until;      // the end of the time whose use is known, ns of CLOCK_MONOTONIC
  uint64_t asked_at;        // when the driver was last asked for the busy time, ns of CLOCK_MONOTONIC
  uint64_t sent_at;         // when the use was last sent to the watcher, ns of CLOCK_MONOTONIC
  uint64_t sent_bytes;      // the memory that was sent then

  // What device__look last found.
  unsigned int processes;    // that use the GPU
  unsigned int foreign;      // those of them whose pid no process has in this pid namespace
  unsigned int foreign_pid;  // one of the foreign pids
  bool is_used;              // by the measured process
  uint64_t bytes;            // GPU memory of the measured process, or GPU_UNKNOWN
};

// How long the process kept a GPU busy between two moments, ns.
struct use {
  uint64_t from, until, busy;
};

void device_open(struct device *device, const struct nvml *nvml, nvmlDevice_t handle, uint64_t now);
// Asks the driver which processes use the GPU.
void device__look(struct device *device, struct nvml *nvml, const struct identity *identity);
// Asks the driver how busy the process has kept the GPU since the last answer. Returns false when the driver has
// nothing new. Sets *why to a sentence for the user when busy times come from another source from now on.
bool device__ask(struct device *device, const struct nvml *nvml, const struct identity *identity, uint64_t now,
                 struct use *use, const char **why);
