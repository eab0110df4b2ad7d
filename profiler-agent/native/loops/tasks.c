#include "loops/tasks.h"

#include <stdlib.h>
#include <string.h>

#include "cpython/objects.h"
#include "loops/asyncio_section.h"
#include "loops/awaits.h"
#include "loops/greenlets.h"
#include "loops/task_lists.h"
#include "loops/trio.h"

#define STATE_PENDING 0

// When the budget does not allow TASKS_MIN tasks, the last look is used again, up to this age.
#define TASKS_MIN 8
#define AGE_NS (100 * 1000 * 1000ull)
// The budget: this much of the program's CPU time and of elapsed time, saved up to SAVED_NS.
#define PROGRAM_PERMILLE 4
#define TIME_PERMILLE 1
#define SAVED_NS (5 * 1000 * 1000ull)
// A search for new greenlets may always take this long: greenlets that are not found get no part of the wait.
#define SEARCH_NS (150 * 1000ull)
// Part of the budget that is kept for looks at known greenlets. Only what exceeds it is spent on visiting old objects
// again.
#define KEPT_NS (SAVED_NS / 4)
#define AGAIN_NS (20 * 1000ull)

static const struct interpreter *python;
static uint64_t saved;                // what is left of the budget, in ns
static uint64_t saved_at, saved_cpu;  // the time and the process's CPU clock when that was computed
static uint64_t task_cost;            // what a look at one task costs, in ns
static uintptr_t function_type;
static struct awaits pool[16];

void tasks_begin(const struct interpreter *interpreter, uint64_t now) {
  python = interpreter;
  task_lists_begin(python, now);
  function_type = (uintptr_t)interpreter_symbol("PyFunction_Type");
  awaits_begin(python);
  trio_begin();
  greenlets_begin(python);
  memset(pool, 0, sizeof pool);
  saved = SAVED_NS;
  saved_at = now;
  saved_cpu = clock_ns(CLOCK_PROCESS_CPUTIME_ID);
  task_cost = 5000;
}

// ---- Tasks that wait ----

// True for the callback of asyncio.shield, which the future that it returns has as its first callback.
static bool is_shield(uintptr_t function) {
  uintptr_t code = pointer_read(function + python->at.function.code);
  char name[32];
  return object_type(code) == python->code_type &&
         str_read(pointer_read(code + python->at.code.name), name, sizeof name) &&
         strcmp(name, "_outer_done_callback") == 0;
}

// The loop compared last and the result, kept for one look.
static uintptr_t known_loop;
static bool known_loop_result;

// True when a task's loop is the one in which the thread waits. A loop without Python code, such as uvloop, keeps the
// id of the thread that runs it among its first fields, and clears it when it stops.
static bool is_loop(uintptr_t loop, const struct thread *thread, const struct wait_stack *where) {
  enum { FIELDS = 20 };
  if (where->kind != LOOP_FOREIGN) return loop == where->loop;
  const struct asyncio_section *section = asyncio_section(pointer_read(where->tstate + python->at.tstate.interp));
  if (section) return loop == pointer_read(where->tstate + section->running_loop);
  if (loop == known_loop) return known_loop_result;
  uintptr_t fields[FIELDS];
  known_loop = loop;
  known_loop_result = false;
  if (!memory_read(loop, fields, sizeof fields)) return false;
  for (int i = 2; i < FIELDS; i++) known_loop_result |= fields[i] == (uintptr_t)thread->identity.pthread;
  return known_loop_result;
}

// Starts a chain for each suspended task of the loop. Returns the number of chains.
static uint32_t chains_start(struct await_chain *chains, const uintptr_t *tasks, uint32_t count,
                             const struct thread *thread, const struct wait_stack *where) {
  static union {
    unsigned char bytes[TASK_BYTES];
    uintptr_t words[TASK_BYTES / 8];
  } task[TASKS_MAX];
  static struct read reads[TASKS_MAX];
  const struct task_layout *at = task_layout();
  for (uint32_t i = 0; i < count; i++)
    reads[i] = (struct read){.address = tasks[i], .into = task[i].bytes, .size = at->coroutine + 8u};
  memory_read_all(reads, count);
  uint32_t kept = 0;
  for (uint32_t i = 0; i < count; i++) {
    const uintptr_t *words = task[i].words;
    int32_t state;
    memcpy(&state, task[i].bytes + at->state, sizeof state);
    if (!reads[i].done || state != STATE_PENDING || !is_loop(words[TASK_LOOP / 8], thread, where)) continue;
    if (!is_plausible(words[at->waiter / 8]) || type_kind(words[OBJECT_TYPE / 8]) != KIND_TASK) continue;
    chains[kept] = (struct await_chain){.object = words[at->coroutine / 8], .stack = where->loop_stack};
    // What the task awaits is read into the memory of a task that has been examined already.
    reads[kept] = (struct read){.address = words[at->waiter / 8], .into = task[kept].bytes, .size = TASK_CALLBACK + 8};
    kept++;
  }
  memory_read_all(reads, kept);
  for (uint32_t i = 0; i < kept; i++) {
    uintptr_t *words = task[i].words;
    if (!reads[i].done) memset(words, 0, TASK_CALLBACK + 8);
    enum kind kind = type_kind(words[OBJECT_TYPE / 8]);
    chains[i].children = kind == KIND_TASK || kind == KIND_GATHERING;
    // The address of the type of its first callback.
    reads[i] = (struct read){.address = words[TASK_CALLBACK / 8] + OBJECT_TYPE, .into = words, .size = sizeof *words};
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

// Returns how many tasks the budget allows now.
static uint32_t tasks_affordable(uint64_t now) {
  uint64_t cpu = clock_ns(CLOCK_PROCESS_CPUTIME_ID);
  saved += (now - saved_at) * TIME_PERMILLE / 1000 + (cpu - saved_cpu) * PROGRAM_PERMILLE / 1000;
  if (saved > SAVED_NS) saved = SAVED_NS;
  saved_at = now;
  saved_cpu = cpu;
  uint64_t most = saved / task_cost;
  return most > TASKS_MAX ? TASKS_MAX : (uint32_t)most;
}

// Returns the result of the thread's last look. When there is none, returns the slot whose look is longest ago.
static struct awaits *awaits_of(uint32_t thread) {
  struct awaits *oldest = &pool[0];
  for (size_t i = 0; i < sizeof pool / sizeof *pool; i++) {
    if (pool[i].thread == thread) return &pool[i];
    if (pool[i].when < oldest->when) oldest = &pool[i];
  }
  return oldest;
}

bool tasks_due(const struct awaits *awaits, uint64_t now) {
  return awaits->again && (tasks_affordable(now) >= TASKS_MIN || now - awaits->when > AGE_NS);
}

struct awaits *tasks_look(const struct thread *thread, const struct wait_stack *where, uint64_t now) {
  static uintptr_t tasks[TASKS_MAX];
  static struct await_chain chains[TASKS_MAX];
  uint32_t id = thread->id;
  uint64_t before = clock_ns(CLOCK_THREAD_CPUTIME_ID);
  uint32_t most = tasks_affordable(now), kept = 0, leaves = 0;
  struct awaits *awaits = awaits_of(id);
  bool same = awaits->thread == id && awaits->loop_stack == where->loop_stack;
  if (most < TASKS_MIN && same && now - awaits->when < AGE_NS) {
    awaits->again = true;
    return awaits;
  }
  if (most < TASKS_MIN) most = TASKS_MIN;
  if (!same) *awaits = (struct awaits){.thread = id, .loop_stack = where->loop_stack};
  awaits->when = now;
  awaits->again = awaits->partial = false;
  known_loop = 0;
  if (where->kind == LOOP_GREENLETS) {
    uint64_t again = saved > KEPT_NS + AGAIN_NS * 2 ? (saved - KEPT_NS) / 2 : AGAIN_NS;
    // The search is paid from the same budget, but does not count as the cost of a task.
    awaits->again = !greenlets_search(where->loop, saved / 2 > SEARCH_NS ? saved / 2 : SEARCH_NS, again);
    uint64_t searched = clock_ns(CLOCK_THREAD_CPUTIME_ID);
    saved -= searched - before < saved ? searched - before : saved;
    before = searched;
  }
  uint32_t count, waiting;
  if (where->kind == LOOP_GREENLETS) {
    count = greenlets_chains(chains, &waiting, thread, most, &awaits->partial);
  } else {
    bool trio = where->kind == LOOP_TRIO;
    count = trio ? trio_tasks(where->loop, tasks, most, &awaits->partial)
                 : tasks_of_asyncio(where->tstate, now, tasks, most, &awaits->partial);
    waiting =
        trio ? trio_chains(chains, tasks, count, where->loop_stack) : chains_start(chains, tasks, count, thread, where);
    awaits_follow(chains, waiting);
  }
  // A task that waits for another task gets no part of the wait, unless all of them do.
  for (uint32_t i = 0; i < waiting; i++) leaves += !chains[i].lost && !chains[i].children;
  for (uint32_t i = 0; i < waiting; i++)
    if (!chains[i].lost && (leaves == 0 || !chains[i].children)) chains[kept++] = chains[i];
  // When none of the tasks looked at waits, the last look stays valid, and another look may find one.
  bool found = kept || !awaits->partial;
  if (found) awaits->tasks = awaits->count = 0;
  awaits->again |= !found;
  qsort(chains, kept, sizeof *chains, by_stack);
  for (uint32_t i = 0; i < kept; i++) {
    if (awaits->count == 0 || awaits->share[awaits->count - 1].stack != chains[i].stack) {
      if (awaits->count == sizeof awaits->share / sizeof *awaits->share) break;
      awaits->share[awaits->count].stack = chains[i].stack;
      awaits->share[awaits->count++].tasks = 0;
    }
    awaits->share[awaits->count - 1].tasks++;
    awaits->tasks++;
  }
  uint64_t cost = clock_ns(CLOCK_THREAD_CPUTIME_ID) - before;
  saved -= cost < saved ? cost : saved;
  if (count) task_cost = (task_cost * 7 + cost / count) / 8 + 1;
  return awaits->count || awaits->again ? awaits : NULL;
}

uint32_t awaits_divide(const struct awaits *awaits, uint64_t wall, struct await_slice *into, uint32_t most) {
  uint32_t count = 0;
  uint64_t given = 0, tasks = 0;
  if (awaits->count <= most) {
    for (; count < awaits->count; count++) {
      tasks += awaits->share[count].tasks;
      uint64_t end = (uint64_t)((unsigned __int128)wall * tasks / awaits->tasks);
      into[count] = (struct await_slice){awaits->share[count].stack, end - given};
      given = end;
    }
    return count;
  }
  // Picks tasks at equal distances, starting with a random one.
  uint64_t start = tasks_random(awaits->tasks);
  uint32_t share = 0;
  for (uint32_t i = 0; i < most; i++) {
    uint64_t wanted = (start + (uint64_t)i * awaits->tasks) / most;
    while (tasks + awaits->share[share].tasks <= wanted) tasks += awaits->share[share++].tasks;
    uint64_t end = wall * (i + 1) / most;
    if (count && into[count - 1].stack == awaits->share[share].stack)
      into[count - 1].wall += end - given;
    else
      into[count++] = (struct await_slice){awaits->share[share].stack, end - given};
    given = end;
  }
  return count;
}
