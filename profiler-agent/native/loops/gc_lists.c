#include "loops/gc_lists.h"

#include <string.h>

#include "cpython/objects.h"
#include "signals/guard.h"

// The collector keeps its objects in circular lists, one for each generation, whose heads are part of
// PyInterpreterState. In every version from 3.9 to 3.15 three heads follow each other, GC_LIST_BYTES apart. A head of a
// list of objects that are never collected comes after them. The offset of the first head differs, so the heads are
// searched for.
#define SEARCH_BYTES 16384
#define LISTS_MAX 4
// The collector uses the low bits of a list's pointers as marks.
#define MARKS ((uintptr_t)3)
// When all lists have been walked, all objects are visited again after this time, a few at each walk: collections
// change the order of objects, so some may have been passed over. The delay grows with the number of objects, so that
// this takes less than a thousandth of the time.
#define AGAIN_NS (2 * NS_PER_SECOND)
#define AGAIN_OBJECT_NS (100 * 1000ull)

struct node {
  uintptr_t next, previous, count, type;
};

struct list {
  uintptr_t head;
  // The newest object at the last walk and the one before it. Both are compared, because another object may lie at one
  // of the addresses by now.
  uintptr_t newest, before_newest;
  uintptr_t older;   // where to continue a walk that has not reached the end; 0 when it has
  uint32_t visited;  // objects visited since all objects were last begun again
  bool walked;       // every object has been visited once, so older objects are visited again
};

static const struct interpreter *python;
static struct list lists[LISTS_MAX];
static uint32_t list_count;
static uintptr_t searched_interpreter;  // the interpreter whose lists these are
static uint64_t next_search, next_again;

void gc_lists_begin(const struct interpreter *interpreter) {
  python = interpreter;
  list_count = 0;
  next_search = next_again = searched_interpreter = 0;
}

static bool node_read(uintptr_t address, struct node *node) {
  if (!is_plausible(address) || !memory_read(address, node, sizeof *node)) return false;
  node->next &= ~MARKS;
  node->previous &= ~MARKS;
  return true;
}

static bool is_head(uintptr_t address) {
  struct node node, next, previous;
  return node_read(address, &node) && node_read(node.next, &next) && node_read(node.previous, &previous) &&
         next.previous == address && previous.next == address;
}

// True when a list has an object whose type is collected. An empty list proves nothing.
static bool holds_objects(uintptr_t head) {
  struct node node, first;
  uint64_t flags;
  return node_read(head, &node) && node.next != head && node_read(node.next, &first) && is_plausible(first.type) &&
         object_type(first.type) && memory_read(first.type + TYPE_FLAGS, &flags, sizeof flags) &&
         flags & TYPE_FLAG_COLLECTED;
}

static void lists_find(uintptr_t interpreter) {
  list_count = 0;
  searched_interpreter = interpreter;
  for (uintptr_t at = 0; at < SEARCH_BYTES; at += 8) {
    uintptr_t first = interpreter + at, second = first + GC_LIST_BYTES, third = second + GC_LIST_BYTES;
    if (!is_head(first) || !is_head(second) || !is_head(third)) continue;
    if (!holds_objects(first) && !holds_objects(second) && !holds_objects(third)) continue;
    for (uintptr_t head = first; head <= third; head += GC_LIST_BYTES)
      lists[list_count++] = (struct list){.head = head};
    for (uintptr_t head = third + GC_LIST_BYTES; head <= third + GC_LIST_BYTES + 8 && list_count < LISTS_MAX; head += 8)
      if (is_head(head)) lists[list_count++] = (struct list){.head = head};
    return;
  }
}

// Walks a list from the object `from` towards older ones, up to what was the newest object at the last walk, at most
// `most` steps. *stopped: the object where the steps were used up, 0 at the end, LIST_CHANGED when the list changed
// meanwhile.
#define LIST_CHANGED 1
static uint32_t stretch_walk(const struct list *list, uintptr_t from, uintptr_t newest, uintptr_t before_newest,
                             uint32_t most, uintptr_t *stopped, void (*visit)(uintptr_t, uintptr_t)) {
  struct node node;
  uintptr_t here = from, next = 0;
  uint32_t visited = 0;
  *stopped = 0;
  for (; here != list->head; here = node.previous, visited++) {
    if (visited == most) {
      *stopped = here;
      break;
    }
    // The list changed, unless this node leads back to the one before.
    if (!node_read(here, &node) || next && node.next != next) {
      *stopped = LIST_CHANGED;
      break;
    }
    if (here == newest && node.previous == before_newest) break;
    visit(here + GC_HEAD_BYTES, node.type);
    next = here;
  }
  return visited;
}

static uint32_t list_walk(struct list *list, uint32_t most, uint32_t most_again, void (*visit)(uintptr_t, uintptr_t)) {
  struct node head, last;
  uintptr_t stopped;
  if (!node_read(list->head, &head) || !node_read(head.previous, &last)) return 0;
  uintptr_t newest = list->newest, before_newest = list->before_newest, older = list->older;
  uint32_t visited = stretch_walk(list, head.previous, newest, before_newest, most, &stopped, visit);
  list->visited += visited;
  // The next walk begins at the newest object again, and so reaches the rest.
  if (stopped == LIST_CHANGED) {
    list->walked = false;
    return visited;
  }
  list->newest = head.previous;
  list->before_newest = last.previous;
  if (stopped) {
    list->older = stopped;
    list->walked = false;
  } else if (older && visited < most) {
    uint32_t rest = most - visited;
    if (list->walked && rest > most_again) rest = most_again;
    uint32_t more = stretch_walk(list, older, 0, 0, rest, &list->older, visit);
    if (list->older == LIST_CHANGED) list->older = list->walked ? 0 : list->newest;
    list->visited += more;
    visited += more;
  }
  list->walked |= !list->older;
  return visited;
}

// Begins to walk all objects again.
static void lists_again(uint64_t now) {
  uint64_t objects = 0;
  struct node head;
  for (uint32_t i = 0; i < list_count; i++) {
    struct list *list = &lists[i];
    objects += list->visited;
    if (list->older || !node_read(list->head, &head) || head.previous == list->head) continue;
    list->older = head.previous;
    list->visited = 0;
  }
  next_again = now + AGAIN_NS + objects * AGAIN_OBJECT_NS;
}

uint32_t gc_lists_walk(uint32_t most, uint32_t most_again, void (*visit)(uintptr_t object, uintptr_t type),
                       bool *complete) {
  *complete = false;
  uint64_t now = clock_ns(CLOCK_MONOTONIC_COARSE);
  uintptr_t interpreter = interpreter_main();
  if (!interpreter) return 0;
  if (interpreter != searched_interpreter || !list_count) {
    if (interpreter == searched_interpreter && now < next_search) return 0;
    next_search = now + NS_PER_SECOND / 4;
    lists_find(interpreter);
  }
  if (now >= next_again) lists_again(now);
  uint32_t visited = 0;
  for (uint32_t i = 0; i < list_count && visited < most; i++)
    visited += list_walk(&lists[i], most - visited, most_again, visit);
  *complete = visited < most;
  for (uint32_t i = 0; i < list_count; i++) *complete &= lists[i].walked;
  return visited;
}
