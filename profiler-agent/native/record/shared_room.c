#define _GNU_SOURCE
#include "record/shared_room.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

// The file has this length and is mapped as a whole. Memory and space on the disk are used only for chunks that are
// written.
#define ROOM_SIZE (64u * 1024u * 1024u)
#define CHUNKS (ROOM_SIZE / SHARED_CHUNK - 1)

// The first chunk of the file; the others follow.
struct room {
  _Atomic uint32_t recordings, chunks;  // how many are taken
  uint64_t zero;
  _Atomic uint32_t owner[CHUNKS];  // the recording that a chunk belongs to, 0: free
};
static struct room *room;

void shared_room_prepare(const char *directory) {
  char path[4096];
  struct rlimit limit;
  struct stat about;
  // A process that is not root has no rights to give up.
  if (room || geteuid() != 0) return;
  if ((size_t)snprintf(path, sizeof path, "%s/shared.room", directory) >= sizeof path) return;
  // Exceeding the limit would raise a signal.
  if (getrlimit(RLIMIT_FSIZE, &limit) == 0 && limit.rlim_cur < ROOM_SIZE) return;
  int file = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (file < 0) return;
  // By a system call: old C libraries do not export this function.
  bool large = syscall(SYS_fstat, file, &about) == 0 && (uint64_t)about.st_size >= ROOM_SIZE;
  if (large || ftruncate(file, ROOM_SIZE) == 0) {
    // By a system call: the agent's mappings are not the program's memory.
    void *memory = (void *)syscall(SYS_mmap, NULL, ROOM_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    if (memory != MAP_FAILED) room = memory;
  }
  close(file);
}

uint32_t shared_room_begin(void) {
  return room ? atomic_fetch_add(&room->recordings, 1) + 1 : 0;
}

void *shared_room_take(uint32_t recording) {
  uint32_t index = atomic_load(&room->chunks);
  do
    if (index >= CHUNKS) return NULL;
  while (!atomic_compare_exchange_weak(&room->chunks, &index, index + 1));
  atomic_store(&room->owner[index], recording);
  return (char *)room + (size_t)(index + 1) * SHARED_CHUNK;
}
