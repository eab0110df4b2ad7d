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

#include "interpreter.h"
#include "intern.h"
#include "modules.h"
#include "ring.h"
#include "sampler.h"

#define HEADER_SIZE 128
#define WINDOW (256u * 1024u)

enum { STATE_RECORDING, STATE_CLOSED, STATE_FULL };
enum {
  KIND_PROCESS = 1,
  KIND_THREAD,
  KIND_THREAD_END,
  KIND_CODE,
  KIND_STACK,
  KIND_MODULE,
  KIND_NATIVE,
  KIND_SAMPLE,
  KIND_STATS,
  KIND_END,
  KIND_NOTE,
};

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
  uint64_t last_sample;
  uint64_t cpu_base;
  uint32_t stacks, natives, modules;
  struct intern stack_ids, native_ids;
} out;

// A record is put together here, its payload at `body`, and copied to the file when it is complete.
static unsigned char scratch[RING_SIZE + 16];
#define BODY 16
static size_t body;

static void put_bytes(const void *bytes, size_t size) {
  if (size > sizeof scratch - body) return;
  memcpy(scratch + body, bytes, size);
  body += size;
}

static void put_u8(uint8_t value) {
  put_bytes(&value, 1);
}

static void put_varint(uint64_t value) {
  for (; value >= 0x80; value >>= 7) put_u8((uint8_t)(value | 0x80));
  put_u8((uint8_t)value);
}

static void put_svarint(int64_t value) {
  put_varint((uint64_t)value << 1 ^ (uint64_t)(value >> 63));
}

static void put_string(const char *text) {
  size_t length = strlen(text);
  put_varint(length);
  put_bytes(text, length);
}

static void window_unmap(void) {
  if (out.window) munmap(out.window, WINDOW);
  out.window = NULL;
}

// Maps the window that holds the file position, after making sure that the disk has room for it: a write to a shared
// mapping without room would be a SIGBUS in the program.
static bool window_map(uint64_t position) {
  window_unmap();
  uint64_t start = position / WINDOW * WINDOW;
  void *window = MAP_FAILED;
  int file = open(out.path, O_RDWR | O_CLOEXEC);
  if (file >= 0) {
    if (posix_fallocate(file, (off_t)start, WINDOW) == 0)
      window = mmap(NULL, WINDOW, PROT_READ | PROT_WRITE, MAP_SHARED, file, (off_t)start);
    close(file);
  }
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

static void record_begin(void) {
  body = BODY;
}

static void record_finish(uint8_t kind) {
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
static uint64_t process_cpu(void) {
  return clock_ns(CLOCK_PROCESS_CPUTIME_ID) - out.cpu_base;
}

void recording_set_cpu_base(uint64_t cpu_ns) {
  out.cpu_base = cpu_ns;
}

bool recording_open(const char *directory, uint64_t interval_ns, bool *again) {
  int file = -1;
  *again = false;
  for (int n = 0; n < 1000 && file < 0; n++) {
    char suffix[16] = "";
    if (n) snprintf(suffix, sizeof suffix, ".%d", n), *again = true;
    int length = snprintf(out.path, sizeof out.path, "%s/%d%s.lsp", directory, getpid(), suffix);
    if (length < 0 || (size_t)length >= sizeof out.path) {
      errno = ENAMETOOLONG;
      return false;
    }
    file = open(out.path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (file < 0 && errno != EEXIST) return false;
  }
  if (file < 0) return false;
  int error = posix_fallocate(file, 0, WINDOW);
  struct header *header = error ? MAP_FAILED : mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  close(file);
  if (header == MAP_FAILED) {
    if (error) errno = error;
    unlink(out.path);
    return false;
  }
  out.header = header;
  out.start = clock_ns(CLOCK_MONOTONIC);
  header->size = HEADER_SIZE;
  header->major = 1;
  header->pid = (uint32_t)getpid();
  header->ppid = (uint32_t)getppid();
  header->start_monotonic = out.start;
  header->start_unix = clock_ns(CLOCK_REALTIME);
  header->interval = interval_ns;
  atomic_store(&header->heartbeat, out.start);
  memcpy(header->magic, "LINESCP\n", 8);
  return true;
}

void recording_commit(void) {
  if (!out.header) return;
  atomic_store_explicit(&out.header->heartbeat, clock_ns(CLOCK_MONOTONIC), memory_order_relaxed);
  atomic_store_explicit(&out.header->process_cpu, process_cpu(), memory_order_relaxed);
  atomic_store_explicit(&out.header->committed, out.end, memory_order_release);
}

static void let_go(void) {
  window_unmap();
  munmap(out.header, 4096);
  intern__clear(&out.stack_ids);
  intern__clear(&out.native_ids);
  memset(&out, 0, sizeof out);
}

void recording_close(void) {
  if (!out.header) return;
  recording_commit();
  uint32_t recording = STATE_RECORDING;
  atomic_compare_exchange_strong(&out.header->state, &recording, STATE_CLOSED);
  // The room made in advance is given back; when that fails the file is only longer than it needs to be.
  if (truncate(out.path, (off_t)(HEADER_SIZE + out.end)) != 0) errno = 0;
  let_go();
}

void recording_mark_closed(bool closed) {
  if (!out.header) return;
  uint32_t from = closed ? STATE_RECORDING : STATE_CLOSED;
  atomic_compare_exchange_strong(&out.header->state, &from, closed ? STATE_CLOSED : STATE_RECORDING);
}

void recording_abandon(void) {
  if (out.header) let_go();
}

// The words of a NUL-separated /proc file.
static void put_arguments(void) {
  static char text[32 * 1024];
  ssize_t length = 0;
  int file = open("/proc/self/cmdline", O_RDONLY | O_CLOEXEC);
  if (file >= 0) {
    length = read(file, text, sizeof text - 1);
    close(file);
  }
  if (length < 0) length = 0;
  text[length] = 0;
  uint64_t count = 0;
  for (ssize_t i = 0; i < length; i++) count += text[i] == 0;
  put_varint(count);
  for (char *word = text; count--; word += strlen(word) + 1) put_string(word);
}

void record_process(const struct interpreter *python) {
  char text[4096];
  record_begin();
  put_varint(python->hexversion);
  put_string("native");
  put_string(python->version);
  ssize_t length = readlink("/proc/self/exe", text, sizeof text - 1);
  text[length > 0 ? length : 0] = 0;
  put_string(text);
  put_string(getcwd(text, sizeof text) ? text : "");
  put_arguments();
  put_string("x86_64");
  record_finish(KIND_PROCESS);
}

void record_thread(uint32_t id, int tid, uint64_t start, const char *name) {
  record_begin();
  put_varint(id);
  put_varint((uint64_t)tid);
  put_varint(recording_time(start));
  put_string(name);
  record_finish(KIND_THREAD);
}

void record_thread_end(uint32_t id, uint64_t end, uint64_t cpu) {
  record_begin();
  put_varint(id);
  put_varint(recording_time(end));
  put_varint(cpu);
  record_finish(KIND_THREAD_END);
}

// CPython's one-, two- and four-byte characters as UTF-8.
static void put_text(const unsigned char *data, uint32_t size, uint8_t width) {
  static unsigned char text[1 << 18];
  if (width == 1) {
    put_varint(size);
    put_bytes(data, size);
    return;
  }
  size_t length = 0;
  uint32_t step = width ? width : 1;
  for (uint32_t i = 0; i + step <= size && length + 4 < sizeof text; i += step) {
    uint32_t c = data[i];
    if (step >= 2) c |= (uint32_t)data[i + 1] << 8;
    if (step == 4) c |= (uint32_t)data[i + 2] << 16 | (uint32_t)data[i + 3] << 24;
    // Python keeps undecodable bytes of a file name as lone surrogates (PEP 383): give the bytes back.
    if (c >= 0xdc80 && c <= 0xdcff) {
      text[length++] = (unsigned char)(c - 0xdc00);
    } else if (c < 0x80) {
      text[length++] = (unsigned char)c;
    } else if (c < 0x800) {
      text[length++] = (unsigned char)(0xc0 | c >> 6);
      text[length++] = (unsigned char)(0x80 | (c & 63));
    } else if (c < 0x10000) {
      text[length++] = (unsigned char)(0xe0 | c >> 12);
      text[length++] = (unsigned char)(0x80 | (c >> 6 & 63));
      text[length++] = (unsigned char)(0x80 | (c & 63));
    } else {
      text[length++] = (unsigned char)(0xf0 | c >> 18);
      text[length++] = (unsigned char)(0x80 | (c >> 12 & 63));
      text[length++] = (unsigned char)(0x80 | (c >> 6 & 63));
      text[length++] = (unsigned char)(0x80 | (c & 63));
    }
  }
  put_varint(length);
  put_bytes(text, length);
}

void record_code(const struct entry_code *code) {
  record_begin();
  put_varint(code->id);
  put_varint((uint64_t)(code->first_line < 0 ? 0 : code->first_line));
  const unsigned char *data = (const unsigned char *)(code + 1);
  for (int i = 0; i < CODE_TABLE; i++) {
    put_text(data, code->length[i], code->width[i]);
    data += code->length[i];
  }
  put_varint(code->length[CODE_TABLE]);
  put_bytes(data, code->length[CODE_TABLE]);
  record_finish(KIND_CODE);
}

void record_note(int severity, const char *text) {
  record_begin();
  put_u8((uint8_t)severity);
  put_string(text);
  record_finish(KIND_NOTE);
}

void record_sample(const struct sample_record *sample) {
  record_begin();
  uint64_t time = recording_time(sample->time);
  put_varint(sample->thread);
  put_varint(sample->flags);
  put_svarint((int64_t)(time - out.last_sample));
  put_varint(sample->cpu);
  put_varint(sample->wall);
  put_varint(sample->system);
  put_varint(sample->stack);
  put_varint(sample->native);
  if (sample->native) put_u8(sample->opcode);
  out.last_sample = time;
  record_finish(KIND_SAMPLE);
}

void record_stats(const struct stats *stats) {
  record_begin();
  put_varint(recording_time(clock_ns(CLOCK_MONOTONIC)));
  put_varint(process_cpu());
  put_varint(stats->agent_cpu);
  put_varint(stats->samples);
  put_varint(stats->ticks);
  put_varint(stats->dropped);
  put_varint(stats->rejected);
  put_varint(stats->late);
  record_finish(KIND_STATS);
}

void record_end(int exit_status) {
  struct rusage usage = {0};
  getrusage(RUSAGE_SELF, &usage);
  record_begin();
  put_varint(recording_time(clock_ns(CLOCK_MONOTONIC)));
  put_svarint(exit_status);
  put_varint(process_cpu());
  put_varint((uint64_t)usage.ru_maxrss * 1024);
  record_finish(KIND_END);
}

uint32_t record_stack(uint32_t parent, uint32_t code, int32_t instruction) {
  uint64_t where = (uint64_t)code << 32 | (uint32_t)instruction;
  uint32_t id = intern__find_or_add(&out.stack_ids, parent, where, out.stacks + 1);
  if (id) return id;
  record_begin();
  put_varint(parent);
  put_varint(code);
  put_svarint(instruction);
  record_finish(KIND_STACK);
  return ++out.stacks;
}

static uint32_t record_module(struct module *module) {
  if (module->id) return module->id;
  record_begin();
  put_u8((uint8_t)module->kind);
  put_varint(module->bias);
  put_string(module->path);
  put_varint(module->build_id_size);
  put_bytes(module->build_id, module->build_id_size);
  record_finish(KIND_MODULE);
  return module->id = ++out.modules;
}

uint32_t record_native(uint32_t parent, uint64_t address) {
  uint32_t id = intern__find_or_add(&out.native_ids, parent, address, out.natives + 1);
  if (id) return id;
  uintptr_t pc = (uintptr_t)(address & ~NATIVE_IS_FUNCTION);
  const struct module_map *map = modules_current();
  int found = map ? module_map__find(map, pc) : -1;
  uint32_t module = found < 0 ? 0 : record_module(module_at((uint32_t)found));
  record_begin();
  put_varint(parent);
  put_varint(module);
  put_varint(module ? pc - module_at((uint32_t)found)->bias : pc);
  put_u8(address & NATIVE_IS_FUNCTION ? 0 : 1);
  record_finish(KIND_NATIVE);
  return ++out.natives;
}
