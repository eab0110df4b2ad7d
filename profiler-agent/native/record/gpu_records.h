// The records of GPUs of profiler-agent/STREAM.md. (watcher)
#pragma once
#include "base.h"

// What is not known is GPU_UNKNOWN (gpu/gpu_message.h).
void record_gpu_device(uint32_t device, uint64_t bytes, const char *name);
void record_gpu_use(uint32_t device, uint64_t from, uint64_t until, uint64_t busy, uint64_t bytes, uint64_t cost);
