// The records about GPUs, as profiler-agent/STREAM.md describes them. All functions run on the watcher. Times are ns of
// CLOCK_MONOTONIC. An unknown value is GPU_UNKNOWN (gpu/gpu_message.h).
#pragma once
#include "base.h"

// A device, the bytes of memory that it has, and its name.
void record_gpu_device(uint32_t device, uint64_t bytes, const char *name);
// Use of a device by the process in a stretch of time: ns that the device was busy, bytes of its memory that the
// process had, and ns of CPU time that the helper used.
void record_gpu_use(uint32_t device, uint64_t from, uint64_t until, uint64_t busy, uint64_t bytes, uint64_t cost);
