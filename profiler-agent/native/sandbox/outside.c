#include "sandbox/outside.h"

static struct ticks ticks_of(int tid) {
  clockid_t clock = thread_clock(tid) & ~3;
  uint64_t both = clock_ns(clock), user = clock_ns(clock | 1);
  // One after the other: a tick may have come between.
  return (struct ticks){user, both > user ? both - user : 0};
}

// The thread's CPU clock now; as it was last seen where the thread is gone.
static uint64_t cpu_of(const struct thread *it) {
  uint64_t cpu = clock_ns(thread_clock(it->tid)), known = it->cpu > it->observed_cpu ? it->cpu : it->observed_cpu;
  return cpu > known ? cpu : known;
}

void outside_complete(struct thread *it, struct entry_sample *sample, bool last) {
  uint64_t now = clock_ns(CLOCK_MONOTONIC);
  if (!sample->wall) {
    // Ticks that lie in the ring together came one after the other since the last look.
    uint64_t before = it->sampled > it->observed_at ? it->sampled : it->observed_at;
    sample->wall = sample->by_tick && before && before + tick_ns() < now ? before + tick_ns() : now;
  }
  if (sample->cpu) return;
  sample->from_outside = true;
  sample->cpu = cpu_of(it);
  struct ticks ticks = ticks_of(it->tid);
  // All ticks since the last sample are known with the last one of those that lie here together.
  bool known = last && ticks.user >= it->ticks.user && ticks.system >= it->ticks.system;
  sample->ticks = known ? ticks : it->ticks;
}

void outside_complete_end(struct thread *it, struct entry_end *end) {
  if (!end->wall) end->wall = clock_ns(CLOCK_MONOTONIC);
  if (!end->cpu) end->cpu = cpu_of(it);
}
