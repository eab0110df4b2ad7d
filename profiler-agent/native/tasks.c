#include "tasks.h"

#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

#include "awaits.h"
#include "objects.h"

// TaskObj of Modules/_asynciomodule.c on LP64 release builds: found by looking for known pointers in tasks of 3.9.18,
// 3.10.13, 3.11.7, 3.12.1, 3.13.0, 3.14.10 and 3.15.2. The loop and the first callback are its first fields everywhere.
static const struct layout {
  uint8_t state, waiter, coroutine, node;
} layouts[] = {
    {80, 144, 152, 0}, {88, 152, 160, 0},    {88, 128, 136, 0},    {88, 128, 136, 0},
    {96, 112, 120, 0}, {104, 120, 128, 152}, {104, 120, 128, 152},
};
enum { TASK_LOOP = 16, TASK_CALLBACK = 24, TASK_BYTES = 168 };
#define STATE_PENDING 0

// At most this many tasks are looked at. When not even the least number can be afforded, the last look still holds,
// unless it is too old.
#define TASKS_MAX 2000
#define TASKS_MIN 8
#define AGE_NS (100 * 1000 * 1000ull)
// What looking may cost: a share of what the program itself uses and of the time that passes, saved up for this long.
#define PROGRAM_PERMILLE 4
#define TIME_PERMILLE 1
#define SAVED_NS (5 * 1000 * 1000ull)

static const struct interpreter *python;
static struct layout at;
static uint64_t random_state, saved, saved_at, saved_cpu, task_cost;
static uintptr_t function_type;
static struct awaits pool[16];

void tasks_begin(const struct interpreter *interpreter, uint64_t now) {
  python = interpreter;
  at = layouts[python->minor - OLDEST_MINOR];
  function_type = (uintptr_t)dlsym(RTLD_DEFAULT, "PyFunction_Type");
  awaits_begin(python);
  memset(pool, 0, sizeof pool);
  random_state = now;
  saved = SAVED_NS;
  saved_at = now;
  saved_cpu = clock_ns(CLOCK_PROCESS_CPUTIME_ID);
  task_cost = 5000;
}

static uint64_t random_below(uint64_t limit) {
  random_state += 0x9e3779b97f4a7c15ull;
  return mix64(random_state) % limit;
}

// ---- Which tasks there are ----

// Up to 3.13 the module asyncio.tasks of each interpreter keeps a WeakSet of all of them. Nobody replaces it, so that
// it need not be looked up every time.
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

// That set holds weak references. From one that is larger than wanted, stretches of its table are taken that begin
// anywhere: where an object is in it depends on its address only.
static uint32_t tasks_from_set(uintptr_t set, uintptr_t *into, uint32_t most, bool *partial) {
  enum { WINDOW = 32, WINDOWS_MAX = 512 };
  static struct { uintptr_t key, hash; } table[WINDOWS_MAX][WINDOW];
  static struct read reads[TASKS_MAX];
  uint64_t head[6];  // refcount, type, fill, used, mask, table
  if (!set || !memory_read(set, head, sizeof head) || !type_is(head[1], "set")) return 0;
  uint64_t used = head[3], size = head[4] + 1;
  if (used == 0 || used > size || size > 1u << 26 || size & (size - 1)) return 0;

  uint64_t wanted = used <= most ? size / WINDOW : (most * size / used + WINDOW - 1) / WINDOW;
  if (wanted > WINDOWS_MAX) wanted = WINDOWS_MAX;
  if (wanted == 0) wanted = 1;
  uint32_t windows = (uint32_t)wanted, width = size < WINDOW ? (uint32_t)size : WINDOW;
  *partial = (uint64_t)windows * width < size;
  uint64_t first = *partial ? random_below(size) : 0;
  for (uint32_t i = 0; i < windows; i++) {
    uint64_t start = (first + i * (size / windows)) % size / width * width;
    reads[i] = (struct read){.address = head[5] + start * 16, .into = table[i], .size = width * 16};
  }
  memory_read_all(reads, windows);
  uint32_t found = 0;
  for (uint32_t i = 0; i < windows; i++)
    for (uint32_t j = 0; reads[i].done && j < width && found < most; j++)
      if (is_plausible(table[i][j].key)) into[found++] = table[i][j].key;

  // PyWeakReference.wr_object comes first.
  for (uint32_t i = 0; i < found; i++) {
    reads[i] = (struct read){.address = into[i] + 16, .into = &into[i], .size = sizeof *into};
  }
  memory_read_all(reads, found);
  for (uint32_t i = 0; i < found; i++)
    if (!reads[i].done) into[i] = 0;
  return found;
}

struct node {
  uintptr_t next, previous;
};

// A node of a linked list of tasks is one whose neighbour leads back to it and lies in a task.
static bool is_list(uintptr_t head, const struct node *node) {
  struct node next;
  return is_plausible(node->next) && node->next != head && memory_read(node->next, &next, sizeof next) &&
         next.previous == head && type_kind(object_type(node->next - at.node)) == KIND_TASK;
}

// From 3.14 each thread state (_PyThreadStateImpl.asyncio_tasks_head) heads a linked list of the tasks made by its
// thread. Where in it differs between builds, and is found by looking for such a list. When there are more than wanted,
// the next look goes on where this one ended, if that task still is there.
static uint32_t tasks_from_list(uintptr_t tstate, uintptr_t *into, uint32_t most, bool *partial) {
  enum { FROM = 768, SIZE = 512 };
  static uintptr_t offset, resume, resume_owner;
  static unsigned char task[TASK_BYTES];
  uintptr_t words[SIZE / 8];
  struct node node;
  if (!memory_read(tstate + FROM, words, sizeof words)) return 0;
  for (uintptr_t i = 0; !offset && i + 1 < SIZE / 8; i++) {
    node = (struct node){words[i], words[i + 1]};
    if (is_list(tstate + FROM + i * 8, &node)) offset = FROM + i * 8;
  }
  uintptr_t head = tstate + offset, here = head;
  if (!offset || !memory_read(head, &node, sizeof node) || !is_list(head, &node)) return 0;
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

// ---- Which of them wait ----

// asyncio.shield returns a future whose first callback is a function of this name.
static bool is_shield(uintptr_t function) {
  // PyFunctionObject.func_code
  uintptr_t code = pointer_read(function + (python->minor == 9 ? 16 : 48));
  char name[32];
  return object_type(code) == python->code_type &&
         str_read(pointer_read(code + python->at.code_name), name, sizeof name) &&
         strcmp(name, "_outer_done_callback") == 0;
}

// Keeps what the loop's suspended tasks run and await.
static uint32_t chains_start(struct await_chain *chains, const uintptr_t *tasks, uint32_t count,
                             const struct wait_stack *where) {
  static union {
    unsigned char bytes[TASK_BYTES];
    uintptr_t words[TASK_BYTES / 8];
  } task[TASKS_MAX];
  static struct read reads[TASKS_MAX];
  for (uint32_t i = 0; i < count; i++)
    reads[i] = (struct read){.address = tasks[i], .into = task[i].bytes, .size = at.coroutine + 8u};
  memory_read_all(reads, count);
  uint32_t kept = 0;
  for (uint32_t i = 0; i < count; i++) {
    const uintptr_t *words = task[i].words;
    int32_t state;
    memcpy(&state, task[i].bytes + at.state, sizeof state);
    if (!reads[i].done || words[TASK_LOOP / 8] != where->loop || state != STATE_PENDING) continue;
    if (!is_plausible(words[at.waiter / 8]) || type_kind(words[1]) != KIND_TASK) continue;
    chains[kept] = (struct await_chain){.object = words[at.coroutine / 8], .stack = where->loop_stack};
    // Its first fields, over those of tasks that have been looked at.
    reads[kept] = (struct read){.address = words[at.waiter / 8], .into = task[kept].bytes, .size = TASK_CALLBACK + 8};
    kept++;
  }
  memory_read_all(reads, kept);
  for (uint32_t i = 0; i < kept; i++) {
    uintptr_t *words = task[i].words;
    if (!reads[i].done) memset(words, 0, TASK_CALLBACK + 8);
    enum kind kind = type_kind(words[1]);
    chains[i].children = kind == KIND_TASK || kind == KIND_GATHERING;
    // The type of the first callback.
    reads[i] = (struct read){.address = words[TASK_CALLBACK / 8] + 8, .into = words, .size = sizeof *words};
  }
  memory_read_all(reads, kept);
  for (uint32_t i = 0; i < kept; i++)
    if (reads[i].done && task[i].words[0] == function_type && is_shield(task[i].words[TASK_CALLBACK / 8]))
      chains[i].children = true;
  return kept;
}

static int by_stack(const void *a, const void *b) {
  uint32_t left = ((const struct await_chain *)a)->stack, right = ((const struct await_chain *)b)->stack;
  return left < right ? -1 : left > right;
}

// How many tasks can be afforded now.
static uint32_t tasks_affordable(uint64_t now) {
  uint64_t cpu = clock_ns(CLOCK_PROCESS_CPUTIME_ID);
  saved += (now - saved_at) * TIME_PERMILLE / 1000 + (cpu - saved_cpu) * PROGRAM_PERMILLE / 1000;
  if (saved > SAVED_NS) saved = SAVED_NS;
  saved_at = now;
  saved_cpu = cpu;
  uint64_t most = saved / task_cost;
  return most > TASKS_MAX ? TASKS_MAX : (uint32_t)most;
}

// The thread's last look, or the one whose thread has not looked for longest.
static struct awaits *awaits_of(uint32_t thread) {
  struct awaits *oldest = &pool[0];
  for (size_t i = 0; i < sizeof pool / sizeof *pool; i++) {
    if (pool[i].thread == thread) return &pool[i];
    if (pool[i].when < oldest->when) oldest = &pool[i];
  }
  return oldest;
}

struct awaits *tasks_look(uint32_t thread, const struct wait_stack *where, uint64_t now) {
  static uintptr_t tasks[TASKS_MAX];
  static struct await_chain chains[TASKS_MAX];
  uint64_t before = clock_ns(CLOCK_THREAD_CPUTIME_ID);
  uint32_t most = tasks_affordable(now), kept = 0, leaves = 0;
  struct awaits *self = awaits_of(thread);
  bool same = self->thread == thread && self->loop_stack == where->loop_stack;
  if (most < TASKS_MIN && same && now - self->when < AGE_NS) return self->count ? self : NULL;
  if (most < TASKS_MIN) most = TASKS_MIN;
  *self = (struct awaits){.thread = thread, .loop_stack = where->loop_stack, .when = now};
  uint32_t count = at.node ? tasks_from_list(where->tstate, tasks, most, &self->partial)
                           : tasks_from_set(set_find(pointer_read(where->tstate + python->at.tstate_interp), now),
                                            tasks, most, &self->partial);
  uint32_t waiting = chains_start(chains, tasks, count, where);
  awaits_follow(chains, waiting);
  // Where one task waits for another, only the other really waits; unless none was found.
  for (uint32_t i = 0; i < waiting; i++) leaves += !chains[i].lost && !chains[i].children;
  for (uint32_t i = 0; i < waiting; i++)
    if (!chains[i].lost && (leaves == 0 || !chains[i].children)) chains[kept++] = chains[i];
  qsort(chains, kept, sizeof *chains, by_stack);
  for (uint32_t i = 0; i < kept; i++) {
    if (self->count == 0 || self->share[self->count - 1].stack != chains[i].stack) {
      if (self->count == sizeof self->share / sizeof *self->share) break;
      self->share[self->count].stack = chains[i].stack;
      self->share[self->count++].tasks = 0;
    }
    self->share[self->count - 1].tasks++;
    self->tasks++;
  }
  uint64_t cost = clock_ns(CLOCK_THREAD_CPUTIME_ID) - before;
  saved -= cost < saved ? cost : saved;
  if (count) task_cost = (task_cost * 7 + cost / count) / 8 + 1;
  return self->count ? self : NULL;
}

uint32_t awaits_divide(const struct awaits *self, uint64_t wall, struct await_slice *into, uint32_t most) {
  uint32_t count = 0;
  uint64_t given = 0, tasks = 0;
  if (self->count <= most) {
    for (; count < self->count; count++) {
      tasks += self->share[count].tasks;
      uint64_t end = (uint64_t)((unsigned __int128)wall * tasks / self->tasks);
      into[count] = (struct await_slice){self->share[count].stack, end - given};
      given = end;
    }
    return count;
  }
  // Tasks at equal distances, from one that is chosen at random.
  uint64_t start = random_below(self->tasks);
  uint32_t share = 0;
  for (uint32_t i = 0; i < most; i++) {
    uint64_t wanted = (start + (uint64_t)i * self->tasks) / most;
    while (tasks + self->share[share].tasks <= wanted) tasks += self->share[share++].tasks;
    uint64_t end = wall * (i + 1) / most;
    if (count && into[count - 1].stack == self->share[share].stack)
      into[count - 1].wall += end - given;
    else
      into[count++] = (struct await_slice){self->share[share].stack, end - given};
    given = end;
  }
  return count;
}
