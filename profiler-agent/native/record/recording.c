#define _GNU_SOURCE
#include "record/recording.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "record/checksum.h"
#include "signals/guard.h"
#include "record/record_writer.h"
#include "sample/ring.h"
#include "sandbox/sandbox.h"
#include "record/shared_room.h"

#define HEADER_SIZE 128
#define WINDOW SHARED_CHUNK

enum { STATE_RECORDING, STATE_CLOSED, STATE_FULL };
// Why a recording is full: somebody has cut the file off.
#define CUT_OFF ESTALE
// The record that says what those before it are, and how many bytes of records have one of their own at the least.
#define KIND_CHECK 13
#define CHECK_SIZE 6
#define BATCH_MOST (1u << 20)
// The file may be as long as this while the program may not make files any longer.
#define PREPARED (1ull << 30)

struct header {
  char magic[8];
  uint16_t major, minor;
  uint32_t size;
  _Atomic uint64_t committed;
  uint32_t pid, ppid;
  uint64_t start_monotonic, start_unix, interval;
  _Atomic uint32_t state;
  _Atomic uint32_t why;  // it is full: an errno
  _Atomic uint64_t heartbeat, process_cpu;
  uint32_t sum;              // of what never changes, from `major` on
  _Atomic uint32_t end_sum;  // of the rest, once it will not change any more; 0 before
};

// No file descriptor is kept: a program that closes every descriptor it has, as daemons do, and opens its own would
// otherwise find our writes in its files.
static struct {
  char path[4096];
  struct header *header;
  char *window;           // one window of the file at a time is mapped
  uint64_t window_start;  // its place in the file
  uint64_t end;           // bytes of records written, committed or not
  uint64_t checked;       // so many of them have a checksum that follows
  uint32_t batches;       // that have one
  uint32_t sum;           // of the batch that has none yet
  uint64_t start;         // CLOCK_MONOTONIC
  uint64_t cpu_base;
  uint32_t shared;  // the number of this recording in the shared room; 0 when it has a file of its own
  uint32_t state, why;
  uint64_t heartbeat, process_cpu;  // as the header has them
} out;
// The watcher's own descriptor of the file, in its own table; −1 when it has none. Only the watcher uses it.
static int held = -1;

// Stores to the header, which somebody may have cut off.
#define HEADER_STORE(field, value)                                                             \
  do {                                                                                         \
    __typeof__(out.header->field) store_value = (value);                                       \
    guarded_write((void *)&out.header->field, (const void *)&store_value, sizeof store_value); \
  } while (0)

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

// Bytes of an open file, or of the one at `path` when `file` is negative; −1 when that cannot be told. Not by the C
// library's names for these calls: old ones have no such functions that can be linked to.
static int64_t file_size(int file, const char *path) {
  struct stat now;
  long failed = file >= 0 ? syscall(SYS_fstat, file, &now) : syscall(SYS_newfstatat, AT_FDCWD, path, &now, 0);
  return failed ? -1 : (int64_t)now.st_size;
}

// Makes sure that the disk has room for this part of the file: a write to a shared mapping without room would be a
// SIGBUS in the program. Asking for room past the limit on file sizes would be a SIGXFSZ. Returns an errno, 0 when
// there is room.
static int room_make(int file, uint64_t start, uint64_t size) {
  struct rlimit limit;
  bool grows = (int64_t)(start + size) > file_size(file, NULL);
  if (grows && getrlimit(RLIMIT_FSIZE, &limit) == 0 && start + size > limit.rlim_cur) return EFBIG;
  return posix_fallocate(file, (off_t)start, (off_t)size);
}

// Nothing more is recorded; the program goes on.
static void stop(int why) {
  out.state = STATE_FULL;
  out.why = (uint32_t)why;
  HEADER_STORE(why, (uint32_t)why);
  HEADER_STORE(state, STATE_FULL);
}

// Maps the window that holds the file position, in the place of the one before: that takes no room that the program may
// have been denied (RLIMIT_AS).
static bool window_map(uint64_t position) {
  uint64_t start = position / WINDOW * WINDOW;
  if (out.shared) {
    void *window = shared_room_take(out.shared);
    if (!window) {
      stop(ENOSPC);
      return false;
    }
    out.window = window;
    out.window_start = start;
    return true;
  }
  int error, file = held >= 0 ? held : open(out.path, O_RDWR | O_CLOEXEC);
  if (file < 0) {
    stop(errno);
    return false;
  }
  error = room_make(file, start, WINDOW);
  if (!error) {
    int flags = out.window ? MAP_SHARED | MAP_FIXED : MAP_SHARED;
    void *window = mmap(out.window, WINDOW, PROT_READ | PROT_WRITE, flags, file, (off_t)start);
    error = window == MAP_FAILED ? errno : 0;
    if (!error) out.window = window;
  }
  if (file != held) close(file);
  if (error) {
    stop(error);
    return false;
  }
  out.window_start = start;
  return true;
}

static void write_bytes(const unsigned char *bytes, size_t size) {
  while (size) {
    uint64_t position = HEADER_SIZE + out.end;
    if ((!out.window || position - out.window_start >= WINDOW) && !window_map(position)) return;
    size_t offset = (size_t)(position - out.window_start), room = WINDOW - offset;
    size_t part = size < room ? size : room;
    if (!guarded_write(out.window + offset, bytes, part)) return stop(CUT_OFF);
    out.end += part;
    bytes += part;
    size -= part;
  }
}

// Whether the window that is mapped has room for so many bytes more.
static bool window_has_room(size_t size) {
  uint64_t position = HEADER_SIZE + out.end;
  return out.window && position >= out.window_start && position + size <= out.window_start + WINDOW;
}

// The checksum of a batch begins with its number: one that is missing, or comes twice, is noticed.
static void batch_begin(void) {
  uint32_t number = out.batches;
  out.sum = checksum(0, &number, sizeof number);
}

// Ends a batch: readers show none whose checksum is not there, so that is written even when the file may not grow.
static void check_write(void) {
  if (out.end == out.checked) return;
  unsigned char record[CHECK_SIZE] = {KIND_CHECK, sizeof out.sum};
  for (int i = 0; i < 4; i++) record[2 + i] = (unsigned char)(out.sum >> 8 * i);
  uint64_t end = out.end + sizeof record;
  if (out.state == STATE_RECORDING || window_has_room(sizeof record)) write_bytes(record, sizeof record);
  if (out.end == end) {
    out.checked = out.end;
    out.batches++;
    batch_begin();
  }
  out.end = out.checked;
}

void record_begin(void) {
  body = BODY;
}

void record_finish(uint8_t kind) {
  if (!out.header || out.state != STATE_RECORDING) return;
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
  if (out.state == STATE_FULL) {
    // Half a record is never committed.
    out.end = before;
    check_write();
    return;
  }
  out.sum = checksum(out.sum, scratch + BODY - size, size + length);
  if (out.end - out.checked >= BATCH_MOST) check_write();
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

// What stays as it is from the beginning: all but the magic, which is written last, and what changes while it records.
static uint32_t fixed_sum(const struct header *header) {
  const char *bytes = (const char *)header;
  uint32_t sum = checksum(0, bytes + 8, 8);
  return checksum(sum, bytes + 24, 32);
}

// What has changed, as it is at the end.
static uint32_t end_sum(void) {
  uint64_t times[] = {out.heartbeat, out.process_cpu};
  uint32_t states[] = {out.state, out.why};
  uint32_t sum = checksum(0, &out.end, sizeof out.end);
  sum = checksum(sum, states, sizeof states);
  return checksum(sum, times, sizeof times);
}

bool recording_open(const char *directory, uint64_t interval_ns, bool *again) {
  *again = false;
  struct header *header = NULL;
  int file = file_create(directory, again), error = 0, full = 0;
  if (file >= 0) {
    // Where there is room for little more than a header, the header alone says that the disk is full; where there is
    // none at all, an empty file says that something was to be here.
    error = room_make(file, 0, HEADER_SIZE);
    full = error ? 0 : room_make(file, 0, WINDOW);
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
  atomic_store(&header->heartbeat, out.heartbeat = out.start);
  checksum_prepare();
  batch_begin();
  header->sum = fixed_sum(header);
  if (full) stop(full);
  memcpy(header->magic, "LINESCP\n", 8);
  return true;
}

void recording_commit(void) {
  if (!out.header) return;
  check_write();
  out.heartbeat = clock_ns(CLOCK_MONOTONIC);
  out.process_cpu = recording_process_cpu();
  HEADER_STORE(heartbeat, out.heartbeat);
  HEADER_STORE(process_cpu, out.process_cpu);
  atomic_thread_fence(memory_order_release);
  HEADER_STORE(committed, out.end);
}

static void let_go(void) {
  window_unmap();
  if (!out.shared) munmap(out.header, 4096);
  records_reset();
  memory_records_reset();
  memset(&out, 0, sizeof out);
}

// When that fails the file is only longer than it needs to be.
static void room_give_back(void) {
  uint64_t size = HEADER_SIZE + out.end;
  window_unmap();
  if (out.shared || !out.header) return;
  // What is missing of one that was cut off does not come back by making it longer.
  bool longer = file_size(held, out.path) > (int64_t)size;
  if (longer && (held >= 0 ? ftruncate(held, (off_t)size) != 0 : truncate(out.path, (off_t)size) != 0)) errno = 0;
}

void recording_hold(void) {
  if (!out.shared) held = open(out.path, O_RDWR | O_CLOEXEC);
}

void recording_release(void) {
  room_give_back();
  if (held >= 0) close(held);
  held = -1;
}

static void state_change(uint32_t from, uint32_t to) {
  if (out.state != from) return;
  out.state = to;
  HEADER_STORE(state, to);
}

void recording_close(void) {
  if (!out.header) return;
  recording_commit();
  state_change(STATE_RECORDING, STATE_CLOSED);
  HEADER_STORE(end_sum, end_sum());
  room_give_back();
  let_go();
}

void recording_mark_closed(bool closed) {
  if (!out.header) return;
  if (!closed) HEADER_STORE(end_sum, 0);
  state_change(closed ? STATE_RECORDING : STATE_CLOSED, closed ? STATE_CLOSED : STATE_RECORDING);
  if (closed) HEADER_STORE(end_sum, end_sum());
}

void recording_prepare_for_limit(uint64_t limit) {
  int error = errno;
  int64_t size = -1;
  if (out.header && !out.shared && limit < PREPARED && sandbox_allows(SANDBOX_RECORD)) size = file_size(-1, out.path);
  if (size >= 0 && (uint64_t)size < PREPARED && truncate(out.path, (off_t)PREPARED) != 0) errno = 0;
  errno = error;
}

void recording_abandon(void) {
  held = -1;
  if (out.header) let_go();
}
