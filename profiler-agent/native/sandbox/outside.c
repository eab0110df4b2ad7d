#include "sandbox/outside.h"

static struct ticks ticks_of(int tid) {
  clockid_t clock = thread_clock(tid) & ~3;
  uint64_t both = clock_ns(clock), user = clock_ns(clock | 1);
  // The clocks are read one after the other, so a tick may come between.
  return (struct ticks){user, both > user ? both - user : 0};
}

// Returns the thread's CPU clock, or its last known value when the thread has ended.
static uint64_t cpu_of(const struct thread *thread) {
  uint64_t cpu = clock_ns(thread_clock(thread->identity.tid)),
           known = thread->cpu.clock > thread->look.cpu ? thread->cpu.clock : thread->look.cpu;
  return cpu > known ? cpu : known;
}

void outside_complete(struct thread *thread, struct entry_sample *sample, bool last) {
  uint64_t now = clock_ns(CLOCK_MONOTONIC);
  if (!sample->wall) {
    // Samples that are in the ring together came at successive ticks since the last look.
    uint64_t before = thread->cpu.sampled > thread->look.at ? thread->cpu.sampled : thread->look.at;
    sample->wall = sample->by_tick && before && before + tick_ns() < now ? before + tick_ns() : now;
  }
  if (sample->cpu) return;
  sample->from_outside = true;
  sample->cpu = cpu_of(thread);
  struct ticks ticks = ticks_of(thread->identity.tid);
  // The ticks since the last sample count for the last one of the samples that are in the ring together.
  bool known = last && ticks.user >= thread->cpu.ticks.user && ticks.system >= thread->cpu.ticks.system;
  sample->ticks = known ? ticks : thread->cpu.ticks;
}

void outside_complete_end(struct thread *thread, struct entry_end *end) {
  if (!end->wall) end->wall = clock_ns(CLOCK_MONOTONIC);
  if (!end->cpu) end->cpu = cpu_of(thread);
}
