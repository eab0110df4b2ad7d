#include "memory/memory_notes.h"

#include <stdio.h>
#include <string.h>

#include "cpython/thread_state.h"
#include "memory/memory.h"
#include "memory/memory_mappings.h"
#include "observe.h"
#include "record/memory_records.h"
#include "record/records.h"
#include "record/words.h"
#include "sample/sampler.h"
#include "sample/samples.h"
#include "sample/stack.h"
#include "threads.h"
#include "unwind/arch.h"
#include "watcher.h"

enum { NOTE_ALLOCATED = ENTRY_END + 1, NOTE_FREED, NOTE_ENDED, NOTE_COPIED };

struct note_sample {
  struct entry entry;
  struct thread *thread;
  uint64_t time, size, grown, period;
  uintptr_t block;
  uint32_t id, words;
  uint8_t kind, flags, opcode, padding[5];
};
struct note_freed {
  struct entry entry;
  uint64_t time, touched;
  uint32_t id, padding;
};

// Notes of frees are small, and a lost one would look like a leak: this part of the ring is kept for them.
#define MEMORY_RING_SIZE (2u * 1024u * 1024u)
#define KEPT_FOR_FREES (64u * 1024u)

static const struct interpreter *python;
static struct ring *ring;
static uint32_t last_id;
static _Atomic uint32_t lost_samples, lost_frees;
static uint64_t drained_ns;

static uint32_t ring_used(void) {
  return atomic_load(&ring->head) - atomic_load(&ring->tail);
}

double memory_notes_level(void) {
  return (double)ring_used() / MEMORY_RING_SIZE;
}

static bool ring_is_tight(void) {
  return MEMORY_RING_SIZE - ring_used() < KEPT_FOR_FREES + STACK_WORDS_MAX * sizeof(uint64_t);
}

bool memory_notes_full(void) {
  if (!ring_is_tight()) return false;
  atomic_fetch_add(&lost_samples, 1);
  return true;
}

static bool note_freed(uint32_t kind, uint32_t id, uint64_t time, uint64_t touched) {
  struct note_freed *into = ring__reserve(ring, sizeof *into);
  if (!into) return false;
  *into = (struct note_freed){{sizeof *into, kind}, time, touched, id, 0};
  ring__publish(ring, sizeof *into);
  return true;
}

void memory_note_free(uint32_t id, uint64_t time, uint64_t touched) {
  if (id && !note_freed(NOTE_FREED, id, time, touched)) atomic_fetch_add(&lost_frees, 1);
}

void memory_note_end(uint32_t id, uint64_t time, uint64_t touched) {
  if (id) note_freed(NOTE_ENDED, id, time, touched);
}

static __attribute__((noinline)) uint32_t note(uint32_t kind, const struct memory_note *what) {
  struct thread *thread = thread_self();
  if (!thread || ring_is_tight()) {
    if (thread) atomic_fetch_add(&lost_samples, 1);
    return 0;
  }
  struct note_sample sample = {
      .thread = thread,
      .time = what->time,
      .size = what->size,
      .grown = what->grown,
      .period = what->period,
      .block = what->block,
      .kind = what->kind,
  };
  struct registers registers = registers_here();
  struct stack stack;
  void *into;
  uintptr_t tstate = thread_state_of(thread, false);
  enum stack_result result = stack_collect(&stack, &into, sizeof sample, ring, thread, python, &registers, tstate);
  // An allocation without a readable stack is on no line, but must still be noted.
  if (result == STACK_REJECTED) {
    stack = (struct stack){0};
    into = ring__reserve(ring, sizeof sample);
  }
  if (result == STACK_FULL || !into) {
    atomic_fetch_add(&lost_samples, 1);
    return 0;
  }
  sample.entry = (struct entry){(uint32_t)(sizeof sample + stack.words * sizeof(uint64_t)), kind};
  sample.words = stack.words;
  sample.flags = stack.flags;
  sample.opcode = stack.opcode;
  sample.id = kind == NOTE_ALLOCATED ? ++last_id : 0;
  memcpy(into, &sample, sizeof sample);
  ring__publish(ring, sample.entry.size);
  if (ring__fills(ring, sample.entry.size)) watcher_wake();
  return sample.id;
}

uint32_t memory_note_allocation(const struct memory_note *what) {
  return note(NOTE_ALLOCATED, what);
}

void memory_note_copy(const struct memory_note *what) {
  note(NOTE_COPIED, what);
}

uint64_t memory_drained_ns(void) {
  return drained_ns;
}

void memory_drain(void) {
  const struct entry *entry;
  if (!ring || !ring__peek(ring)) return;
  uint64_t began = clock_ns(CLOCK_THREAD_CPUTIME_ID);
  while ((entry = ring__peek(ring))) {
    if (entry->kind == ENTRY_CODE) {
      record_code((const struct entry_code *)entry);
    } else if (entry->kind == NOTE_FREED || entry->kind == NOTE_ENDED) {
      const struct note_freed *freed = (const struct note_freed *)entry;
      memory_mapping_ends(freed->id, freed->time, freed->touched);
      if (entry->kind == NOTE_FREED) record_free(freed->time, freed->id);
    } else {
      const struct note_sample *sample = (const struct note_sample *)entry;
      struct memory_record record = {.thread = thread__introduce(sample->thread),
                                     .time = sample->time,
                                     .size = sample->size,
                                     .grown = sample->grown,
                                     .period = sample->period,
                                     .kind = sample->kind,
                                     .opcode = sample->opcode};
      words_record((const uint64_t *)(sample + 1), sample->words, &record.stack, &record.native);
      record.reserved = sample->kind == MEMORY_MAP && sample->size >= MAPPING_LOOKED_AT &&
                        memory_mapping_begins(sample->id, sample->block, sample->size, sample->time);
      if (entry->kind == NOTE_ALLOCATED)
        record_allocation(&record);
      else
        record_copy(&record);
    }
    ring__pop(ring, entry);
  }
  drained_ns += clock_ns(CLOCK_THREAD_CPUTIME_ID) - began;
}

void memory_finish(void) {
  char text[200];
  memory_mappings_finish(clock_ns(CLOCK_MONOTONIC));
  uint32_t samples = atomic_exchange(&lost_samples, 0), frees = atomic_exchange(&lost_frees, 0);
  // Sampled figures have an error of their own, so a few lost samples do not matter.
  if (samples > last_id / 100) {
    snprintf(text, sizeof text, "%u of %u memory samples were lost. Allocated bytes are too low by about that share.",
             samples, samples + last_id);
    record_note(SEVERITY_WARNING, text);
  }
  if (!frees) return;
  snprintf(text, sizeof text, "%u sampled blocks were freed unnoticed. They count as held, and may look like a leak.",
           frees);
  record_note(SEVERITY_WARNING, text);
}

bool memory_notes_begin(const struct interpreter *interpreter) {
  python = interpreter;
  ring = pages_alloc(sizeof *ring + MEMORY_RING_SIZE);
  if (!ring) return false;
  ring->size = MEMORY_RING_SIZE;
  return true;
}

bool memory_notes_begun(void) {
  return ring != NULL;
}

void memory_notes_clear(void) {
  atomic_store(&ring->head, 0);
  atomic_store(&ring->tail, 0);
  last_id = 0;
  memory_mappings_forget();
  atomic_store(&lost_samples, 0);
  atomic_store(&lost_frees, 0);
}
