#define _GNU_SOURCE
#include "record/recording.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "record/checksum.h"
#include "record/memory_records.h"
#include "record/recording_file.h"
#include "record/records.h"
#include "sandbox/sandbox.h"
#include "signals/guard.h"

#define HEADER_SIZE 128

enum { STATE_RECORDING, STATE_CLOSED, STATE_FULL };
// The record with the checksum of the records before it. A batch of records gets one at this many bytes at the latest.
#define KIND_CHECK 13
#define CHECK_SIZE 6
#define BATCH_MOST (1u << 20)
// Before the program limits the length of files, its recording gets this length.
#define PREPARED (1ull << 30)

struct header {
  char magic[8];
  uint16_t major, minor;
  uint32_t size;
  _Atomic uint64_t committed;
  uint32_t pid, ppid;
  uint64_t start_monotonic, start_unix, interval;
  _Atomic uint32_t state;
  _Atomic uint32_t why;  // the errno for which it is full
  _Atomic uint64_t heartbeat, process_cpu;
  uint32_t sum;              // checksum of the fields that never change, from `major` on
  _Atomic uint32_t end_sum;  // checksum of the others, once they do not change any more; 0 before that
};

static struct {
  struct header *header;
  uint64_t end;      // bytes of records written, whether committed or not
  uint64_t checked;  // bytes of records in finished batches
  uint32_t batches;  // number of finished batches
  uint32_t sum;      // checksum of the unfinished batch
  uint64_t start;    // ns of CLOCK_MONOTONIC
  uint64_t cpu_base;
  uint32_t state, why;
  uint64_t heartbeat, process_cpu;  // as last written to the header
} out;

// Stores to the header, which fail when somebody has truncated the file.
#define HEADER_STORE(field, value)                                                             \
  do {                                                                                         \
    __typeof__(out.header->field) store_value = (value);                                       \
    guarded_write((void *)&out.header->field, (const void *)&store_value, sizeof store_value); \
  } while (0)

// Ends the recording for a reason, an errno; the program goes on.
static void stop(int why) {
  out.state = STATE_FULL;
  out.why = (uint32_t)why;
  HEADER_STORE(why, (uint32_t)why);
  HEADER_STORE(state, STATE_FULL);
}

static void write_bytes(const unsigned char *bytes, size_t size) {
  int error = recording_file_write(HEADER_SIZE + out.end, bytes, size);
  if (error) return stop(error);
  out.end += size;
}

// The checksum of a batch begins with its number, so that a missing or repeated batch is detected.
static void batch_begin(void) {
  uint32_t number = out.batches;
  out.sum = checksum(0, &number, sizeof number);
}

// Ends a batch. Readers ignore a batch without its checksum, so the checksum is written even when the file may not grow
// any more, as long as it fits into what is mapped.
static void check_write(void) {
  if (out.end == out.checked) return;
  unsigned char record[CHECK_SIZE] = {KIND_CHECK, sizeof out.sum};
  for (int i = 0; i < 4; i++) record[2 + i] = (unsigned char)(out.sum >> 8 * i);
  uint64_t end = out.end + sizeof record;
  if (out.state == STATE_RECORDING || recording_file_has_room(HEADER_SIZE + out.end, sizeof record))
    write_bytes(record, sizeof record);
  if (out.end == end) {
    out.checked = out.end;
    out.batches++;
    batch_begin();
  }
  out.end = out.checked;
}

void recording_append(const unsigned char *record, size_t size) {
  if (!out.header || out.state != STATE_RECORDING) return;
  write_bytes(record, size);
  // Part of a record is never committed.
  if (out.state == STATE_FULL) return check_write();
  out.sum = checksum(out.sum, record, size);
  if (out.end - out.checked >= BATCH_MOST) check_write();
}

bool recording_is_open(void) {
  return out.header;
}

uint64_t recording_time(uint64_t monotonic_ns) {
  return monotonic_ns > out.start ? monotonic_ns - out.start : 0;
}

uint64_t recording_process_cpu(void) {
  return clock_ns(CLOCK_PROCESS_CPUTIME_ID) - out.cpu_base;
}

void recording_set_cpu_base(uint64_t cpu_ns) {
  out.cpu_base = cpu_ns;
}

// The checksum of the fields that never change. Not of the magic, which is written last.
static uint32_t fixed_sum(const struct header *header) {
  const char *bytes = (const char *)header;
  uint32_t sum = checksum(0, bytes + 8, 8);
  return checksum(sum, bytes + 24, 32);
}

// The checksum of the other fields, as they are at the end.
static uint32_t end_sum(void) {
  uint64_t times[] = {out.heartbeat, out.process_cpu};
  uint32_t states[] = {out.state, out.why};
  uint32_t sum = checksum(0, &out.end, sizeof out.end);
  sum = checksum(sum, states, sizeof states);
  return checksum(sum, times, sizeof times);
}

bool recording_open(const char *directory, uint64_t interval_ns, bool *again) {
  int full;
  struct header *header = recording_file_make(directory, HEADER_SIZE, again, &full);
  if (!header) return false;
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
  recording_file_forget(out.header);
  records_reset();
  memory_records_reset();
  memset(&out, 0, sizeof out);
}

void recording_hold(void) {
  recording_file_hold();
}

void recording_release(void) {
  if (out.header) recording_file_end(HEADER_SIZE + out.end);
  recording_file_release();
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
  recording_file_end(HEADER_SIZE + out.end);
  let_go();
}

void recording_mark_closed(bool closed) {
  if (!out.header) return;
  if (!closed) HEADER_STORE(end_sum, 0);
  state_change(closed ? STATE_RECORDING : STATE_CLOSED, closed ? STATE_CLOSED : STATE_RECORDING);
  if (closed) HEADER_STORE(end_sum, end_sum());
}

void recording_prepare_for_limit(uint64_t limit) {
  if (out.header && limit < PREPARED && sandbox_allows(SANDBOX_RECORD)) recording_file_lengthen(PREPARED);
}

void recording_abandon(void) {
  recording_file_after_fork();
  if (out.header) let_go();
}
