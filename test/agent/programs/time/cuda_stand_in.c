// Stands in for libcuda.so.1 where there is no GPU: a GPU that is busy while it is waited for.
#define _GNU_SOURCE
#include "gpu_stand_in.h"

static void spin(uint64_t ns) {
  uint64_t until = clock_read(CLOCK_THREAD_CPUTIME_ID) + ns;
  while (clock_read(CLOCK_THREAD_CPUTIME_ID) < until);
}

int cuInit(unsigned int flags) {
  (void)flags;
  gpu_state();
  // Starting the driver takes a while, and a process with a context has its memory mapped.
  spin(60 * 1000000ull);
  map_file("nvidia-uvm", O_RDWR);
  return 0;
}

int cuMemAlloc(uint64_t bytes) {
  gpu_state()->pid = (unsigned int)getpid();
  gpu_state()->bytes += bytes;
  return 0;
}

// Keeps the GPU busy for so many ms, and waits for it: at work or asleep.
int cuCtxSynchronize(int ms, int asleep) {
  struct gpu_state *state = gpu_state();
  uint64_t now = clock_read(CLOCK_MONOTONIC), before = state->until - state->from;
  state->pid = (unsigned int)getpid();
  state->from = state->until = now;
  state->before += before;
  state->until = now + (uint64_t)ms * 1000000u;
  while (clock_read(CLOCK_MONOTONIC) < state->until)
    if (asleep) usleep(1000);
  return 0;
}
