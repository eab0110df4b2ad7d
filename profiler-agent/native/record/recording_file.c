#define _GNU_SOURCE
#include "record/recording_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "record/shared_room.h"
#include "signals/guard.h"

#define WINDOW SHARED_CHUNK
// Bytes of the mapping for the header.
#define HEADER_PAGE 4096

// No descriptor stays open in the program's table: programs such as daemons close all descriptors and open their own,
// so our writes would go to the program's files.
static struct {
  char path[4096];
  char *window;           // the mapped part of the file, WINDOW bytes
  uint64_t window_start;  // its position in the file
  uint32_t shared;        // the number of this recording in the shared room, 0: it has a file of its own
} mapped;
// The file's descriptor in the watcher's own table, −1: none. Only the watcher uses it.
static int held = -1;

static void window_unmap(void) {
  if (mapped.window && !mapped.shared) munmap(mapped.window, WINDOW);
  mapped.window = NULL;
}

// Returns the bytes of an open file, or of the one at `path` when `file` is negative; −1 when they are not known. By
// system calls: old C libraries do not export these functions.
static int64_t file_size(int file, const char *path) {
  struct stat now;
  long failed = file >= 0 ? syscall(SYS_fstat, file, &now) : syscall(SYS_newfstatat, AT_FDCWD, path, &now, 0);
  return failed ? -1 : (int64_t)now.st_size;
}

// Reserves space on the disk for a part of the file: without space, a store to the mapping would raise SIGBUS in the
// program. Reserving beyond the limit on file sizes would raise SIGXFSZ, so that is checked first. Returns 0, or an
// errno.
static int room_make(int file, uint64_t start, uint64_t size) {
  struct rlimit limit;
  bool grows = (int64_t)(start + size) > file_size(file, NULL);
  if (grows && getrlimit(RLIMIT_FSIZE, &limit) == 0 && start + size > limit.rlim_cur) return EFBIG;
  return posix_fallocate(file, (off_t)start, (off_t)size);
}

// Maps the window that has this position. It takes the addresses of the last window, because a limit on address space
// (RLIMIT_AS) may leave no others. Returns 0, or an errno.
static int window_map(uint64_t position) {
  uint64_t start = position / WINDOW * WINDOW;
  if (mapped.shared) {
    void *window = shared_room_take(mapped.shared);
    if (!window) return ENOSPC;
    mapped.window = window;
    mapped.window_start = start;
    return 0;
  }
  int error, file = held >= 0 ? held : open(mapped.path, O_RDWR | O_CLOEXEC);
  if (file < 0) return errno;
  error = room_make(file, start, WINDOW);
  if (!error) {
    int flags = mapped.window ? MAP_SHARED | MAP_FIXED : MAP_SHARED;
    void *window = mmap(mapped.window, WINDOW, PROT_READ | PROT_WRITE, flags, file, (off_t)start);
    error = window == MAP_FAILED ? errno : 0;
    if (!error) mapped.window = window;
  }
  if (file != held) close(file);
  if (!error) mapped.window_start = start;
  return error;
}

int recording_file_write(uint64_t position, const unsigned char *bytes, size_t size) {
  while (size) {
    if (!mapped.window || position - mapped.window_start >= WINDOW) {
      int error = window_map(position);
      if (error) return error;
    }
    size_t offset = (size_t)(position - mapped.window_start), room = WINDOW - offset;
    size_t part = size < room ? size : room;
    if (!guarded_write(mapped.window + offset, bytes, part)) return ESTALE;
    position += part;
    bytes += part;
    size -= part;
  }
  return 0;
}

bool recording_file_has_room(uint64_t position, size_t size) {
  return mapped.window && position >= mapped.window_start && position + size <= mapped.window_start + WINDOW;
}

// Creates a new file for this process. Returns its descriptor, or −1.
static int file_create(const char *directory, bool *again) {
  for (int n = 0; n < 1000; n++) {
    char suffix[16] = "";
    if (n) snprintf(suffix, sizeof suffix, ".%d", n), *again = true;
    int length = snprintf(mapped.path, sizeof mapped.path, "%s/%d%s.lsp", directory, getpid(), suffix);
    if (length < 0 || (size_t)length >= sizeof mapped.path) {
      errno = ENAMETOOLONG;
      return -1;
    }
    int file = open(mapped.path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (file >= 0 || errno != EEXIST) return file;
  }
  return -1;
}

// When no file can be created any more: takes a place in the shared room. Returns its first chunk, or NULL.
static void *shared_begin(void) {
  int error = errno;
  mapped.shared = shared_room_begin();
  if (mapped.shared) mapped.window = shared_room_take(mapped.shared);
  if (!mapped.window) mapped.shared = 0;
  errno = error;
  return mapped.window;
}

void *recording_file_make(const char *directory, size_t header_size, bool *again, int *full) {
  *again = false;
  *full = 0;
  int file = file_create(directory, again);
  if (file < 0) {
    *again = false;
    return shared_begin();
  }
  // If the disk has space for little more than the header, the header alone tells that the disk is full. If it has
  // none, the empty file shows that a process was to be recorded.
  int error = room_make(file, 0, header_size);
  if (!error) *full = room_make(file, 0, WINDOW);
  void *header = error ? MAP_FAILED : mmap(NULL, HEADER_PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  close(file);
  if (error) errno = error;
  return header == MAP_FAILED ? NULL : header;
}

// Should this fail, the file is only longer than necessary.
void recording_file_end(uint64_t size) {
  window_unmap();
  if (mapped.shared) return;
  // A truncated file stays truncated: making it longer would not bring its records back.
  bool longer = file_size(held, mapped.path) > (int64_t)size;
  if (longer && (held >= 0 ? ftruncate(held, (off_t)size) != 0 : truncate(mapped.path, (off_t)size) != 0)) errno = 0;
}

void recording_file_lengthen(uint64_t wanted) {
  int error = errno;
  int64_t size = mapped.shared ? -1 : file_size(-1, mapped.path);
  if (size >= 0 && (uint64_t)size < wanted && truncate(mapped.path, (off_t)wanted) != 0) errno = 0;
  errno = error;
}

void recording_file_hold(void) {
  if (!mapped.shared) held = open(mapped.path, O_RDWR | O_CLOEXEC);
}

void recording_file_release(void) {
  if (held >= 0) close(held);
  held = -1;
}

void recording_file_forget(void *header) {
  window_unmap();
  if (!mapped.shared) munmap(header, HEADER_PAGE);
  memset(&mapped, 0, sizeof mapped);
}

void recording_file_after_fork(void) {
  held = -1;
}
