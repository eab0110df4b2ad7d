// What the program's threads note of their memory for the watcher to write down: one ring, under the lock of the table.
#pragma once
#include "base.h"

struct interpreter;

struct memory_note {
  uint64_t time, size, grown, period;
  uintptr_t block;
  uint8_t kind;
};

// False when there is no memory for the ring.
bool memory_notes_begin(const struct interpreter *python);
bool memory_notes_begun(void);
// In a forked child: what is noted is the parent's.
void memory_notes_clear(void);

// With the lock, with the calling thread's stack. The id of the allocation; 0 when there was no room, which is counted.
uint32_t memory_note_allocation(const struct memory_note *note);
void memory_note_copy(const struct memory_note *note);
// With the lock. An id of 0 is nobody's. `touched`: bytes of a mapping that were in memory at its end, or
// TOUCHED_UNKNOWN.
void memory_note_free(uint32_t id, uint64_t time, uint64_t touched);
// A mapping has been given back with the interpreter, and stays the program's in the recording.
void memory_note_end(uint32_t id, uint64_t time, uint64_t touched);

// No sample has room, which is counted. Without the lock.
bool memory_notes_full(void);
// Parts of the ring that are full, from 0 to 1.
double memory_notes_level(void);

// Writes what has been noted to the recording. (watcher)
void memory_drain(void);
// CPU time that this has taken so far.
uint64_t memory_drained_ns(void);
// Says what is missing. (watcher, at the end)
void memory_finish(void);
