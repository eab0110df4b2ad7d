// Stands in for libnvidia-ml.so.1 where there is no GPU: one device, used by the process that cuda_stand_in.c runs in.
// The macros make it old, restricted, or broken; the test says which.
#define _GNU_SOURCE
#include <stdlib.h>

#include "gpu_stand_in.h"

#ifndef INIT_RESULT
#define INIT_RESULT 0
#endif
#ifndef UTILIZATION_RESULT
#define UTILIZATION_RESULT 0
#endif
#ifndef RATES_RESULT
#define RATES_RESULT 0
#endif
// Added to the number of the process, as where the host counts differently; and how many others use the GPU.
#ifndef PID_OFFSET
#define PID_OFFSET 0
#endif
#ifndef OTHERS
#define OTHERS 0
#endif

#ifndef WITHOUT_INIT
int nvmlInit_v2(void) {
  // Nobody may take for figures what a library prints.
  puts("hello");
  fflush(stdout);
  return INIT_RESULT;
}
#endif

const char *nvmlErrorString(int code) {
  return code == 9 ? "Driver Not Loaded" : "Some Error";
}

int nvmlDeviceGetCount_v2(unsigned int *count) {
  *count = 1;
  return 0;
}

int nvmlDeviceGetHandleByIndex_v2(unsigned int index, void **device) {
  *device = gpu_state();
  return index == 0 && *device ? 0 : 2;
}

int nvmlDeviceGetName(void *device, char *name, unsigned int length) {
  (void)device;
  snprintf(name, length, "NVIDIA Stand-in");
  return 0;
}

int nvmlDeviceGetMemoryInfo(void *device, unsigned long long memory[3]) {
  (void)device;
  memory[0] = 8ull << 30;
  return 0;
}

static uint64_t busy_until(uint64_t now) {
  struct gpu_state *state = gpu_state();
  uint64_t end = now < state->until ? now : state->until;
  return state->before + (end > state->from ? end - state->from : 0);
}

// Percent of the time since a moment at or before which somebody asked.
static unsigned int percent_since(uint64_t then, uint64_t now) {
  static struct {
    uint64_t at, busy;
  } asked[64];
  static unsigned int count;
  uint64_t busy = busy_until(now), from = then, before = 0;
  for (unsigned int i = 0; i < 64; i++)
    // Times that come back have been cut to µs.
    if (asked[i].at && asked[i].at < then + 2000 && asked[i].busy >= before) before = asked[i].busy, from = asked[i].at;
  asked[count].at = now;
  asked[count].busy = busy;
  count = (count + 1) % 64;
  return now > from ? (unsigned int)(((busy - before) * 100 + (now - from) / 2) / (now - from)) : 0;
}

#ifndef WITHOUT_PROCESS_UTILIZATION
struct sample {
  unsigned int pid;
  unsigned long long stamp;
  unsigned int sm, memory, encoder, decoder;
};

int nvmlDeviceGetProcessUtilization(void *device, struct sample *samples, unsigned int *count, unsigned long long last) {
  (void)device;
#ifdef CRASH
  abort();
#endif
  if (UTILIZATION_RESULT) return UTILIZATION_RESULT;
  uint64_t now = clock_read(CLOCK_MONOTONIC), offset = clock_read(CLOCK_REALTIME) - now;
  unsigned int percent = percent_since(last * 1000 - offset, now);
  if (!percent) return 6;
  samples[0] = (struct sample){gpu_state()->pid + PID_OFFSET, (now + offset) / 1000, percent, 0, 0, 0};
  *count = 1;
  return 0;
}
#endif

int nvmlDeviceGetUtilizationRates(void *device, unsigned int rates[2]) {
  (void)device;
  uint64_t now = clock_read(CLOCK_MONOTONIC);
  rates[0] = percent_since(now - 100000000u, now);
  return RATES_RESULT;
}

// `size` bytes for each process, all of them written.
static int list(unsigned char *into, unsigned int *count, size_t size) {
  unsigned long long bytes = gpu_state()->bytes;
  *count = bytes ? 1 + OTHERS : 0;
  for (unsigned int i = 0; i < *count; i++, into += size) {
    unsigned int pid = gpu_state()->pid + PID_OFFSET + i;
    memset(into, 0, size);
    memcpy(into, &pid, sizeof pid);
    memcpy(into + 8, &bytes, sizeof bytes);
  }
  return 0;
}

#if defined(FIRST_VERSION)
int nvmlDeviceGetComputeRunningProcesses(void *device, unsigned int *count, void *into) {
  (void)device;
  return list(into, count, 16);
}
#elif defined(THIRD_VERSION)
int nvmlDeviceGetComputeRunningProcesses_v3(void *device, unsigned int *count, void *into) {
  (void)device;
  return list(into, count, THIRD_VERSION);
}
#else
int nvmlDeviceGetComputeRunningProcesses_v2(void *device, unsigned int *count, void *into) {
  (void)device;
  return list(into, count, 24);
}
#endif
