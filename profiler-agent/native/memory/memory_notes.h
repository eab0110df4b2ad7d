// What the program's threads tell the watcher about their memory. A note is an entry of one ring, under the lock of the
// table; the watcher makes a record of it. (It is not a note for the user.) Times are ns of CLOCK_MONOTONIC, sizes
// bytes.
#pragma once
#include "base.h"

struct interpreter;

// An allocation or copy; the fields are those of struct memory_record (record/memory_records.h).
struct memory_note {
  uint64_t time, size, grown, period;
  uintptr_t block;
  uint8_t kind;
};

// Maps the ring, when the agent starts. False when there is no memory.
bool memory_notes_begin(const struct interpreter *python);
// True once there is a ring.
bool memory_notes_begun(void);
// In a forked child: forgets the parent's notes.
void memory_notes_clear(void);

// These two need the lock, and note the calling thread's stack. The first returns the id of the allocation, 0 when
// there was no room, which is counted. (program's threads)
uint32_t memory_note_allocation(const struct memory_note *note);
void memory_note_copy(const struct memory_note *note);
// Notes that the allocation `id` was freed; id 0: nothing to note. Needs the lock. `touched`: bytes of a mapping that
// were in memory at its end, or TOUCHED_UNKNOWN. (program's threads)
void memory_note_free(uint32_t id, uint64_t time, uint64_t touched);
// Notes that a mapping was unmapped while the interpreter finalized: its touched bytes are recorded, but not a free.
// Needs the lock.
void memory_note_end(uint32_t id, uint64_t time, uint64_t touched);

// True when there is no room for a sample, which is counted as lost. Works without the lock. (program's threads)
bool memory_notes_full(void);
// Returns how full the ring is, from 0 to 1. (any thread)
double memory_notes_level(void);

// Records all notes. (watcher)
void memory_drain(void);
// Returns the CPU time that memory_drain has taken so far, in ns. (watcher)
uint64_t memory_drained_ns(void);
// Tells the user what was lost. (watcher, at the end)
void memory_finish(void);
