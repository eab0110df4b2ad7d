#include "memory/memory.h"

#include "cpython/interpreter.h"
#include "memory/footprint.h"
#include "memory/hooks_map.h"
#include "memory/memory_handlers.h"
#include "memory/memory_mappings.h"
#include "memory/memory_notes.h"
#include "memory/memory_python.h"
#include "memory/memory_table.h"
#include "record/records.h"

// Periods, in bytes. With the first one, a program that allocates 160 MB a second has five thousand samples a second.
#define PERIOD_MIN (16u * 1024u)
#define PERIOD_FIRST (32u * 1024u)
#define PERIOD_MAX (1024u * 1024u)
// More live samples than this are not worth their memory: with this many, the figure of a line that holds a fiftieth of
// all memory has an error of 3 %.
#define LIVE_WANTED (64u * 1024u)
// CPU time that noting and recording samples may take, in permille: of the program's CPU time, or of one core if that
// is more, because a program that mostly waits can leak, too.
#define BUDGET_PERMILLE 25
#define BUDGET_CORE_PERMILLE 10
// Additional CPU time that may be used once: programs import and build up at first, and short ones do nothing else.
#define BUDGET_ONCE_NS (4 * 1000 * 1000ull)
// Copies are also sampled by their bytes.
#define COPY_PERIOD (2u * 1024u * 1024u)
// The period grows by at most this factor at once.
#define PERIOD_GROWTH_MAX 8u
// How often the period is adapted.
#define ADAPT_NS (50 * 1000 * 1000ull)

__thread struct memory_local memory_local;

static const struct interpreter *python;
static _Atomic bool sampling;
static _Atomic uint64_t period_now;
static _Atomic(const char *) end_reason;  // why sampling has ended, until the user is told

// ---- Choosing ----

// Draws the distance to the next sample.
static void distance_draw(struct memory_local *local) {
  if (!local->random) local->random = mix64((uintptr_t)local ^ clock_ns(CLOCK_MONOTONIC));
  local->period = atomic_load_explicit(&period_now, memory_order_relaxed);
  uint64_t bytes = (uint64_t)(random_distance(&local->random) * (double)local->period) + 1;
  // An allocation of a period or more must always ask.
  uint64_t room = bytes < local->period ? bytes : local->period;
  local->room = room;
  local->reserve = bytes - room;
}

bool memory_wants(size_t size, uint64_t *period) {
  struct memory_local *local = &memory_local;
  if (!atomic_load_explicit(&sampling, memory_order_relaxed)) {
    // The thread asks again soon: it may have started before sampling begins.
    local->room = size + PERIOD_MIN;
    local->period = 0;
    return false;
  }
  if (local->inside) return false;
  // When the period has changed, the distance to the next sample is drawn anew. That is fair because the distance is
  // memoryless, but only as long as the decision does not depend on where the next sample would have been.
  bool stale = local->period != atomic_load_explicit(&period_now, memory_order_relaxed);
  if (!local->period || size >= local->period && stale) distance_draw(local);
  if (size >= local->period) {
    *period = 0;
    return true;
  }
  uint64_t remaining = local->room + local->reserve;
  if (size < remaining) {
    // A signal handler may change these variables meanwhile; none of the differences can become negative.
    remaining -= size;
    uint64_t room = remaining < local->period ? remaining : local->period;
    local->room = room;
    local->reserve = remaining - room;
    if (stale) distance_draw(local);
    return false;
  }
  *period = local->period;
  distance_draw(local);
  return true;
}

// ---- Blocks that are sampled ----

// When the ring of notes is this full, the period is doubled after every CROWDED_SAMPLES samples until the watcher has
// made room. So a burst is thinned, not lost, and its samples still stand for all of it.
#define CROWDED 0.5
#define CROWDED_SAMPLES 128u
#define PERIOD_CROWDED ((uint64_t)1 << 40)

static void period_double_when_crowded(void) {
  static uint32_t samples;
  uint64_t period = atomic_load(&period_now);
  if (memory_notes_level() < CROWDED || ++samples < CROWDED_SAMPLES || period >= PERIOD_CROWDED) return;
  samples = 0;
  atomic_store(&period_now, 2 * period);
}

void memory_leave(const char *why) {
  atomic_store(&sampling, false);
  atomic_store(&end_reason, why);
}

static const char no_memory[] =
    "The system had no memory left for following the program's memory. What it allocated from then on is missing.";

// A bit in the table's sizes: every block of this size is sampled.
#define EXACT ((uint64_t)1 << 63)

void memory_allocated(const void *block, size_t size, size_t grown, uint64_t period, enum memory_kind kind) {
  struct memory_held held;
  if (!block || memory_notes_full() || !memory_lock(&held)) return;
  struct memory_note note = {.time = held.began,
                             .block = (uintptr_t)block,
                             .size = size,
                             .grown = grown,
                             .period = period,
                             .kind = (uint8_t)kind};
  uint32_t stale;
  uint64_t stale_size;
  // The block at this address was freed without a call of our hooks, for example by a library that found `free` by
  // itself.
  if (memory_table_take((uintptr_t)block, &stale, &stale_size)) memory_note_free(stale, held.began, TOUCHED_UNKNOWN);
  // The table comes first: once a block is noted, its free must be recognized.
  uint64_t entered = period ? size : size | EXACT;
  if (memory_table_add((uintptr_t)block, 0, entered)) {
    period_double_when_crowded();
    uint32_t id = memory_note_allocation(&note);
    if (id)
      memory_table_add((uintptr_t)block, id, entered);
    else
      memory_table_take((uintptr_t)block, &stale, &stale_size);
  } else {
    memory_leave(no_memory);
  }
  memory_unlock(&held);
}

size_t memory_take(const void *block, struct memory_token *token) {
  *token = (struct memory_token){.touched = TOUCHED_UNKNOWN};
  struct memory_held held;
  // Most blocks that come here only share a page with a sampled one.
  if (memory_table_lacks((uintptr_t)block) || memory_local.inside || !memory_lock(&held)) return 0;
  uint64_t size = 0;
  if (memory_table_take((uintptr_t)block, &token->id, &size)) {
    token->size = size & ~EXACT;
    token->exact = size & EXACT;
  }
  memory_unlock(&held);
  return token->size;
}

void memory_freed(const void *block) {
  struct memory_held held;
  if (memory_table_lacks((uintptr_t)block) || memory_local.inside || !memory_lock(&held)) return;
  uint32_t id;
  uint64_t size;
  // What the interpreter frees while it finalizes counts as held by the program until its end.
  if (memory_table_take((uintptr_t)block, &id, &size) && !python->is_finalizing())
    memory_note_free(id, held.began, TOUCHED_UNKNOWN);
  memory_unlock(&held);
}

void memory_release(const struct memory_token *token) {
  struct memory_held held;
  if (!token->id) return;
  bool ends = python->is_finalizing();
  if (ends && token->touched == TOUCHED_UNKNOWN || !memory_lock(&held)) return;
  if (ends)
    memory_note_end(token->id, held.began, token->touched);
  else
    memory_note_free(token->id, held.began, token->touched);
  memory_unlock(&held);
}

void memory_keep(const void *block, const struct memory_token *token) {
  struct memory_held held;
  if (!token->id || !memory_lock(&held)) return;
  memory_table_add((uintptr_t)block, token->id, token->exact ? token->size | EXACT : token->size);
  memory_unlock(&held);
}

// Allows this many bytes to be copied before the next sample.
static void let_copy(struct memory_local *local, uint64_t bytes) {
  // A copy of a period or more must always call.
  uint64_t copies = bytes < COPY_PERIOD ? bytes : COPY_PERIOD;
  local->copies = copies;
  local->further = bytes - copies + 1;
}

static void copy_distance_draw(struct memory_local *local) {
  let_copy(local, (uint64_t)(random_distance(&local->random) * COPY_PERIOD) + 1);
}

void memory_copied(size_t size) {
  struct memory_local *local = &memory_local;
  if (local->inside) return;
  if (!atomic_load_explicit(&sampling, memory_order_relaxed)) {
    local->copies = size + PERIOD_MIN;
    local->further = 0;
    return;
  }
  if (!local->random) distance_draw(local);
  if (!local->further) copy_distance_draw(local);
  bool all = size >= COPY_PERIOD;
  uint64_t remaining = local->copies + local->further - 1;
  if (!all && size < remaining) return let_copy(local, remaining - size);
  if (!all) copy_distance_draw(local);
  struct memory_held held;
  if (!memory_lock(&held)) return;
  struct memory_note note = {.time = held.began, .size = size, .period = all ? 0 : COPY_PERIOD};
  period_double_when_crowded();
  memory_note_copy(&note);
  memory_unlock(&held);
}

// ---- The watcher's part ----

static uint64_t adapt_at, adapt_cpu, adapt_spent, adapt_once;

bool memory_is_on(void) {
  return atomic_load_explicit(&sampling, memory_order_relaxed);
}

void memory_adapt(uint64_t now) {
  if (!memory_is_on()) return;
  footprint_look(now);
  memory_handlers_look(now);
  memory_mappings_look(now);
  if (now - adapt_at < ADAPT_NS) return;
  memory_python_look();
  uint64_t cpu = clock_ns(CLOCK_PROCESS_CPUTIME_ID), spent = memory_spent_ns() + memory_drained_ns();
  uint64_t allowed = (cpu - adapt_cpu) * BUDGET_PERMILLE / 1000, used = spent - adapt_spent;
  uint64_t idle = (now - adapt_at) * BUDGET_CORE_PERMILLE / 1000;
  if (adapt_at && allowed < idle) allowed = idle;
  uint64_t beyond = used > allowed ? used - allowed : 0;
  if (beyond > adapt_once) beyond = adapt_once;
  adapt_once -= beyond;
  used -= beyond;
  uint64_t period = atomic_load(&period_now);
  // The period changes in proportion to the cost, aiming slightly below the budget. When the cost is far above it, the
  // period is raised at once: a burst may be over before it was doubled a few times.
  double share = (double)used / (0.9 * (double)allowed + 1);
  if (used > allowed)
    period = (uint64_t)((double)period * (share < PERIOD_GROWTH_MAX ? share : PERIOD_GROWTH_MAX));
  else if (memory_table_used() > LIVE_WANTED)
    period *= 2;
  else if (used < allowed / 2 && memory_table_used() < LIVE_WANTED / 3)
    period = (uint64_t)((double)period * (share > 0.5 ? share : 0.5));
  if (period < PERIOD_MIN) period = PERIOD_MIN;
  if (period > PERIOD_MAX) period = PERIOD_MAX;
  // While the ring is crowded, the period that the program's threads have set stays.
  if (memory_notes_level() < CROWDED / 2) atomic_store(&period_now, period);
  adapt_at = now;
  adapt_cpu = cpu;
  adapt_spent = spent;
}

void memory_start(const struct interpreter *interpreter) {
  python = interpreter;
  if (!memory_notes_begin(python) || !memory_table_begin()) return memory_leave(no_memory);
  memory_map_begin();
  memory_handlers_begin(python->eval_entry);
  memory_python_begin(python);
  atomic_store(&period_now, PERIOD_FIRST);
  adapt_once = BUDGET_ONCE_NS;
  atomic_store_explicit(&sampling, true, memory_order_release);
}

void memory_say(void) {
  const char *why = atomic_exchange(&end_reason, NULL);
  if (why) record_note(SEVERITY_WARNING, why);
}

void memory_stop(void) {
  atomic_store(&sampling, false);
}

void memory_after_fork(void) {
  if (!memory_notes_begun()) return;
  // The child's recording knows nothing of the parent's blocks. What other threads of the parent were doing here has no
  // effect in the child.
  memory_notes_clear();
  atomic_store(&period_now, PERIOD_FIRST);
  adapt_at = adapt_cpu = 0;
  adapt_once = BUDGET_ONCE_NS;
  memory_python_after_fork();
  memory_table_begin();
}
