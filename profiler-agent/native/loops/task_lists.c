#include "loops/task_lists.h"

#include <string.h>

#include "cpython/objects.h"
#include "loops/asyncio_section.h"
#include "loops/awaits.h"

static const struct interpreter *python;
static struct task_layout at;
static uint64_t random_state;

void task_lists_begin(const struct interpreter *interpreter, uint64_t now) {
  python = interpreter;
  at = python->at.task;
  random_state = now;
  asyncio_section_begin(python);
}

const struct task_layout *task_layout(void) {
  return &at;
}

uint64_t tasks_random(uint64_t limit) {
  random_state += 0x9e3779b97f4a7c15ull;
  return mix64(random_state) % limit;
}

// Before 3.14, the module asyncio.tasks of each interpreter keeps a WeakSet of all tasks. It is never replaced, so its
// address is kept for a second.
static uintptr_t set_find(uintptr_t interpreter, uint64_t now) {
  static struct name module = {"asyncio.tasks", 0}, data = {"data", 0};
  static struct name old = {"_all_tasks", 0}, scheduled = {"_scheduled_tasks", 0};
  static uintptr_t set, owner;
  static uint64_t until;
  if (set && owner == interpreter && now < until) return set;
  set = attribute_get(module_get(interpreter, &module, python->minor < 12 ? &old : &scheduled), &data);
  owner = interpreter;
  until = now + NS_PER_SECOND;
  return set;
}

// When a set has more items than wanted, only windows of its table are read, from a random position on. That is a fair
// choice, because an item's position depends on nothing but its address.
uint32_t set_items(uintptr_t set, uintptr_t *into, uint32_t most, bool *partial) {
  enum { WINDOW = 32, WINDOWS_MAX = 512 };
  static struct { uintptr_t key, hash; } table[WINDOWS_MAX][WINDOW];
  static struct read reads[WINDOWS_MAX];
  uint64_t head[SET_TABLE / 8 + 1];
  if (!set || !memory_read(set, head, sizeof head) || !type_is(head[OBJECT_TYPE / 8], "set")) return 0;
  uint64_t used = head[SET_USED / 8], size = head[SET_MASK / 8] + 1;
  if (used == 0 || used > size || size > 1u << 26 || size & (size - 1)) return 0;

  uint64_t wanted = used <= most ? size / WINDOW : (most * size / used + WINDOW - 1) / WINDOW;
  if (wanted > WINDOWS_MAX) wanted = WINDOWS_MAX;
  if (wanted == 0) wanted = 1;
  uint32_t windows = (uint32_t)wanted, width = size < WINDOW ? (uint32_t)size : WINDOW;
  *partial = (uint64_t)windows * width < size;
  uint64_t first = *partial ? tasks_random(size) : 0;
  for (uint32_t i = 0; i < windows; i++) {
    uint64_t start = (first + i * (size / windows)) % size / width * width;
    reads[i] = (struct read){.address = head[SET_TABLE / 8] + start * 16, .into = table[i], .size = width * 16};
  }
  memory_read_all(reads, windows);
  uint32_t found = 0;
  for (uint32_t i = 0; i < windows; i++)
    for (uint32_t j = 0; reads[i].done && j < width && found < most; j++)
      if (is_plausible(table[i][j].key)) into[found++] = table[i][j].key;

  return found;
}

// Reads tasks from the WeakSet's set, which holds weak references.
static uint32_t tasks_from_set(uintptr_t set, uintptr_t *into, uint32_t most, bool *partial) {
  static struct read reads[TASKS_MAX];
  uint32_t found = set_items(set, into, most, partial);
  for (uint32_t i = 0; i < found; i++) {
    reads[i] = (struct read){.address = into[i] + WEAKREF_OBJECT, .into = &into[i], .size = sizeof *into};
  }
  memory_read_all(reads, found);
  for (uint32_t i = 0; i < found; i++)
    if (!reads[i].done) into[i] = 0;
  return found;
}

struct node {
  uintptr_t next, previous;
};

// True when the node at `head` belongs to a linked list of tasks: the next node leads back to it, and lies in a task.
static bool is_list(uintptr_t head, const struct node *node) {
  struct node next;
  return is_plausible(node->next) && node->next != head && memory_read(node->next, &next, sizeof next) &&
         next.previous == head && type_kind(object_type(node->next - at.node)) == KIND_TASK;
}

// From 3.14 on the state of each thread has the head of a linked list of the tasks that the thread made
// (_PyThreadStateImpl.asyncio_tasks_head). asyncio publishes the offset of this head. Where that cannot be read, such a
// list is searched for. 0 when it is not found.
static uintptr_t list_find(uintptr_t tstate) {
  enum { FROM = 768, SIZE = 512 };
  static uintptr_t offset;
  uintptr_t words[SIZE / 8];
  const struct asyncio_section *section = asyncio_section(pointer_read(tstate + python->at.tstate.interp));
  if (section && section->task_node + sizeof(struct node) <= TASK_BYTES) {
    at.node = (uint8_t)section->task_node;
    at.coroutine = (uint8_t)section->task_coroutine;
    // TaskObj.task_fut_waiter comes before task_coro.
    at.waiter = at.coroutine - 8;
    return tstate + section->tasks;
  }
  if (!offset && !memory_read(tstate + FROM, words, sizeof words)) return 0;
  for (uintptr_t i = 0; !offset && i + 1 < SIZE / 8; i++) {
    struct node node = {words[i], words[i + 1]};
    if (is_list(tstate + FROM + i * 8, &node)) offset = FROM + i * 8;
  }
  return offset ? tstate + offset : 0;
}

// When there are more tasks than wanted, the next look continues where this one stopped, if that task is still there.
static uint32_t tasks_from_list(uintptr_t tstate, uintptr_t *into, uint32_t most, bool *partial) {
  static uintptr_t resume, resume_owner;
  static unsigned char task[TASK_BYTES];
  struct node node;
  uintptr_t head = list_find(tstate), here = head;
  if (!head || !memory_read(head, &node, sizeof node) || !is_list(head, &node)) return 0;
  if (resume_owner == tstate && memory_read(resume, &node, sizeof node) && is_list(resume, &node)) here = resume;
  if (!memory_read(here, &node, sizeof node)) return 0;
  resume_owner = tstate;
  uint32_t found = 0;
  *partial = false;
  for (uint32_t visited = 0; visited <= most + 1; visited++) {
    uintptr_t next = node.next;
    if (next == here) break;
    if (found == most) {
      *partial = true;
      break;
    }
    if (next == head) {
      if (!memory_read(next, &node, sizeof node)) break;
    } else {
      if (!is_plausible(next) || !memory_read(next - at.node, task, sizeof task)) break;
      memcpy(&node, task + at.node, sizeof node);
      into[found++] = next - at.node;
    }
    resume = next;
  }
  if (here != head && found < most) into[found++] = here - at.node;
  return found;
}

uint32_t tasks_of_asyncio(uintptr_t tstate, uint64_t now, uintptr_t *into, uint32_t most, bool *partial) {
  if (at.node) return tasks_from_list(tstate, into, most, partial);
  return tasks_from_set(set_find(pointer_read(tstate + python->at.tstate.interp), now), into, most, partial);
}
