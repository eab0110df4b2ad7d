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
// The record that ends a batch: the checksum of the batch. At this many bytes a batch is ended at the latest.
#define KIND_CHECK 13
#define CHECK_SIZE 6
#define BATCH_BYTES_MAX (1u << 20)
// The recording gets this length before the program limits the length of files.
#define PREPARED_SIZE (1ull << 30)

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
} recording;

// Stores to the header, which fail when somebody has truncated the file.
#define HEADER_STORE(field, value)                                                                   \
  do {                                                                                               \
    __typeof__(recording.header->field) store_value = (value);                                       \
    guarded_write((void *)&recording.header->field, (const void *)&store_value, sizeof store_value); \
  } while (0)

// Ends the recording for a reason, an errno; the program goes on.
static void stop(int why) {
  recording.state = STATE_FULL;
  recording.why = (uint32_t)why;
  HEADER_STORE(why, (uint32_t)why);
  HEADER_STORE(state, STATE_FULL);
}

static void write_bytes(const unsigned char *bytes, size_t size) {
  int error = recording_file_write(HEADER_SIZE + recording.end, bytes, size);
  if (error) return stop(error);
  recording.end += size;
}

// The checksum of a batch begins with its number, so that a missing or repeated batch is detected.
static void batch_begin(void) {
  uint32_t number = recording.batches;
  recording.sum = checksum(0, &number, sizeof number);
}

// Ends a batch. Readers ignore a batch without its checksum, so the checksum is written even when the file may not grow
// any more, as long as it fits into what is mapped.
static void check_write(void) {
  if (recording.end == recording.checked) return;
  unsigned char record[CHECK_SIZE] = {KIND_CHECK, sizeof recording.sum};
  for (int i = 0; i < 4; i++) record[2 + i] = (unsigned char)(recording.sum >> 8 * i);
  uint64_t end = recording.end + sizeof record;
  if (recording.state == STATE_RECORDING || recording_file_has_room(HEADER_SIZE + recording.end, sizeof record))
    write_bytes(record, sizeof record);
  if (recording.end == end) {
    recording.checked = recording.end;
    recording.batches++;
    batch_begin();
  }
  recording.end = recording.checked;
}

void recording_append(const unsigned char *record, size_t size) {
  if (!recording.header || recording.state != STATE_RECORDING) return;
  write_bytes(record, size);
  // Part of a record is never committed.
  if (recording.state == STATE_FULL) return check_write();
  recording.sum = checksum(recording.sum, record, size);
  if (recording.end - recording.checked >= BATCH_BYTES_MAX) check_write();
}

bool recording_is_open(void) {
  return recording.header;
}

uint64_t recording_time(uint64_t monotonic_ns) {
  return monotonic_ns > recording.start ? monotonic_ns - recording.start : 0;
}

uint64_t recording_process_cpu(void) {
  return clock_ns(CLOCK_PROCESS_CPUTIME_ID) - recording.cpu_base;
}

void recording_set_cpu_base(uint64_t cpu_ns) {
  recording.cpu_base = cpu_ns;
}

// Returns the checksum of the fields that never change, but for the magic, which is written last.
static uint32_t fixed_sum(const struct header *header) {
  const char *bytes = (const char *)header;
  uint32_t sum = checksum(0, bytes + 8, 8);
  return checksum(sum, bytes + 24, 32);
}

// Returns the checksum of the other fields, as they are at the end.
static uint32_t end_sum(void) {
  uint64_t times[] = {recording.heartbeat, recording.process_cpu};
  uint32_t states[] = {recording.state, recording.why};
  uint32_t sum = checksum(0, &recording.end, sizeof recording.end);
  sum = checksum(sum, states, sizeof states);
  return checksum(sum, times, sizeof times);
}

bool recording_open(const char *directory, uint64_t interval_ns, bool *again) {
  int full;
  struct header *header = recording_file_make(directory, HEADER_SIZE, again, &full);
  if (!header) return false;
  recording.header = header;
  recording.start = clock_ns(CLOCK_MONOTONIC);
  header->size = HEADER_SIZE;
  header->major = 1;
  header->minor = 2;
  header->pid = (uint32_t)getpid();
  header->ppid = (uint32_t)getppid();
  header->start_monotonic = recording.start;
  header->start_unix = clock_ns(CLOCK_REALTIME);
  header->interval = interval_ns;
  atomic_store(&header->heartbeat, recording.heartbeat = recording.start);
  checksum_prepare();
  batch_begin();
  header->sum = fixed_sum(header);
  if (full) stop(full);
  memcpy(header->magic, "LINESCP\n", 8);
  return true;
}

void recording_commit(void) {
  if (!recording.header) return;
  check_write();
  recording.heartbeat = clock_ns(CLOCK_MONOTONIC);
  recording.process_cpu = recording_process_cpu();
  HEADER_STORE(heartbeat, recording.heartbeat);
  HEADER_STORE(process_cpu, recording.process_cpu);
  atomic_thread_fence(memory_order_release);
  HEADER_STORE(committed, recording.end);
}

static void recording_forget(void) {
  recording_file_forget(recording.header);
  records_reset();
  memory_records_reset();
  memset(&recording, 0, sizeof recording);
}

void recording_hold(void) {
  recording_file_hold();
}

void recording_release(void) {
  if (recording.header) recording_file_end(HEADER_SIZE + recording.end);
  recording_file_release();
}

static void state_change(uint32_t from, uint32_t to) {
  if (recording.state != from) return;
  recording.state = to;
  HEADER_STORE(state, to);
}

void recording_close(void) {
  if (!recording.header) return;
  recording_commit();
  state_change(STATE_RECORDING, STATE_CLOSED);
  HEADER_STORE(end_sum, end_sum());
  recording_file_end(HEADER_SIZE + recording.end);
  recording_forget();
}

void recording_mark_closed(bool closed) {
  if (!recording.header) return;
  if (!closed) HEADER_STORE(end_sum, 0);
  state_change(closed ? STATE_RECORDING : STATE_CLOSED, closed ? STATE_CLOSED : STATE_RECORDING);
  if (closed) HEADER_STORE(end_sum, end_sum());
}

void recording_prepare_for_limit(uint64_t limit) {
  if (recording.header && limit < PREPARED_SIZE && sandbox_allows(SANDBOX_RECORD))
    recording_file_lengthen(PREPARED_SIZE);
}

void recording_abandon(void) {
  recording_file_after_fork();
  if (recording.header) recording_forget();
}
