// The records of profiler-agent/STREAM.md, one function each. By the watcher, or while there is none.
#pragma once
#include "base.h"

struct interpreter;
struct entry_code;

void record_process(const struct interpreter *python);
// maker: the kernel's id of the thread that created it, 0 = not known.
void record_thread(uint32_t id, int tid, uint64_t start, const char *name, int maker);
void record_thread_end(uint32_t id, uint64_t end, uint64_t cpu);
void record_code(const struct entry_code *code);
// How much a note matters, as STREAM.md numbers it.
enum severity { SEVERITY_INFORMATION, SEVERITY_WARNING, SEVERITY_ERROR };
// One sentence for the person who profiles the program.
void record_note(enum severity severity, const char *text);
// A child that a signal ended, and whether this process had sent it.
void record_child_end(int pid, int signal, bool ours);

struct sample_record {
  uint32_t thread, flags, stack, native;
  uint64_t time, cpu, wall, system;
  uint8_t opcode;
};
void record_sample(const struct sample_record *sample);
// Time without a core: thread, time, wall and place count.
void record_queue(const struct sample_record *sample);

struct stats {
  uint64_t agent_cpu, samples, ticks, dropped, rejected, late;
  uint64_t queue;  // ns that threads could run but had no core
  bool queue_known;
};
void record_stats(const struct stats *stats);
void record_end(int exit_status);

// The id of a stack or native chain, written when it is new. Parent 0 is the outermost. `between` is the native chain
// that led from the parent to this frame, 0 = none known.
uint32_t record_stack(uint32_t parent, uint32_t code, int32_t instruction, uint32_t between);
// `address` as the ring has it (word_native).
uint32_t record_native(uint32_t parent, uint64_t address);
// The mapped files have changed: an address may mean something else from now on.
void records_forget_natives(void);
// The ids given out so far belong to a recording that is over.
void records_reset(void);
