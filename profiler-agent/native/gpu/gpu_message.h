// Messages of the GPU helper (../../gpu) to the watcher that started it, through a pipe. Each is sent with one write,
// which a pipe never splits.
#pragma once
#include <limits.h>
#include <stdint.h>

enum gpu_message_kind {
  GPU_DEVICE = 1,  // a GPU that the process uses: device, bytes of its memory (0: not known), its name as text
  GPU_USE,         // its use: device, from, until, busy, bytes, cost
  GPU_NOTE,        // a sentence for the user, as text
  GPU_END,         // no more messages will come
};

#define GPU_UNKNOWN UINT64_MAX

struct gpu_message {
  uint32_t kind, device;
  uint64_t from, until;  // ns of CLOCK_MONOTONIC
  uint64_t busy;         // ns of that time in which the process kept the GPU busy, or GPU_UNKNOWN
  uint64_t bytes;        // device memory of the process, or GPU_UNKNOWN
  uint64_t cost;         // ns of CPU time that the helper has used so far
  char text[320];
};

_Static_assert(sizeof(struct gpu_message) <= 512, "POSIX promises that a pipe takes 512 bytes at once");
