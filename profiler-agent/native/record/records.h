// The records, as profiler-agent/STREAM.md describes them, one function each. All functions run on the watcher, or on
// the thread that starts or stops it while it does not run. Times are ns of CLOCK_MONOTONIC, other durations ns.
#pragma once
#include "base.h"

struct interpreter;
struct entry_code;

void record_process(const struct interpreter *python);
// `maker`: the kernel's id of the thread that created this one, 0: not known.
void record_thread(uint32_t id, int tid, uint64_t start, const char *name, int maker);
void record_thread_end(uint32_t id, uint64_t end, uint64_t cpu);
void record_code(const struct entry_code *code);
// How serious a note is, as numbered in STREAM.md.
enum severity { SEVERITY_INFORMATION, SEVERITY_WARNING, SEVERITY_ERROR };
// A sentence for the user who profiles the program.
void record_note(enum severity severity, const char *text);
// A child process that a signal ended. `ours`: this process had sent the signal.
void record_child_end(int pid, int signal, bool ours);

// A sample. `thread`, `stack` and `native` are ids in the recording; `flags` as in sample/sampler.h.
struct sample_record {
  uint32_t thread, flags, stack, native;
  uint64_t time, cpu, wall, system;
  uint8_t opcode;
};
void record_sample(const struct sample_record *sample);
// Time without a core. Only the fields thread, time, wall and those of the place are used.
void record_queue(const struct sample_record *sample);

// Counts of a recording. `agent_cpu` is ns of CPU time, `ticks` the number of signals that the watcher has sent.
struct stats {
  uint64_t agent_cpu, samples, ticks, dropped, rejected, late;
  uint64_t queue;  // ns that threads could run but had no core
  bool queue_known;
};
void record_stats(const struct stats *stats);
void record_end(int exit_status);

// Return the id of a stack, or of a chain of native frames; write a record when it is new. `parent` is the id without
// the innermost frame, 0: that frame is the outermost. `between` is the chain of native frames from the parent to this
// frame, 0: none known.
uint32_t record_stack(uint32_t parent, uint32_t code, int32_t instruction, uint32_t between);
// `address` is a word of the ring (word_native).
uint32_t record_native(uint32_t parent, uint64_t address);
// The mapped files have changed, so the same address may mean another function.
void records_forget_natives(void);
// A new recording begins: forgets all ids.
void records_reset(void);
