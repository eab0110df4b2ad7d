// The records about GPUs, kinds 36 and 37 of profiler-agent/STREAM.md.
#include "record/gpu_records.h"

#include "gpu/gpu_message.h"
#include "record/record_writer.h"
#include "record/recording.h"

enum { KIND_GPU_DEVICE = 36, KIND_GPU_USE };

void record_gpu_device(uint32_t device, uint64_t bytes, const char *name) {
  record_begin();
  put_varint(device);
  put_varint(bytes);
  put_string(name);
  record_finish(KIND_GPU_DEVICE);
}

void record_gpu_use(uint32_t device, uint64_t from, uint64_t until, uint64_t busy, uint64_t bytes, uint64_t cost) {
  uint64_t start = recording_time(from), end = recording_time(until);
  record_begin();
  put_varint(device);
  put_varint(start);
  put_varint(end > start ? end - start : 0);
  // Known values are written plus 1, so that 0 can stand for an unknown one.
  put_varint(busy == GPU_UNKNOWN ? 0 : busy + 1);
  put_varint(bytes == GPU_UNKNOWN ? 0 : bytes + 1);
  put_varint(cost);
  record_finish(KIND_GPU_USE);
}
