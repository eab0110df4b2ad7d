// Where a thread was last seen: by a look of the watcher, or by its last sample.
#pragma once
#include "base.h"

// The place of a sample: flags (sample/sampler.h), ids of its stack and native frames in the recording, and the opcode
// of the innermost Python frame.
struct sample_place {
  uint32_t flags, stack, native;
  uint8_t opcode;
};

// What the accounts of CPU time, queue time and waiting share. Only the watcher uses it.
struct last_look {
  uint64_t at;                // when the watcher last looked, ns of CLOCK_MONOTONIC; written by observe.c
  uint64_t cpu;               // the thread's CPU clock then, in ns; written by observe.c
  struct sample_place place;  // written by samples.c, and by observe.c for a thread that waits or has no core
};
