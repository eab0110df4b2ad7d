#define _GNU_SOURCE
#include "recording.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "record_writer.h"
#include "ring.h"
#include "shared_room.h"

#define HEADER_SIZE 128
#define WINDOW SHARED_CHUNK

enum { STATE_RECORDING, STATE_CLOSED, STATE_FULL };

struct header {
  char magic[8];
  uint16_t major, minor;
  uint32_t size;
  _Atomic uint64_t committed;
  uint32_t pid, ppid;
  uint64_t start_monotonic, start_unix, interval;
  _Atomic uint32_t state;
  uint32_t zero;
  _Atomic uint64_t heartbeat, process_cpu;
};

// No file descriptor is kept: a program that closes every descriptor it has, as daemons do, and opens its own would
// otherwise find our writes in its files.
static struct {
  char path[4096];
  struct header *header;
  char *window;           // one window of the file at a time is mapped
  uint64_t window_start;  // its place in the file
  uint64_t end;           // bytes of records written, committed or not
  uint64_t start;         // CLOCK_MONOTONIC
  uint64_t cpu_base;
  uint32_t shared;  // the number of this recording in the shared room; 0 when it has a file of its own
} out;
// The watcher's own descriptor of the file, in its own table; −1 when it has none. Only the watcher uses it.
static int held = -1;

// A record is put together here, its payload at `body`, and copied to the file when it is complete.
static unsigned char scratch[RING_SIZE + 16];
#define BODY 16
static size_t body;

void put_bytes(const void *bytes, size_t size) {
  if (size > sizeof scratch - body) return;
  memcpy(scratch + body, bytes, size);
  body += size;
}

void put_u8(uint8_t value) {
  put_bytes(&value, 1);
}

void put_varint(uint64_t value) {
  for (; value >= 0x80; value >>= 7) put_u8((uint8_t)(value | 0x80));
  put_u8((uint8_t)value);
}

void put_svarint(int64_t value) {
  put_varint((uint64_t)value << 1 ^ (uint64_t)(value >> 63));
}

void put_string(const char *text) {
  size_t length = strlen(text);
  put_varint(length);
  put_bytes(text, length);
}

static void window_unmap(void) {
  if (out.window && !out.shared) munmap(out.window, WINDOW);
  out.window = NULL;
}

// Makes sure that the disk has room for this part of the file: a write to a shared mapping without room would be a
// SIGBUS in the program. Asking for room past the limit on file sizes would be a SIGXFSZ. Returns an errno, 0 when
// there is room.
static int room_make(int file, uint64_t start, uint64_t size) {
  struct rlimit limit;
  if (getrlimit(RLIMIT_FSIZE, &limit) == 0 && start + size > limit.rlim_cur) return EFBIG;
  return posix_fallocate(file, (off_t)start, (off_t)size);
}

// Maps the window that holds the file position.
static bool window_map(uint64_t position) {
  window_unmap();
  uint64_t start = position / WINDOW * WINDOW;
  void *window = MAP_FAILED;
  int file = out.shared ? -1 : held >= 0 ? held : open(out.path, O_RDWR | O_CLOEXEC);
  if (file >= 0) {
    if (room_make(file, start, WINDOW) == 0)
      window = mmap(NULL, WINDOW, PROT_READ | PROT_WRITE, MAP_SHARED, file, (off_t)start);
    if (file != held) close(file);
  }
  if (out.shared && !(window = shared_room_take(out.shared))) window = MAP_FAILED;
  if (window == MAP_FAILED) {
    atomic_store(&out.header->state, STATE_FULL);
    return false;
  }
  out.window = window;
  out.window_start = start;
  return true;
}

static void write_bytes(const unsigned char *bytes, size_t size) {
  while (size) {
    uint64_t position = HEADER_SIZE + out.end;
    if ((!out.window || position - out.window_start >= WINDOW) && !window_map(position)) return;
    size_t offset = (size_t)(position - out.window_start), room = WINDOW - offset;
    size_t part = size < room ? size : room;
    memcpy(out.window + offset, bytes, part);
    out.end += part;
    bytes += part;
    size -= part;
  }
}

void record_begin(void) {
  body = BODY;
}

void record_finish(uint8_t kind) {
  if (!out.header || atomic_load(&out.header->state) != STATE_RECORDING) return;
  size_t length = body - BODY;
  unsigned char front[BODY];
  size_t size = 0;
  front[size++] = kind;
  size_t rest = length;
  for (; rest >= 0x80; rest >>= 7) front[size++] = (unsigned char)(rest | 0x80);
  front[size++] = (unsigned char)rest;
  memcpy(scratch + BODY - size, front, size);
  uint64_t before = out.end;
  write_bytes(scratch + BODY - size, size + length);
  // Half a record is never committed.
  if (atomic_load(&out.header->state) == STATE_FULL) out.end = before;
}

bool recording_is_open(void) {
  return out.header;
}

uint64_t recording_time(uint64_t monotonic_ns) {
  return monotonic_ns > out.start ? monotonic_ns - out.start : 0;
}

// CPU time of this process that belongs to what is recorded.
uint64_t recording_process_cpu(void) {
  return clock_ns(CLOCK_PROCESS_CPUTIME_ID) - out.cpu_base;
}

void recording_set_cpu_base(uint64_t cpu_ns) {
  out.cpu_base = cpu_ns;
}

// A new file for this process, or −1.
static int file_create(const char *directory, bool *again) {
  for (int n = 0; n < 1000; n++) {
    char suffix[16] = "";
    if (n) snprintf(suffix, sizeof suffix, ".%d", n), *again = true;
    int length = snprintf(out.path, sizeof out.path, "%s/%d%s.lsp", directory, getpid(), suffix);
    if (length < 0 || (size_t)length >= sizeof out.path) {
      errno = ENAMETOOLONG;
      return -1;
    }
    int file = open(out.path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (file >= 0 || errno != EEXIST) return file;
  }
  return -1;
}

// Where no file can be made any more: a place in the shared room.
static struct header *shared_begin(void) {
  int error = errno;
  out.shared = shared_room_begin();
  if (out.shared) out.window = shared_room_take(out.shared);
  if (!out.window) out.shared = 0;
  errno = error;
  return (struct header *)out.window;
}

bool recording_open(const char *directory, uint64_t interval_ns, bool *again) {
  *again = false;
  struct header *header = NULL;
  int file = file_create(directory, again), error = 0;
  bool full = false;
  if (file >= 0) {
    // Where there is room for little more than a header, the header alone says that the disk is full; where there is
    // none at all, an empty file says that something was to be here.
    error = room_make(file, 0, HEADER_SIZE);
    full = !error && room_make(file, 0, WINDOW) != 0;
    header = error ? MAP_FAILED : mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    close(file);
  } else {
    *again = false;
    header = shared_begin();
  }
  if (!header || header == MAP_FAILED) {
    if (error) errno = error;
    return false;
  }
  out.header = header;
  out.start = clock_ns(CLOCK_MONOTONIC);
  header->size = HEADER_SIZE;
  header->major = 1;
  header->minor = 2;
  header->pid = (uint32_t)getpid();
  header->ppid = (uint32_t)getppid();
  header->start_monotonic = out.start;
  header->start_unix = clock_ns(CLOCK_REALTIME);
  header->interval = interval_ns;
  atomic_store(&header->heartbeat, out.start);
  if (full) atomic_store(&header->state, STATE_FULL);
  memcpy(header->magic, "LINESCP\n", 8);
  return true;
}

void recording_commit(void) {
  if (!out.header) return;
  atomic_store_explicit(&out.header->heartbeat, clock_ns(CLOCK_MONOTONIC), memory_order_relaxed);
  atomic_store_explicit(&out.header->process_cpu, recording_process_cpu(), memory_order_relaxed);
  atomic_store_explicit(&out.header->committed, out.end, memory_order_release);
}

static void let_go(void) {
  window_unmap();
  if (!out.shared) munmap(out.header, 4096);
  records_reset();
  memory_records_reset();
  memset(&out, 0, sizeof out);
}

// The room made in advance; when that fails the file is only longer than it needs to be.
static void room_give_back(void) {
  off_t size = (off_t)(HEADER_SIZE + out.end);
  window_unmap();
  if (out.shared) return;
  if (held >= 0 ? ftruncate(held, size) != 0 : truncate(out.path, size) != 0) errno = 0;
}

void recording_hold(void) {
  if (!out.shared) held = open(out.path, O_RDWR | O_CLOEXEC);
}

void recording_release(void) {
  if (held < 0) return;
  room_give_back();
  close(held);
  held = -1;
}

void recording_close(void) {
  if (!out.header) return;
  recording_commit();
  uint32_t recording = STATE_RECORDING;
  atomic_compare_exchange_strong(&out.header->state, &recording, STATE_CLOSED);
  room_give_back();
  let_go();
}

void recording_mark_closed(bool closed) {
  if (!out.header) return;
  // It is made again when something is written after all.
  if (closed) room_give_back();
  uint32_t from = closed ? STATE_RECORDING : STATE_CLOSED;
  atomic_compare_exchange_strong(&out.header->state, &from, closed ? STATE_CLOSED : STATE_RECORDING);
}

void recording_abandon(void) {
  held = -1;
  if (out.header) let_go();
}
