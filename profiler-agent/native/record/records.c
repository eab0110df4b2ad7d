// The records, as profiler-agent/STREAM.md describes them, one function each.
#define _GNU_SOURCE
#include "record/records.h"

#include <fcntl.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "cpython/interpreter.h"
#include "cpython/text.h"
#include "gpu/gpu.h"
#include "record/intern.h"
#include "record/record_writer.h"
#include "record/recording.h"
#include "record/words.h"
#include "sample/ring.h"
#include "sample/sampler.h"
#include "unwind/arch.h"
#include "unwind/modules.h"

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
  KIND_QUEUE,
  KIND_CHILD_END = 14,
};

// Ids are not written: a record's id is the number of records of its kind so far. The tables have the ids of keys.
static struct {
  uint64_t last_sample;
  uint32_t stacks, natives, modules;
  struct intern stack_table, native_table;
} ids;

void records_forget_natives(void) {
  intern__clear(&ids.native_table);
  words_forget();
}

void records_reset(void) {
  intern__clear(&ids.stack_table);
  intern__clear(&ids.native_table);
  memset(&ids, 0, sizeof ids);
  words_forget();
}

// Puts the arguments of the process, from /proc/self/cmdline, where a NUL ends each.
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
  put_string(ARCH_NAME);
  record_finish(KIND_PROCESS);
}

void record_thread(uint32_t id, int tid, uint64_t start, const char *name, int maker) {
  record_begin();
  put_varint(id);
  put_varint((uint64_t)tid);
  put_varint(recording_time(start));
  put_string(name);
  put_varint((uint64_t)maker);
  record_finish(KIND_THREAD);
}

void record_thread_end(uint32_t id, uint64_t end, uint64_t cpu) {
  record_begin();
  put_varint(id);
  put_varint(recording_time(end));
  put_varint(cpu);
  record_finish(KIND_THREAD_END);
}

static void put_text(const unsigned char *data, uint32_t size, uint8_t width) {
  static char text[1 << 18];
  size_t length = text_to_utf8(text, sizeof text, data, size, width);
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

void record_note(enum severity severity, const char *text) {
  record_begin();
  put_u8((uint8_t)severity);
  put_string(text);
  record_finish(KIND_NOTE);
}

void record_child_end(int pid, int signal, bool ours) {
  record_begin();
  put_varint(recording_time(clock_ns(CLOCK_MONOTONIC)));
  put_varint((uint64_t)pid);
  put_varint((uint64_t)signal);
  put_varint(ours);
  record_finish(KIND_CHILD_END);
}

void record_sample(const struct sample_record *sample) {
  record_begin();
  uint64_t time = recording_time(sample->time);
  put_varint(sample->thread);
  put_varint(sample->flags);
  put_svarint((int64_t)(time - ids.last_sample));
  put_varint(sample->cpu);
  put_varint(sample->wall);
  put_varint(sample->system);
  put_varint(sample->stack);
  put_varint(sample->native);
  if (sample->native) put_u8(sample->opcode);
  ids.last_sample = time;
  record_finish(KIND_SAMPLE);
}

void record_queue(const struct sample_record *sample) {
  record_begin();
  put_varint(sample->thread);
  put_svarint((int64_t)(recording_time(sample->time) - ids.last_sample));
  put_varint(sample->wall);
  put_varint(sample->stack);
  put_varint(sample->native);
  if (sample->native) put_u8(sample->opcode);
  record_finish(KIND_QUEUE);
}

void record_stats(const struct stats *stats) {
  record_begin();
  put_varint(recording_time(clock_ns(CLOCK_MONOTONIC)));
  put_varint(recording_process_cpu());
  put_varint(stats->agent_cpu);
  put_varint(stats->samples);
  put_varint(stats->ticks);
  put_varint(stats->dropped);
  put_varint(stats->rejected);
  put_varint(stats->late);
  put_varint(stats->queue_known ? stats->queue + 1 : 0);
  record_finish(KIND_STATS);
}

void record_end(int exit_status) {
  struct rusage usage = {0};
  getrusage(RUSAGE_SELF, &usage);
  record_begin();
  put_varint(recording_time(clock_ns(CLOCK_MONOTONIC)));
  put_svarint(exit_status);
  put_varint(recording_process_cpu());
  put_varint((uint64_t)usage.ru_maxrss * 1024);
  record_finish(KIND_END);
}

uint32_t record_stack(uint32_t parent, uint32_t code, int32_t instruction, uint32_t between) {
  uint64_t where = (uint64_t)code << 32 | (uint32_t)instruction;
  uint64_t from = (uint64_t)between << 32 | parent;
  uint32_t id = intern__find_or_add(&ids.stack_table, from, where, ids.stacks + 1);
  if (id) return id;
  record_begin();
  put_varint(parent);
  put_varint(code);
  put_svarint(instruction);
  if (between) put_varint(between);
  record_finish(KIND_STACK);
  return ++ids.stacks;
}

static uint32_t record_module(struct module *module) {
  if (module->id) return module->id;
  gpu_code_met(module->path);
  record_begin();
  put_u8((uint8_t)module->kind);
  put_varint(module->bias);
  put_string(module->path);
  put_varint(module->build_id_size);
  put_bytes(module->build_id, module->build_id_size);
  record_finish(KIND_MODULE);
  return module->id = ++ids.modules;
}

uint32_t record_native(uint32_t parent, uint64_t address) {
  uint32_t id = intern__find_or_add(&ids.native_table, parent, address, ids.natives + 1);
  if (id) return id;
  uintptr_t pc = (uintptr_t)(address & ~WORD_IS_FUNCTION);
  int found = (int)(pc >> WORD_MODULE_SHIFT & (2 * MODULES_MAX - 1)) - 1;
  if (found >= 0) {
    pc &= ((uintptr_t)1 << WORD_MODULE_SHIFT) - 1;
  } else {
    const struct module_map *map = modules_current();
    found = map ? module_map__find(map, pc) : -1;
  }
  uint32_t module = found < 0 ? 0 : record_module(module_at((uint32_t)found));
  record_begin();
  put_varint(parent);
  put_varint(module);
  put_varint(module ? pc - module_at((uint32_t)found)->bias : pc);
  put_u8(address & WORD_IS_FUNCTION ? 0 : 1);
  record_finish(KIND_NATIVE);
  return ++ids.natives;
}
