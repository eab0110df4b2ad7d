#define _GNU_SOURCE
#include "base.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "sandbox/sandbox.h"
#include "signals/guard.h"

double random_distance(uint64_t *state) {
  *state += 0x9e3779b97f4a7c15ull;
  // −ln(u) for u in (0, 1] without libm, from exponent and mantissa separately.
  union {
    double value;
    uint64_t bits;
  } u = {.value = (double)((mix64(*state) >> 11) + 1) * 0x1p-53};
  int exponent = (int)(u.bits >> 52) - 1023;
  u.bits = (u.bits & 0xfffffffffffffull) | 1023ull << 52;
  // ln of the mantissa, which is in [1, 2), by the series of the inverse hyperbolic tangent; the error is below 1e-8.
  double t = (u.value - 1) / (u.value + 1), square = t * t, sum = 0;
  for (int i = 15; i >= 1; i -= 2) sum = sum * square + 1.0 / i;
  return -(exponent * 0.69314718055994531 + 2 * t * sum);
}

uint64_t tick_ns(void) {
  static _Atomic uint64_t tick;
  uint64_t known = atomic_load_explicit(&tick, memory_order_relaxed);
  if (known) return known;
  struct timespec resolution;
  // Coarse clocks advance at each tick. When their resolution is not known, the longest tick is assumed.
  known = clock_getres(CLOCK_MONOTONIC_COARSE, &resolution) == 0 ? (uint64_t)resolution.tv_nsec : 10000000;
  atomic_store_explicit(&tick, known, memory_order_relaxed);
  return known;
}

void *pages_alloc(size_t size) {
  // By a system call: the agent's memory must not count as the program's.
  void *memory =
      (void *)syscall(SYS_mmap, NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  return memory == MAP_FAILED ? NULL : memory;
}

void pages_free(void *memory, size_t size) {
  if (memory) syscall(SYS_munmap, memory, size);
}

// Where a sandbox forbids process_vm_readv, or the kernel lacks it: reads through a file, with three system calls.
static bool memory_read_file(uintptr_t address, void *into, size_t size) {
  int file = open("/proc/self/mem", O_RDONLY | O_CLOEXEC);
  if (file < 0) return false;
  bool complete = pread(file, into, size, (off_t)address) == (ssize_t)size;
  close(file);
  return complete;
}

bool memory_read(uintptr_t address, void *into, size_t size) {
  static _Atomic bool refused;
  if (LIKELY(guard_active())) return guard_copy(into, (const void *)address, size);
  // A sandbox may end the process for a system call.
  if (!sandbox_allows(SANDBOX_RECORD)) return false;
  if (!atomic_load_explicit(&refused, memory_order_relaxed)) {
    struct iovec local = {into, size};
    struct iovec remote = {(void *)address, size};
    ssize_t length = process_vm_readv(getpid(), &local, 1, &remote, 1, 0);
    if (length >= 0 || errno != ENOSYS && errno != EPERM) return length == (ssize_t)size;
    atomic_store_explicit(&refused, true, memory_order_relaxed);
  }
  return memory_read_file(address, into, size);
}
