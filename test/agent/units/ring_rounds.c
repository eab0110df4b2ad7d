// One thread writes entries of every size into a ring, another one reads them: each arrives whole and in order, and
// what did not fit is missing as a whole. Prints how many entries were wrong, and whether any were read and any were
// refused.
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>

#include "sample/ring.h"

#define SIZE 8192u
#define ROUNDS 200000u

struct numbered {
  struct entry entry;
  uint32_t number, words;
  uint64_t word[];
};

static struct ring *ring;
static uint32_t refused;

static struct ring *ring_new(void) {
  struct ring *self = aligned_alloc(64, sizeof *self + SIZE);
  self->size = SIZE;
  // Positions are counted on through the end of their range, which this ring soon reaches.
  atomic_store(&self->head, UINT32_MAX - SIZE + 1);
  atomic_store(&self->tail, UINT32_MAX - SIZE + 1);
  return self;
}

// False when it was refused.
static bool put(uint32_t number, uint64_t random, bool *fills) {
  uint32_t words = (uint32_t)(random % 200), spare = (uint32_t)(random >> 32) % 20;
  struct numbered *into = ring__reserve(ring, (uint32_t)(sizeof *into + (words + spare) * sizeof *into->word));
  if (!into) return false;
  uint32_t size = (uint32_t)(sizeof *into + words * sizeof *into->word);
  into->entry = (struct entry){size, ENTRY_SAMPLE};
  into->number = number;
  into->words = words;
  for (uint32_t i = 0; i < words; i++) into->word[i] = mix64(number + i);
  ring__publish(ring, size);
  if (fills) *fills |= ring__fills(ring, size);
  return true;
}

static bool is_right(const struct numbered *entry, uint32_t least) {
  bool right = entry->number >= least && entry->entry.size == sizeof *entry + entry->words * sizeof *entry->word;
  for (uint32_t i = 0; right && i < entry->words; i++) right = entry->word[i] == mix64(entry->number + i);
  return right;
}

static void *write_all(void *unused) {
  uint64_t random = 1;
  for (uint32_t number = 0; number < ROUNDS; number++) {
    random = mix64(random + number + 1);
    if (!put(number, random, NULL)) {
      refused++;
      sched_yield();
    }
  }
  struct entry *end;
  while (!(end = ring__reserve(ring, sizeof *end))) sched_yield();
  *end = (struct entry){sizeof *end, ENTRY_END};
  ring__publish(ring, sizeof *end);
  return unused;
}

static void between_threads(void) {
  pthread_t writer;
  uint32_t next = 0, wrong = 0, read = 0;
  pthread_create(&writer, NULL, write_all, NULL);
  for (;;) {
    const struct entry *entry = ring__peek(ring);
    if (!entry) {
      sched_yield();
      continue;
    }
    if (entry->kind == ENTRY_END) break;
    const struct numbered *it = (const struct numbered *)entry;
    if (!is_right(it, next)) wrong++;
    next = it->number + 1;
    read++;
    ring__pop(ring, entry);
  }
  pthread_join(writer, NULL);
  printf("%u wrong, %d %d\n", wrong, read > 0, read + refused == ROUNDS);
}

// Before the ring is full the writer is told that a reader should come, wherever in the ring it began; then everything
// is there.
static bool fills_up(uint64_t *random) {
  bool fills = false;
  uint32_t written = 0, read = 0;
  while (put(written, *random = mix64(*random + 1), &fills)) written++;
  for (const struct entry *entry; (entry = ring__peek(ring)); ring__pop(ring, entry)) {
    const struct numbered *it = (const struct numbered *)entry;
    if (it->number == read && is_right(it, read) && ring__has_more(ring, entry) == (read + 1 < written)) read++;
  }
  return fills && written > 0 && read == written;
}

int main(void) {
  uint64_t random = 1;
  uint32_t right = 0;
  ring = ring_new();
  for (int i = 0; i < 2000; i++) right += fills_up(&random);
  printf("%u right\n", right);
  between_threads();
  return 0;
}
