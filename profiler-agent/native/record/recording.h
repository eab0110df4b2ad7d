// The recording of one process: a header and records, as profiler-agent/STREAM.md describes them. All functions run on
// the watcher, or on the thread that starts or stops it while it does not run, unless a comment says otherwise.
#pragma once
#include "base.h"

// Creates <directory>/<pid>.lsp with its header. False, with errno, when that fails. *again: this process id already
// has a recording, as after an exec.
bool recording_open(const char *directory, uint64_t interval_ns, bool *again);
// Sets the CPU time that the process had used when the recording began.
void recording_set_cpu_base(uint64_t cpu_ns);
// True while there is a recording.
bool recording_is_open(void);
// Lets readers see what was written since the last call, and renews the heartbeat.
void recording_commit(void);
// Ends the recording: nothing more will be written.
void recording_close(void);
// The program is about to limit the length of files to `limit` bytes: makes this file longer first, without using space
// on the disk. (any thread)
void recording_prepare_for_limit(uint64_t limit);
// Marks the recording as closed before an exec, or as open again after an exec that failed.
void recording_mark_closed(bool closed);
// Keeps the file open in the watcher's own table of descriptors, so that it can grow after the program has given up its
// root folder or rights; or closes that descriptor. (watcher only)
void recording_hold(void);
void recording_release(void);
// In a forked child: gives up the parent's file without changing it.
void recording_abandon(void);

// Converts a time of CLOCK_MONOTONIC to ns since the start of the recording.
uint64_t recording_time(uint64_t monotonic_ns);
// Returns the CPU time, in ns, that the process has used since the recording began.
uint64_t recording_process_cpu(void);

// Appends a complete record (record_writer.h).
void recording_append(const unsigned char *record, size_t size);
