// The recording of one process: a header and records, profiler-agent/STREAM.md. Everything here runs on the watcher, or
// while there is none.
#pragma once
#include "base.h"

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
// CPU time of this process that belongs to the recording.
uint64_t recording_process_cpu(void);

// Writes a record that is complete (record_writer.h).
void recording_append(const unsigned char *record, size_t size);
