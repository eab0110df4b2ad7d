#define _GNU_SOURCE
#include "base.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

void *pages_alloc(size_t size) {
  void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  return memory == MAP_FAILED ? NULL : memory;
}

void pages_free(void *memory, size_t size) {
  if (memory) munmap(memory, size);
}

// Where a sandbox knows no such system call, or forbids it, a file does the same for three.
static bool memory_read_file(uintptr_t address, void *into, size_t size) {
  int file = open("/proc/self/mem", O_RDONLY | O_CLOEXEC);
  if (file < 0) return false;
  bool complete = pread(file, into, size, (off_t)address) == (ssize_t)size;
  close(file);
  return complete;
}

bool memory_read(uintptr_t address, void *into, size_t size) {
  static _Atomic bool refused;
  if (!atomic_load_explicit(&refused, memory_order_relaxed)) {
    struct iovec local = {into, size};
    struct iovec remote = {(void *)address, size};
    ssize_t length = process_vm_readv(getpid(), &local, 1, &remote, 1, 0);
    if (length >= 0 || errno != ENOSYS && errno != EPERM) return length == (ssize_t)size;
    atomic_store_explicit(&refused, true, memory_order_relaxed);
  }
  return memory_read_file(address, into, size);
}
