#include "memory/memory_mappings.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "memory/memory.h"
#include "record/memory_records.h"

// Who reserves memory in more pieces than this touches it as well, as a rule.
#define MAPPINGS 1024u
// The first look, and the longest between two. In between they come when it is this part older.
#define FIRST_LOOK_NS (5 * 1000 * 1000ull)
#define LAST_LOOK_NS (100 * 1000 * 1000ull)
#define LATER 8u
// One part in so many of the time may looking take.
#define SHARE 200u
// A mapping of more pages than this is looked at in windows of so many, evenly spaced.
#define PAGES_LOOKED_AT (256u * 1024u)
#define WINDOW 2048u
// Of a page in /proc/self/pagemap: it is in memory, or was and has been swapped out.
#define PAGE_TOUCHED (3ull << 62)

struct mapping {
  uintptr_t start;
  uint64_t size, touched, began, next;
  uint32_t id;
  bool said;
};
// By id, which ascends.
static struct mapping mappings[MAPPINGS];
static uint32_t count;

bool memory_mapping_begins(uint32_t id, uintptr_t start, uint64_t size, uint64_t time) {
  if (count == MAPPINGS) return false;
  mappings[count++] = (struct mapping){start, size, 0, time, time + FIRST_LOOK_NS, id, false};
  return true;
}

static struct mapping *find(uint32_t id) {
  uint32_t low = 0, high = count;
  while (low < high) {
    uint32_t middle = (low + high) / 2;
    if (mappings[middle].id < id)
      low = middle + 1;
    else
      high = middle;
  }
  return low < count && mappings[low].id == id ? &mappings[low] : NULL;
}

static void say(struct mapping *it, uint64_t time, uint64_t touched) {
  if (it->said && touched == it->touched) return;
  it->said = true;
  it->touched = touched;
  record_touched(time, it->id, touched);
}

void memory_mapping_ends(uint32_t id, uint64_t time, uint64_t touched) {
  struct mapping *it = find(id);
  if (!it) return;
  bool known = touched != TOUCHED_UNKNOWN;
  // What was given back before the end, or swapped out, was held until then. Where nobody could look, all of it counts:
  // who maps memory for a moment uses it, as a rule.
  if (known && touched > it->touched || !it->said) say(it, time, known && touched < it->size ? touched : it->size);
  memmove(it, it + 1, (size_t)(&mappings[--count] - it) * sizeof *it);
}

// How much of a mapping has been touched. False when that cannot be known.
static bool look_at(int file, const struct mapping *it, uint64_t *touched) {
  static uint64_t words[WINDOW];
  uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE), first = it->start / page;
  uint64_t pages = (it->size + page - 1) / page, step = (pages + PAGES_LOOKED_AT - 1) / PAGES_LOOKED_AT;
  uint64_t seen = 0, found = 0;
  for (uint64_t at = 0; at < pages; at += WINDOW * step) {
    uint64_t wanted = pages - at < WINDOW ? pages - at : WINDOW;
    ssize_t length = pread(file, words, wanted * sizeof *words, (off_t)((first + at) * sizeof *words));
    if (length != (ssize_t)(wanted * sizeof *words)) return false;
    seen += wanted;
    for (uint64_t i = 0; i < wanted; i++) found += (words[i] & PAGE_TOUCHED) != 0;
  }
  *touched = found == seen ? it->size : (uint64_t)((double)found / (double)seen * (double)it->size);
  return true;
}

// Where nobody may look, all of it counts.
static void look(struct mapping *it, int file, uint64_t now) {
  uint64_t began = clock_ns(CLOCK_THREAD_CPUTIME_ID), touched;
  if (file < 0 || !look_at(file, it, &touched)) touched = it->size;
  say(it, now, touched);
  uint64_t pause = (now - it->began) / LATER, cost = SHARE * count * (clock_ns(CLOCK_THREAD_CPUTIME_ID) - began);
  if (pause > LAST_LOOK_NS) pause = LAST_LOOK_NS;
  if (pause < FIRST_LOOK_NS) pause = FIRST_LOOK_NS;
  it->next = now + (pause > cost ? pause : cost);
}

static void look_around(uint64_t now, bool all) {
  int file = -2;
  for (uint32_t i = 0; i < count; i++) {
    struct mapping *it = &mappings[i];
    if (!all && now < it->next) continue;
    if (file == -2) file = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
    look(it, file, now);
  }
  if (file >= 0) close(file);
}

void memory_mappings_look(uint64_t now) {
  look_around(now, false);
}

void memory_mappings_finish(uint64_t now) {
  look_around(now, true);
  for (uint32_t i = 0; i < count; i++)
    if (!mappings[i].said) say(&mappings[i], now, mappings[i].size);
}

void memory_mappings_forget(void) {
  count = 0;
}
