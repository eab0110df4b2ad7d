#include "memory/memory_table.h"

#include <errno.h>
#include <linux/futex.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "memory/hooks.h"
#include "memory/memory.h"
#include "memory/memory_handlers.h"
#include "process/process.h"
#include "sandbox/sandbox.h"
#include "signals/handlers.h"

_Atomic uint8_t memory_filter[MEMORY_FILTER];

// ---- The lock ----

enum { FREE, HELD, WANTED };
static _Atomic int lock_state;  // a futex (U. Drepper, "Futexes are tricky"): WANTED while other threads wait
static _Atomic uint64_t spent_ns;
static uint32_t holds;
// One in this many holds of the lock is measured.
#define MEASURED 4u
// A longer measured time means that the thread had lost its core.
#define SPENT_MAX_NS 20000

uint64_t memory_spent_ns(void) {
  return atomic_load_explicit(&spent_ns, memory_order_relaxed);
}

// Faults of our own reads are recovered, so they must not be blocked. When they are sent as signals, they wait
// (handlers.h).
static uint64_t all_but_faults(void) {
  return ~(1ull << (SIGSEGV - 1) | 1ull << (SIGBUS - 1));
}

bool memory_lock(struct memory_held *held) {
  if (!process_is_recorded() || !sandbox_allows(SANDBOX_MEMORY)) return false;
  held->error = errno;
  held->began = clock_ns(CLOCK_MONOTONIC);
  held->masked = memory_handlers_harm();
  handlers_sampling(true);
  if (held->masked) {
    uint64_t most = all_but_faults();
    // By the system call: the C library would leave out the signals that it uses itself, such as the one that cancels
    // threads.
    syscall(SYS_rt_sigprocmask, SIG_SETMASK, &most, &held->signals, sizeof most);
  }
  memory_local.inside = true;
  int expected = FREE;
  if (atomic_compare_exchange_strong(&lock_state, &expected, HELD)) return true;
  while (atomic_exchange(&lock_state, WANTED) != FREE)
    syscall(SYS_futex, &lock_state, FUTEX_WAIT_PRIVATE, WANTED, NULL, NULL, 0);
  return true;
}

void memory_unlock(const struct memory_held *held) {
  bool measured = holds++ % MEASURED == 0;
  if (atomic_exchange(&lock_state, FREE) == WANTED)
    syscall(SYS_futex, &lock_state, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
  memory_local.inside = false;
  if (held->masked) syscall(SYS_rt_sigprocmask, SIG_SETMASK, &held->signals, NULL, sizeof held->signals);
  handlers_sampling(false);
  if (measured) {
    uint64_t spent = clock_ns(CLOCK_MONOTONIC) - held->began;
    if (spent > SPENT_MAX_NS) spent = SPENT_MAX_NS;
    atomic_fetch_add_explicit(&spent_ns, MEASURED * spent, memory_order_relaxed);
  }
  errno = held->error;
}

// ---- The table ----

// A hash table with open addressing and linear probing; at most half of its slots, a power of two, are used. The
// version is odd during a change: a reader without the lock has read consistent slots when the version was even and is
// the same afterwards. Behind the slots are COUNTS_PER_SLOT counts of blocks for each slot, by address. They tell apart
// blocks that share a page with a sampled one; neighbouring blocks have counts in the same cache line.
#define COUNTS_PER_SLOT 8u
struct table {
  uint32_t capacity;
  struct memory_slot slots[];
};
static _Atomic(struct table *) current_table;
static _Atomic uint32_t version;
static uint32_t blocks;  // number of blocks in the table

static uint32_t home(const struct table *table, uintptr_t block) {
  return (uint32_t)mix64(block) & (table->capacity - 1);
}

static uintptr_t block_at(const struct table *table, uint32_t at) {
  return atomic_load_explicit(&table->slots[at].block, memory_order_relaxed);
}

static _Atomic uint8_t *count_of(const struct table *table, uintptr_t block) {
  uint32_t at = (uint32_t)(block >> 4) & (table->capacity * COUNTS_PER_SLOT - 1);
  return (_Atomic uint8_t *)(table->slots + table->capacity) + at;
}

// A full count stays full: then the filter lets too many blocks through, never too few.
static void count_more(_Atomic uint8_t *count) {
  uint8_t now = atomic_load_explicit(count, memory_order_relaxed);
  if (now != UINT8_MAX) atomic_store_explicit(count, now + 1, memory_order_relaxed);
}

static void count_less(_Atomic uint8_t *count) {
  uint8_t now = atomic_load_explicit(count, memory_order_relaxed);
  if (now != UINT8_MAX) atomic_store_explicit(count, now - 1, memory_order_relaxed);
}

static void slot_copy(struct memory_slot *to, const struct memory_slot *from) {
  to->id = from->id;
  to->size = from->size;
  atomic_store_explicit(&to->block, atomic_load_explicit(&from->block, memory_order_relaxed), memory_order_relaxed);
}

static void change_begin(void) {
  atomic_store_explicit(&version, version + 1, memory_order_relaxed);
  atomic_thread_fence(memory_order_release);
}

static void change_end(void) {
  atomic_store_explicit(&version, version + 1, memory_order_release);
}

static size_t table_size(uint32_t capacity) {
  return sizeof(struct table) + capacity * (sizeof(struct memory_slot) + COUNTS_PER_SLOT);
}

static bool grow(void) {
  struct table *old = current_table;
  uint32_t capacity = old ? old->capacity * 2 : 4096;
  struct table *table = pages_alloc(table_size(capacity));
  if (!table) return false;
  table->capacity = capacity;
  for (uint32_t i = 0; old && i < old->capacity; i++) {
    uintptr_t block = block_at(old, i);
    if (!block) continue;
    uint32_t at = home(table, block);
    while (block_at(table, at)) at = (at + 1) & (capacity - 1);
    slot_copy(&table->slots[at], &old->slots[i]);
    count_more(count_of(table, block));
  }
  // The old table is kept: other threads may be reading it. All old ones together are smaller than the new one.
  atomic_store_explicit(&current_table, table, memory_order_release);
  return true;
}

bool memory_table_begin(void) {
  // In a forked child, another thread of the parent may have been in the middle of a change.
  struct table *table = current_table;
  if (table) {
    uint32_t capacity = table->capacity;
    madvise(table, table_size(capacity), MADV_DONTNEED);
    table->capacity = capacity;
  }
  memset((void *)memory_filter, 0, sizeof memory_filter);
  memory_filter_keep_store();
  blocks = 0;
  atomic_store(&version, 0);
  atomic_store(&lock_state, FREE);
  return table || grow();
}

uint32_t memory_table_used(void) {
  return blocks;
}

bool memory_table_add(uintptr_t block, uint32_t id, uint64_t size) {
  if (blocks * 2 >= current_table->capacity && !grow()) return false;
  struct table *table = current_table;
  uint32_t at = home(table, block);
  while (block_at(table, at) && block_at(table, at) != block) at = (at + 1) & (table->capacity - 1);
  struct memory_slot *slot = &table->slots[at];
  slot->id = id;
  slot->size = size;
  if (block_at(table, at)) return true;
  blocks++;
  count_more(&memory_filter[memory_page((void *)block)]);
  count_more(count_of(table, block));
  // Adding a block moves no other one, so the version stays.
  atomic_store_explicit(&slot->block, block, memory_order_release);
  return true;
}

bool memory_table_take(uintptr_t block, uint32_t *id, uint64_t *size) {
  struct table *table = current_table;
  uint32_t mask = table->capacity - 1, at = home(table, block);
  while (block_at(table, at) != block) {
    if (!block_at(table, at)) return false;
    at = (at + 1) & mask;
  }
  *id = table->slots[at].id;
  *size = table->slots[at].size;
  count_less(&memory_filter[memory_page((void *)block)]);
  count_less(count_of(table, block));
  blocks--;
  change_begin();
  // Move blocks up that were placed behind this slot (Knuth, The Art of Computer Programming 3, 6.4, algorithm R).
  for (uint32_t next = (at + 1) & mask; block_at(table, next); next = (next + 1) & mask) {
    uint32_t wanted = home(table, block_at(table, next));
    if (((next - wanted) & mask) < ((next - at) & mask)) continue;
    slot_copy(&table->slots[at], &table->slots[next]);
    at = next;
  }
  atomic_store_explicit(&table->slots[at].block, 0, memory_order_relaxed);
  change_end();
  return true;
}

bool memory_table_lacks(uintptr_t block) {
  const struct table *table = atomic_load_explicit(&current_table, memory_order_acquire);
  // The thread that frees a block got its address after the block was counted, and nobody else removes the block.
  if (!table || atomic_load_explicit(count_of(table, block), memory_order_relaxed) == 0) return true;
  uint32_t before = atomic_load_explicit(&version, memory_order_acquire);
  table = atomic_load_explicit(&current_table, memory_order_acquire);
  uint32_t mask = table->capacity - 1, at = home(table, block);
  for (uint32_t tries = 0; block_at(table, at); tries++) {
    if (block_at(table, at) == block || tries == mask) return false;
    at = (at + 1) & mask;
  }
  atomic_thread_fence(memory_order_acquire);
  return !(before & 1) && atomic_load_explicit(&version, memory_order_relaxed) == before;
}
