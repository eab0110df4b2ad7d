#include "memory.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "arch.h"
#include "interpreter.h"
#include "memory_python.h"
#include "observe.h"
#include "recording.h"
#include "sampler.h"
#include "selftest.h"
#include "stack.h"
#include "threads.h"
#include "watcher.h"

// Periods, in bytes. The first one makes ten thousand samples a second of a program that allocates 160 MB in one.
#define PERIOD_MIN (16u * 1024u)
#define PERIOD_MAX (512u * 1024u)
// More live samples than this say nothing more: at 16 K the error of a sum is below 1 %.
#define LIVE_WANTED (16u * 1024u)
// So much CPU time may noting samples take, of what the program uses.
#define BUDGET_PERMILLE 20
// Copies are sampled by their bytes, too.
#define COPY_PERIOD (2u * 1024u * 1024u)
#define FOOTPRINT_NS (100 * 1000 * 1000ull)
#define SPENT_MAX_NS 20000
#define ADAPT_NS (50 * 1000 * 1000ull)

__thread struct memory_local memory_local;
_Atomic uint8_t memory_filter[MEMORY_FILTER];

static const struct interpreter *python;
static _Atomic bool on;
static _Atomic uint64_t period_now;

// ---- The lock ----

// One lock for the table, the filter's counts and the ring: samples are rare. Whoever holds it is `inside`, so that an
// allocation in a signal handler of the program's, on top of us, does not want it too.
static _Atomic bool locked;

static void lock(void) {
  for (unsigned tries = 0; atomic_exchange_explicit(&locked, true, memory_order_acquire); tries++)
    if (tries > 100) sched_yield();
}

static void unlock(void) {
  atomic_store_explicit(&locked, false, memory_order_release);
}

// ---- Choosing ----

static void draw(struct memory_local *local) {
  if (!local->random) local->random = mix64((uintptr_t)local ^ clock_ns(CLOCK_MONOTONIC));
  local->period = atomic_load_explicit(&period_now, memory_order_relaxed);
  uint64_t bytes = (uint64_t)(random_distance(&local->random) * (double)local->period) + 1;
  // Whatever is as large as the period has to ask.
  local->room = bytes < local->period ? bytes : local->period;
  local->reserve = bytes - local->room;
}

bool memory_wants(size_t size, uint64_t *period) {
  struct memory_local *local = &memory_local;
  if (!atomic_load_explicit(&on, memory_order_relaxed)) {
    // Ask again soon: a thread may be here before sampling begins.
    local->room = size + PERIOD_MIN;
    local->period = 0;
    return false;
  }
  if (local->inside) return false;
  if (!local->period) draw(local);
  if (size >= local->period) {
    *period = 0;
    return true;
  }
  uint64_t left = local->room + local->reserve;
  if (size < left) {
    left -= size;
    local->room = left < local->period ? left : local->period;
    local->reserve = left - local->room;
    return false;
  }
  *period = local->period;
  draw(local);
  return true;
}

// ---- What is alive ----

struct slot {
  uintptr_t block;  // 0 = empty
  uint32_t id;
  uint64_t size;
};

// Open addressing with linear probing; a power of two of slots, at most half of them used.
static struct {
  struct slot *slots;
  uint32_t capacity, used;
} table;

static uint32_t home(uintptr_t block) {
  return (uint32_t)mix64(block) & (table.capacity - 1);
}

static bool table_grow(void) {
  uint32_t capacity = table.capacity ? table.capacity * 2 : 4096;
  struct slot *slots = pages_alloc(capacity * sizeof *slots), *old = table.slots;
  if (!slots) return false;
  uint32_t count = table.capacity;
  table.slots = slots;
  table.capacity = capacity;
  for (uint32_t i = 0; i < count; i++) {
    if (!old[i].block) continue;
    uint32_t at = home(old[i].block);
    while (slots[at].block) at = (at + 1) & (capacity - 1);
    slots[at] = old[i];
  }
  pages_free(old, count * sizeof *old);
  return true;
}

static void filter_add(uintptr_t block) {
  _Atomic uint8_t *count = &memory_filter[memory_page((void *)block)];
  uint8_t now = atomic_load_explicit(count, memory_order_relaxed);
  // A full count stays full: it lets through too much rather than too little.
  if (now != UINT8_MAX) atomic_store_explicit(count, now + 1, memory_order_relaxed);
}

static void filter_remove(uintptr_t block) {
  _Atomic uint8_t *count = &memory_filter[memory_page((void *)block)];
  uint8_t now = atomic_load_explicit(count, memory_order_relaxed);
  if (now != UINT8_MAX) atomic_store_explicit(count, now - 1, memory_order_relaxed);
}

static bool table_add(uintptr_t block, uint32_t id, uint64_t size) {
  if (table.used * 2 >= table.capacity && !table_grow()) return false;
  uint32_t at = home(block);
  while (table.slots[at].block && table.slots[at].block != block) at = (at + 1) & (table.capacity - 1);
  if (!table.slots[at].block) {
    table.used++;
    filter_add(block);
  }
  table.slots[at] = (struct slot){block, id, size};
  return true;
}

static bool table_take(uintptr_t block, struct slot *taken) {
  if (!table.capacity) return false;
  uint32_t mask = table.capacity - 1, at = home(block);
  while (table.slots[at].block != block) {
    if (!table.slots[at].block) return false;
    at = (at + 1) & mask;
  }
  *taken = table.slots[at];
  filter_remove(block);
  table.used--;
  // Move up what probed past this slot (Knuth, The Art of Computer Programming 3, 6.4, algorithm R).
  for (uint32_t next = (at + 1) & mask; table.slots[next].block; next = (next + 1) & mask) {
    uint32_t wanted = home(table.slots[next].block);
    if (((next - wanted) & mask) < ((next - at) & mask)) continue;
    table.slots[at] = table.slots[next];
    at = next;
  }
  table.slots[at].block = 0;
  return true;
}

// ---- What has happened, for the watcher ----

enum { NOTE_ALLOCATED = ENTRY_END + 1, NOTE_FREED, NOTE_COPIED };

struct note_sample {
  struct entry entry;
  struct thread *thread;
  uint64_t time, size, grown, period;
  uint32_t id, words;
  uint8_t kind, flags, opcode, padding[5];
};
struct note_freed {
  struct entry entry;
  uint64_t time;
  uint32_t id, padding;
};

// Frees are small, and one that is lost would look like a leak: this much of the ring is theirs.
#define MEMORY_RING_SIZE (2u * 1024u * 1024u)
#define KEPT_FOR_FREES (64u * 1024u)

static struct ring *ring;
static uint32_t last_id;
static _Atomic uint32_t lost_samples, lost_frees;
static _Atomic uint64_t spent_ns;

static uint32_t ring_used(void) {
  return atomic_load(&ring->head) - atomic_load(&ring->tail);
}

static bool ring_is_tight(void) {
  return MEMORY_RING_SIZE - ring_used() < KEPT_FOR_FREES + STACK_WORDS_MAX * sizeof(uint64_t);
}

// Notes one sample with the calling thread's stack. Returns its id, 0 when there was no room. The lock is held.
static __attribute__((noinline)) uint32_t note(uint32_t kind, struct note_sample *sample) {
  struct thread *thread = thread_self();
  if (!thread || ring_is_tight()) {
    if (thread) atomic_fetch_add(&lost_samples, 1);
    return 0;
  }
  sample->time = clock_ns(CLOCK_MONOTONIC);
  struct registers registers = registers_here();
  struct stack stack;
  void *into;
  uintptr_t tstate = sampler_thread_state(thread);
  if (stack_collect(&stack, &into, sizeof *sample, ring, thread->stack_end, python, &registers, tstate) != STACK_OK) {
    atomic_fetch_add(&lost_samples, 1);
    return 0;
  }
  sample->entry = (struct entry){(uint32_t)(sizeof *sample + stack.words * sizeof(uint64_t)), kind};
  sample->thread = thread;
  sample->words = stack.words;
  sample->flags = stack.flags;
  sample->opcode = stack.opcode;
  sample->id = kind == NOTE_ALLOCATED ? ++last_id : 0;
  memcpy(into, sample, sizeof *sample);
  uint32_t before = ring_used();
  ring__publish(ring, sample->entry.size);
  // Once on the way up.
  if (before < MEMORY_RING_SIZE / 4 && ring_used() >= MEMORY_RING_SIZE / 4) watcher_wake();
  // Longer than this it was not running.
  uint64_t spent = clock_ns(CLOCK_MONOTONIC) - sample->time;
  atomic_fetch_add_explicit(&spent_ns, spent < SPENT_MAX_NS ? spent : SPENT_MAX_NS, memory_order_relaxed);
  return sample->id;
}

void memory_allocated(const void *block, size_t size, size_t grown, uint64_t period, enum memory_kind kind) {
  if (!block) return;
  int saved = errno;
  memory_local.inside = true;
  lock();
  struct note_sample sample = {.size = size, .grown = grown, .period = period, .kind = (uint8_t)kind};
  // The table first: a block that is written down has to be known when it is freed.
  struct slot stale;
  if (table_take((uintptr_t)block, &stale)) atomic_fetch_add(&lost_frees, 1);
  if (table_add((uintptr_t)block, 0, size)) {
    struct slot taken;
    uint32_t id = note(NOTE_ALLOCATED, &sample);
    if (id)
      table_add((uintptr_t)block, id, size);
    else
      table_take((uintptr_t)block, &taken);
  }
  unlock();
  memory_local.inside = false;
  errno = saved;
}

size_t memory_take(const void *block, struct memory_token *token) {
  *token = (struct memory_token){0};
  if (!ring || memory_local.inside) return 0;
  struct slot taken = {0};
  memory_local.inside = true;
  lock();
  if (table_take((uintptr_t)block, &taken)) *token = (struct memory_token){taken.id, taken.size};
  unlock();
  memory_local.inside = false;
  return token->size;
}

void memory_release(const struct memory_token *token) {
  // What the interpreter frees when the program is over was the program's until then.
  if (!token->id || python->is_finalizing()) return;
  memory_local.inside = true;
  lock();
  struct note_freed *into = ring__reserve(ring, sizeof *into);
  if (into) {
    *into = (struct note_freed){{sizeof *into, NOTE_FREED}, clock_ns(CLOCK_MONOTONIC), token->id, 0};
    ring__publish(ring, sizeof *into);
  } else {
    atomic_fetch_add(&lost_frees, 1);
  }
  unlock();
  memory_local.inside = false;
}

void memory_keep(const void *block, const struct memory_token *token) {
  if (!token->id) return;
  memory_local.inside = true;
  lock();
  table_add((uintptr_t)block, token->id, token->size);
  unlock();
  memory_local.inside = false;
}

void memory_copied(size_t size) {
  struct memory_local *local = &memory_local;
  if (!atomic_load_explicit(&on, memory_order_relaxed) || local->inside) {
    local->copies = size + PERIOD_MIN;
    return;
  }
  bool first = !local->random;
  if (first) draw(local);
  bool all = size >= COPY_PERIOD;
  if (!all) local->copies = (uint64_t)(random_distance(&local->random) * COPY_PERIOD);
  // Whatever is as large as the period has to call.
  if (local->copies > COPY_PERIOD) local->copies = COPY_PERIOD;
  if (first && !all) return;
  int saved = errno;
  local->inside = true;
  lock();
  struct note_sample sample = {.size = size, .period = all ? 0 : COPY_PERIOD};
  note(NOTE_COPIED, &sample);
  unlock();
  local->inside = false;
  errno = saved;
}

// ---- The watcher's part ----

static uint64_t adapt_at, adapt_cpu, adapt_spent;

bool memory_is_on(void) {
  return atomic_load_explicit(&on, memory_order_relaxed);
}

void memory_drain(void) {
  const struct entry *entry;
  if (!ring) return;
  while ((entry = ring__peek(ring))) {
    if (entry->kind == ENTRY_CODE) {
      record_code((const struct entry_code *)entry);
    } else if (entry->kind == NOTE_FREED) {
      const struct note_freed *freed = (const struct note_freed *)entry;
      record_free(freed->time, freed->id);
    } else {
      const struct note_sample *sample = (const struct note_sample *)entry;
      struct memory_record record = {.thread = thread__introduce(sample->thread),
                                     .time = sample->time,
                                     .size = sample->size,
                                     .grown = sample->grown,
                                     .period = sample->period,
                                     .kind = sample->kind,
                                     .opcode = sample->opcode};
      words_record((const uint64_t *)(sample + 1), sample->words, &record.stack, &record.native);
      if (entry->kind == NOTE_ALLOCATED)
        record_allocation(&record);
      else
        record_copy(&record);
    }
    ring__pop(ring, entry);
  }
}

// Resident memory, from the kernel.
static void footprint_note(uint64_t now) {
  static uint64_t next;
  if (now < next) return;
  next = now + FOOTPRINT_NS;
  char text[128];
  int file = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
  if (file < 0) return;
  ssize_t length = read(file, text, sizeof text - 1);
  close(file);
  if (length <= 0) return;
  text[length] = 0;
  const char *resident = strchr(text, ' ');
  if (resident) record_footprint(now, strtoull(resident, NULL, 10) * (uint64_t)sysconf(_SC_PAGESIZE));
}

void memory_adapt(uint64_t now) {
  if (!memory_is_on()) return;
  footprint_note(now);
  memory_python_ask(python);
  if (now - adapt_at < ADAPT_NS) return;
  uint64_t cpu = clock_ns(CLOCK_PROCESS_CPUTIME_ID), spent = atomic_load(&spent_ns);
  uint64_t allowed = (cpu - adapt_cpu) * BUDGET_PERMILLE / 1000, used = spent - adapt_spent;
  uint64_t period = atomic_load(&period_now);
  if (used > allowed || table.used > LIVE_WANTED)
    period *= 2;
  else if (used < allowed / 4 && table.used < LIVE_WANTED / 4)
    period /= 2;
  if (period < PERIOD_MIN) period = PERIOD_MIN;
  if (period > PERIOD_MAX) period = PERIOD_MAX;
  atomic_store(&period_now, period);
  adapt_at = now;
  adapt_cpu = cpu;
  adapt_spent = spent;
}

void memory_start(const struct interpreter *interpreter) {
  python = interpreter;
  if (!ring) ring = pages_alloc(sizeof *ring + MEMORY_RING_SIZE);
  if (!ring || !table_grow()) return;
  ring->size = MEMORY_RING_SIZE;
  selftest_then(memory_python_install);
  atomic_store(&period_now, PERIOD_MIN);
  atomic_store_explicit(&on, true, memory_order_release);
}

void memory_before_fork(void) {
  if (!ring) return;
  memory_local.inside = true;
  lock();
}

void memory_after_fork(bool in_child) {
  if (!ring) return;
  if (in_child) {
    // What the parent allocated is the parent's: the child's recording knows nothing of it.
    memset(table.slots, 0, table.capacity * sizeof *table.slots);
    memset((void *)memory_filter, 0, sizeof memory_filter);
    table.used = last_id = 0;
    atomic_store(&ring->head, 0);
    atomic_store(&ring->tail, 0);
    atomic_store(&period_now, PERIOD_MIN);
    adapt_at = adapt_cpu = 0;
    memory_python_after_fork();
  }
  unlock();
  memory_local.inside = false;
}
