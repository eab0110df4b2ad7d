// Threads add blocks to the table of sampled blocks and take them out, while others ask without the lock whether theirs
// are there. Prints how many answers were wrong, and how many blocks are left.
#include <pthread.h>
#include <signal.h>
#include <stdio.h>

#include "memory/memory.h"
#include "memory/memory_handlers.h"
#include "memory/memory_table.h"
#include "process/process.h"
#include "sandbox/sandbox.h"
#include "signals/handlers.h"

#define THREADS 4u
// The table is nearly as full as it gets: blocks lie far from where they are looked for first, and are moved often.
#define BLOCKS 4000u
#define ROUNDS 50000u
#define ASKED 50u
#define BASE 0x7f0000000000

// What the table asks the rest of the agent.
__thread struct memory_local memory_local;
__thread uint32_t sandbox_forbidden;
_Atomic uint32_t sandbox_forbidden_everywhere;
bool process_is_recorded(void) {
  return true;
}
bool memory_handlers_harm(void) {
  return false;
}
void handlers_sampling(bool now) {
  (void)now;
}
void memory_filter_keep_store(void) {}

static _Atomic uint32_t wrong;

static bool add(uintptr_t block, uint32_t id) {
  struct memory_held held;
  bool done = memory_lock(&held) && memory_table_add(block, id, id * 3ull);
  memory_unlock(&held);
  return done;
}

static bool take(uintptr_t block, uint32_t id) {
  struct memory_held held;
  uint32_t found = 0;
  uint64_t size = 0;
  bool done = memory_lock(&held) && memory_table_take(block, &found, &size);
  memory_unlock(&held);
  return done && found == id && size == id * 3ull;
}

static void *churn(void *argument) {
  uint32_t self = (uint32_t)(uintptr_t)argument;
  // Threads have neighbouring blocks, as an allocator gives them out.
  static uint32_t ids[THREADS][BLOCKS];
  uint64_t random = self + 1;
  for (uint32_t round = 1; round <= ROUNDS; round++) {
    random = mix64(random + round);
    uint32_t at = (uint32_t)(random % BLOCKS);
    uintptr_t block = BASE + (at * THREADS + self) * 16ull;
    // It may be unsure of what is not there, but never says of a block that is there that it lacks it.
    for (uint32_t i = 0; i < ASKED; i++) {
      uint32_t other = (at + i) % BLOCKS;
      uintptr_t known = BASE + (other * THREADS + self) * 16ull;
      if (ids[self][other] && (memory_table_lacks(known) || !memory_may_know((void *)known))) wrong++;
    }
    if (ids[self][at] ? !take(block, ids[self][at]) : !add(block, round)) wrong++;
    ids[self][at] = ids[self][at] ? 0 : round;
  }
  for (uint32_t at = 0; at < BLOCKS; at++)
    if (ids[self][at] && !take(BASE + (at * THREADS + self) * 16ull, ids[self][at])) wrong++;
  return NULL;
}

int main(void) {
  pthread_t threads[THREADS];
  if (!memory_table_begin()) return 1;
  for (uint32_t i = 0; i < THREADS; i++) pthread_create(&threads[i], NULL, churn, (void *)(uintptr_t)i);
  for (uint32_t i = 0; i < THREADS; i++) pthread_join(threads[i], NULL);
  printf("%u wrong, %u left\n", wrong, memory_table_used());
  return 0;
}
