#define _GNU_SOURCE
#include "base.h"

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

bool memory_read(uintptr_t address, void *into, size_t size) {
  struct iovec local = {into, size};
  struct iovec remote = {(void *)address, size};
  return process_vm_readv(getpid(), &local, 1, &remote, 1, 0) == (ssize_t)size;
}
