// The file one process writes: profiler-agent/STREAM.md, byte by byte. Everything here runs on the watcher, or while
// there is none.
#pragma once
#include "base.h"

struct thread;
struct interpreter;

// Creates <directory>/<pid>.lsp with its header. Returns false, with errno, when it cannot. *again is set when this
// process recorded before, as it did when this is the program after an exec.
bool recording_open(const char *directory, uint64_t interval_ns, bool *again);
// CPU time of the process that happened before what is recorded here.
void recording_set_cpu_base(uint64_t cpu_ns);
bool recording_is_open(void);
// Shows what was written since the last call to readers, and renews the heartbeat.
void recording_commit(void);
// Closes it as ended by the process itself.
void recording_close(void);
// The program is about to forbid itself files that are longer than `limit`: this one gets its length before, without
// taking any room for it. (on any thread)
void recording_prepare_for_limit(uint64_t limit);
// Says that it is closed, or that it goes on after all, as around exec, which may fail.
void recording_mark_closed(bool closed);
// Keeps the file open in the watcher's own table of descriptors, so that it can grow when the program has given up its
// root folder or its rights; and lets go of it. By the watcher only.
void recording_hold(void);
void recording_release(void);
// In a forked child: lets go of the parent's file without a trace.
void recording_abandon(void);

// Nanoseconds since the recording's start for a CLOCK_MONOTONIC time.
uint64_t recording_time(uint64_t monotonic_ns);

void record_process(const struct interpreter *python);
// maker: the kernel's id of the thread that created it, 0 = not known.
void record_thread(uint32_t id, int tid, uint64_t start, const char *name, int maker);
void record_thread_end(uint32_t id, uint64_t end, uint64_t cpu);
struct entry_code;
void record_code(const struct entry_code *code);
void record_note(int severity, const char *text);
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

// Writes frames as the rings have them, innermost first, as ids of their innermost stack and native frame.
void words_record(const uint64_t *words, uint32_t count, uint32_t *stack, uint32_t *native);
// What frames were written as is not so any more.
void words_forget(void);

// An allocation that was sampled, or a copy. `period` is the mean distance between chosen bytes, 0: all were.
struct memory_record {
  uint32_t thread, stack, native;
  uint64_t time, size, grown, period;
  uint8_t kind, opcode;
  bool reserved;  // how much of it is touched is said later, by record_touched; nothing is so far
};
// Allocations have implied ids, in the order they are written.
void record_allocation(const struct memory_record *allocation);
void record_free(uint64_t time, uint32_t id);
void record_touched(uint64_t time, uint32_t id, uint64_t bytes);
void record_copy(const struct memory_record *copy);
void record_footprint(uint64_t time, uint64_t resident_bytes);

// What is not known is GPU_UNKNOWN (gpu_message.h).
void record_gpu_device(uint32_t device, uint64_t bytes, const char *name);
void record_gpu_use(uint32_t device, uint64_t from, uint64_t until, uint64_t busy, uint64_t bytes, uint64_t cost);
