// `record_bytes FOLDER`: writes a recording with records of every kind, whose figures are at the edges of their range
// or follow simple rules, so that a reader can tell whether it understands them. recordBytes.test.ts has the same
// rules.
#include <stdio.h>
#include <string.h>

#include "cpython/interpreter.h"
#include "gpu/gpu.h"
#include "gpu/gpu_message.h"
#include "record/gpu_records.h"
#include "record/memory_records.h"
#include "record/recording.h"
#include "record/records.h"
#include "sample/ring.h"

#define SAMPLES 60000u
#define STACKS 9000u
#define TABLE_BYTES 150000u

// What the records ask the rest of the agent.
void gpu_code_met(const char *path) {
  (void)path;
}

static uint64_t begin;  // CLOCK_MONOTONIC of the recording's start, so nothing lies before it

static void write_code(void) {
  static struct {
    struct entry_code code;
    unsigned char text[TABLE_BYTES + 100];
  } entry = {.code = {.id = 1, .first_line = 7}};
  // ASCII; Latin-1 (é); two bytes a character (Ж, and 0xdcff: a byte that was no UTF-8); four (😀).
  static const unsigned char name[] = {'f', 0xe9}, qualname[] = {0x16, 0x04, 0x42, 0, 0x3d, 0xd8};
  static const unsigned char wide[] = {0x00, 0xf6, 0x01, 0x00};
  struct {
    const void *bytes;
    uint32_t size;
    uint8_t width;
  } parts[CODE_TABLE] = {{"/a b.py", 7, 1}, {name, sizeof name, 0}, {qualname, 4, 2}};
  for (int round = 0; round < 2; round++) {
    unsigned char *at = entry.text;
    for (int i = 0; i < CODE_TABLE; i++) {
      memcpy(at, parts[i].bytes, parts[i].size);
      at += parts[i].size;
      entry.code.length[i] = parts[i].size;
      entry.code.width[i] = parts[i].width;
    }
    entry.code.length[CODE_TABLE] = round ? 2 : TABLE_BYTES;
    for (uint32_t i = 0; i < entry.code.length[CODE_TABLE]; i++) at[i] = (unsigned char)(i * 7);
    record_code(&entry.code);
    entry.code.id = 2;
    parts[CODE_NAME].bytes = wide;
    parts[CODE_NAME].size = sizeof wide;
    parts[CODE_NAME].width = 4;
  }
}

// Every stack twice: the second time it is known.
static bool write_stacks(void) {
  bool right = true;
  for (int round = 0; round < 2; round++) {
    right &= record_native(0, word_native(0x1234, false, -1)) == 1;
    right &= record_native(1, word_native(0x7fff00001000, true, -1)) == 2;
    for (uint32_t i = 0; i < STACKS; i++) {
      uint32_t parent = i % 100 ? i : 0;
      right &= record_stack(parent, 1 + i % 2, i % 100 && i % 3 == 0 ? -1 : (int32_t)i, i % 5 ? 0 : 2) == i + 1;
    }
  }
  return right;
}

// Times go forward, now and then a little back.
static uint64_t time_of(uint32_t i) {
  return begin + i * 100ull + (i % 7 ? 0 : 650);
}

static void write_samples(void) {
  for (uint32_t i = 0; i < SAMPLES; i++) {
    struct sample_record sample = {
        .thread = 1 + i % 2,
        .flags = i % 2,
        .time = time_of(i),
        .cpu = 1ull << i % 33,
        .wall = i * 65537ull,
        .system = i % 130,
        .stack = i % (STACKS + 1),
        .native = i % 3,
        .opcode = (uint8_t)i,
    };
    if (i % 10 == 9)
      record_queue(&sample);
    else
      record_sample(&sample);
    if (i == SAMPLES / 2) recording_commit();
  }
}

static void write_memory(void) {
  for (uint32_t i = 0; i < 200; i++)
    record_allocation(&(struct memory_record){.thread = 1 + i % 2,
                                              .stack = i,
                                              .native = i % 3,
                                              .time = time_of(i),
                                              .size = 1ull << i % 48,
                                              .grown = i,
                                              .period = i % 2 ? 0 : 524288,
                                              .kind = i % 3,
                                              .opcode = (uint8_t)i,
                                              .reserved = i % 4 == 3});
  record_touched(time_of(201), 4, 4096);
  record_free(time_of(202), 200);
  record_copy(
      &(struct memory_record){.thread = 2, .stack = 3, .native = 1, .time = time_of(203), .size = 99, .opcode = 5});
  record_footprint(time_of(204), 1ull << 40);
}

int main(int count, char **words) {
  bool again;
  static const struct interpreter python = {.hexversion = 0x030C01F0, .version = "3.12.1 (unit)"};
  if (count != 2 || !recording_open(words[1], 1000000, &again)) return 1;
  begin = clock_ns(CLOCK_MONOTONIC);
  record_process(&python);
  record_thread(1, 4242, begin,
                "Tr\xc3\xa5"
                "d",
                0);
  record_thread(2, 2147483647, begin + 1, "", 4242);
  write_code();
  bool right = write_stacks();
  write_samples();
  write_memory();
  record_gpu_device(1, 85899345920ull, "H100");
  record_gpu_use(1, begin, begin + 1000, 10, 4096, 7);
  record_gpu_use(1, begin + 1000, begin + 500, GPU_UNKNOWN, GPU_UNKNOWN, 0);
  record_note(SEVERITY_INFORMATION, "information");
  record_note(SEVERITY_WARNING, "warning");
  record_note(SEVERITY_ERROR, "error: “é”");
  record_child_end(4243, 9, true);
  record_child_end(4244, 11, false);
  record_stats(&(struct stats){1, 2, 3, 4, 5, 6, 7, true});
  record_stats(&(struct stats){.agent_cpu = 1});
  record_thread_end(2, begin + 2000, 1234);
  record_end(-1);
  recording_close();
  printf("%d %d\n", right, recording_is_open());
  return 0;
}
