#include "memory/memory_mappings.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "memory/memory.h"
#include "record/memory_records.h"

// A program that reserves memory in more pieces than this usually touches it as well.
#define MAPPINGS 1024u
// When a mapping is first looked at, and the longest time between two looks. In between, the pause grows with the age
// of the mapping: it is one part in AGE_PARTS of it.
#define FIRST_LOOK_NS (5 * 1000 * 1000ull)
#define LAST_LOOK_NS (100 * 1000 * 1000ull)
#define AGE_PARTS 8u
// Looking may take at most one part in this many of the time.
#define COST_PARTS 200u
// In a mapping of more pages than this, only evenly spaced windows of WINDOW pages are looked at.
#define PAGES_LOOKED_AT (256u * 1024u)
#define WINDOW 2048u
// Bits of a page in /proc/self/pagemap: in memory, or swapped out.
#define PAGE_TOUCHED (3ull << 62)

struct mapping {
  uintptr_t start;
  uint64_t size, touched, began, next;
  uint32_t id;
  bool said;  // its touched bytes have been recorded
};
// In ascending order of `id`.
static struct mapping mappings[MAPPINGS];
static uint32_t mapping_count;

bool memory_mapping_begins(uint32_t id, uintptr_t start, uint64_t size, uint64_t time) {
  if (mapping_count == MAPPINGS) return false;
  mappings[mapping_count++] = (struct mapping){start, size, 0, time, time + FIRST_LOOK_NS, id, false};
  return true;
}

static struct mapping *find(uint32_t id) {
  uint32_t low = 0, high = mapping_count;
  while (low < high) {
    uint32_t middle = (low + high) / 2;
    if (mappings[middle].id < id)
      low = middle + 1;
    else
      high = middle;
  }
  return low < mapping_count && mappings[low].id == id ? &mappings[low] : NULL;
}

static void touched_write(struct mapping *mapping, uint64_t time, uint64_t touched) {
  if (mapping->said && touched == mapping->touched) return;
  mapping->said = true;
  mapping->touched = touched;
  record_touched(time, mapping->id, touched);
}

void memory_mapping_ends(uint32_t id, uint64_t time, uint64_t touched) {
  struct mapping *mapping = find(id);
  if (!mapping) return;
  bool known = touched != TOUCHED_UNKNOWN;
  // Pages that were given back or swapped out before the end were held until then, so `touched` never falls. When
  // nobody has looked, all of the mapping counts: a program that maps memory for a moment usually uses it.
  if (known && touched > mapping->touched || !mapping->said)
    touched_write(mapping, time, known && touched < mapping->size ? touched : mapping->size);
  memmove(mapping, mapping + 1, (size_t)(&mappings[--mapping_count] - mapping) * sizeof *mapping);
}

// Counts the touched bytes of a mapping. False when they cannot be read.
static bool look_at(int file, const struct mapping *mapping, uint64_t *touched) {
  static uint64_t words[WINDOW];
  uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE), first = mapping->start / page;
  uint64_t pages = (mapping->size + page - 1) / page, step = (pages + PAGES_LOOKED_AT - 1) / PAGES_LOOKED_AT;
  uint64_t examined = 0, found = 0;
  for (uint64_t at = 0; at < pages; at += WINDOW * step) {
    uint64_t wanted = pages - at < WINDOW ? pages - at : WINDOW;
    ssize_t length = pread(file, words, wanted * sizeof *words, (off_t)((first + at) * sizeof *words));
    if (length != (ssize_t)(wanted * sizeof *words)) return false;
    examined += wanted;
    for (uint64_t i = 0; i < wanted; i++) found += (words[i] & PAGE_TOUCHED) != 0;
  }
  *touched = found == examined ? mapping->size : (uint64_t)((double)found / (double)examined * (double)mapping->size);
  return true;
}

// Looks at a mapping. When its touched bytes cannot be read, all of it counts.
static void look(struct mapping *mapping, int file, uint64_t now) {
  uint64_t began = clock_ns(CLOCK_THREAD_CPUTIME_ID), touched;
  if (file < 0 || !look_at(file, mapping, &touched)) touched = mapping->size;
  touched_write(mapping, now, touched);
  uint64_t pause = (now - mapping->began) / AGE_PARTS,
           cost = COST_PARTS * mapping_count * (clock_ns(CLOCK_THREAD_CPUTIME_ID) - began);
  if (pause > LAST_LOOK_NS) pause = LAST_LOOK_NS;
  if (pause < FIRST_LOOK_NS) pause = FIRST_LOOK_NS;
  mapping->next = now + (pause > cost ? pause : cost);
}

static void look_at_all(uint64_t now, bool all) {
  int file = -2;
  for (uint32_t i = 0; i < mapping_count; i++) {
    struct mapping *mapping = &mappings[i];
    if (!all && now < mapping->next) continue;
    if (file == -2) file = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
    look(mapping, file, now);
  }
  if (file >= 0) close(file);
}

void memory_mappings_look(uint64_t now) {
  look_at_all(now, false);
}

void memory_mappings_finish(uint64_t now) {
  look_at_all(now, true);
  for (uint32_t i = 0; i < mapping_count; i++)
    if (!mappings[i].said) touched_write(&mappings[i], now, mappings[i].size);
}

void memory_mappings_forget(void) {
  mapping_count = 0;
}
