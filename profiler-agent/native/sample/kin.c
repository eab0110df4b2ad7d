#include "sample/kin.h"

#include <stdio.h>
#include <string.h>

#include "sample/sampler.h"
#include "sample/samples.h"
#include "threads.h"

// Several ticks are expected in a thread that used more CPU time than this, so such a thread is not short.
#define SHORT_TICKS 8
// How many start routines are told apart, and how many of the last samples and of the ended threads without a sample
// are kept for each.
#define KINDS 8
#define SAMPLES_KEPT 256
#define THREADS_HELD 256
// The time of one thread is divided among at most this many samples.
#define PARTS_MAX 4

struct kind {
  void *start;
  uint64_t used;  // the value of `uses` when it was last used
  uint32_t count, next;
  struct {
    struct sample_place place;
    uint64_t charged;
  } samples[SAMPLES_KEPT];
  uint64_t charged;  // the sum over `samples`
  uint32_t held_count;
  struct {
    uint32_t thread;
    uint64_t wall, cpu;
  } held[THREADS_HELD];
};
static struct kind kinds[KINDS];
static uint64_t uses;               // how often kinds were looked up
static uint64_t missed, estimated;  // threads without a sample, and their CPU time

void kin_begin(void) {
  memset(kinds, 0, sizeof kinds);
  uses = missed = estimated = 0;
}

bool kin_is_short(uint64_t cpu) {
  return cpu <= SHORT_TICKS * tick_ns();
}

// Divides the CPU time of one thread without a sample among the kind's samples. Those that have been charged with least
// come first, and each is filled up to the average.
static void divide(struct kind *kind, uint32_t thread, uint64_t wall, uint64_t cpu) {
  static const struct sample_place unknown = {.flags = SAMPLE_NO_PYTHON};
  if (!kind->count) {
    remainder_write(thread, &unknown, wall, cpu);
    return;
  }
  missed++;
  estimated += cpu;
  kind->charged += cpu;
  uint64_t level = kind->charged / kind->count;
  for (int i = 1; cpu; i++) {
    uint32_t least = 0;
    for (uint32_t j = 1; j < kind->count; j++)
      if (kind->samples[j].charged < kind->samples[least].charged) least = j;
    uint64_t charged = kind->samples[least].charged, part = cpu;
    if (i < PARTS_MAX && charged < level && level - charged < cpu) part = level - charged;
    kind->samples[least].charged += part;
    cpu -= part;
    remainder_write(thread, &kind->samples[least].place, wall - cpu, part);
  }
}

// Divides the CPU time of all threads that were held.
static void release(struct kind *kind) {
  for (uint32_t i = 0; i < kind->held_count; i++)
    divide(kind, kind->held[i].thread, kind->held[i].wall, kind->held[i].cpu);
  kind->held_count = 0;
}

// Returns the kind of a thread, which is its start routine. A new start routine replaces the one whose last use is
// longest ago.
static struct kind *kind_of(const struct thread *thread) {
  struct kind *found = &kinds[0];
  for (int i = 0; i < KINDS; i++) {
    if (kinds[i].used && kinds[i].start == (void *)thread->launch.start) {
      found = &kinds[i];
      break;
    }
    if (kinds[i].used < found->used) found = &kinds[i];
  }
  if (!found->used || found->start != (void *)thread->launch.start) {
    release(found);
    memset(found, 0, sizeof *found);
    found->start = (void *)thread->launch.start;
  }
  found->used = ++uses;
  return found;
}

void kin_met(const struct thread *thread, uint32_t samples, uint64_t cpu) {
  struct kind *kind = kind_of(thread);
  for (uint32_t i = 0; i < samples; i++) {
    uint32_t at = kind->next++ % SAMPLES_KEPT;
    if (kind->count < SAMPLES_KEPT) kind->count++;
    kind->charged += cpu / samples - kind->samples[at].charged;
    kind->samples[at].place = thread->cpu.recent[(thread->cpu.recent_count - samples + i) % RECENT];
    kind->samples[at].charged = cpu / samples;
  }
  release(kind);
}

void kin_missed(const struct thread *thread, uint64_t wall, uint64_t cpu) {
  struct kind *kind = kind_of(thread);
  kind->held[kind->held_count].thread = thread->id;
  kind->held[kind->held_count].wall = wall;
  kind->held[kind->held_count].cpu = cpu;
  if (++kind->held_count == THREADS_HELD) release(kind);
}

const char *kin_finish(void) {
  static char sentence[320];
  for (int i = 0; i < KINDS; i++) release(&kinds[i]);
  if (estimated < 5 * 1000 * 1000) return NULL;
  snprintf(sentence, sizeof sentence,
           "%llu threads ended before they could be sampled. Which lines used their %.2f s of CPU time is an estimate: "
           "it is shared like that of other threads with the same start routine.",
           (unsigned long long)missed, (double)estimated / 1e9);
  missed = estimated = 0;
  return sentence;
}
