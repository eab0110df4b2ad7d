#include "sample/kin.h"

#include <stdio.h>
#include <string.h>

#include "sample/sampler.h"
#include "sample/samples.h"

// Of longer threads a tick is due, many times.
#define SHORT_TICKS 8
// Start routines that are told apart, the last samples and the threads held back of each of them.
#define KINDS 8
#define SAMPLES 256
#define HELD 256
// Among so many samples at most the time of one thread is divided.
#define PARTS 4

struct kind {
  void *start;
  uint64_t used;  // when it was last met with
  uint32_t count, next;
  struct {
    struct met met;
    uint64_t charged;
  } samples[SAMPLES];
  uint64_t charged;  // of all of them
  uint32_t held_count;
  struct {
    uint32_t thread;
    uint64_t wall, cpu;
  } held[HELD];
};
static struct kind kinds[KINDS];
static uint64_t turn, missed, estimated;

void kin_begin(void) {
  memset(kinds, 0, sizeof kinds);
  turn = missed = estimated = 0;
}

bool kin_is_short(uint64_t cpu) {
  return cpu <= SHORT_TICKS * tick_ns();
}

// Divides the time of one thread among the samples that have been charged with least, up to what each stands for.
static void divide(struct kind *self, uint32_t thread, uint64_t wall, uint64_t cpu) {
  static const struct met unknown = {.flags = SAMPLE_NO_PYTHON};
  if (!self->count) {
    remainder_write(thread, &unknown, wall, cpu);
    return;
  }
  missed++;
  estimated += cpu;
  self->charged += cpu;
  uint64_t level = self->charged / self->count;
  for (int i = 1; cpu; i++) {
    uint32_t least = 0;
    for (uint32_t j = 1; j < self->count; j++)
      if (self->samples[j].charged < self->samples[least].charged) least = j;
    uint64_t charged = self->samples[least].charged, part = cpu;
    if (i < PARTS && charged < level && level - charged < cpu) part = level - charged;
    self->samples[least].charged += part;
    cpu -= part;
    remainder_write(thread, &self->samples[least].met, wall - cpu, part);
  }
}

static void release(struct kind *self) {
  for (uint32_t i = 0; i < self->held_count; i++)
    divide(self, self->held[i].thread, self->held[i].wall, self->held[i].cpu);
  self->held_count = 0;
}

// The threads with a start routine; they take the place of those that were not met with for longest.
static struct kind *kind_of(const struct thread *it) {
  struct kind *found = &kinds[0];
  for (int i = 0; i < KINDS; i++) {
    if (kinds[i].used && kinds[i].start == (void *)it->start) {
      found = &kinds[i];
      break;
    }
    if (kinds[i].used < found->used) found = &kinds[i];
  }
  if (!found->used || found->start != (void *)it->start) {
    release(found);
    memset(found, 0, sizeof *found);
    found->start = (void *)it->start;
  }
  found->used = ++turn;
  return found;
}

void kin_met(const struct thread *self, uint32_t samples, uint64_t cpu) {
  struct kind *kind = kind_of(self);
  for (uint32_t i = 0; i < samples; i++) {
    uint32_t at = kind->next++ % SAMPLES;
    if (kind->count < SAMPLES) kind->count++;
    kind->charged += cpu / samples - kind->samples[at].charged;
    kind->samples[at].met = self->recent[(self->recents - samples + i) % RECENT];
    kind->samples[at].charged = cpu / samples;
  }
  release(kind);
}

void kin_missed(const struct thread *self, uint64_t wall, uint64_t cpu) {
  struct kind *kind = kind_of(self);
  kind->held[kind->held_count].thread = self->id;
  kind->held[kind->held_count].wall = wall;
  kind->held[kind->held_count].cpu = cpu;
  if (++kind->held_count == HELD) release(kind);
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
