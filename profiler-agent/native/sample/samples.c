#include "sample/samples.h"

#include "cpython/selftest.h"
#include "record/words.h"
#include "sample/kin.h"
#include "sample/queue.h"
#include "sample/sampler.h"
#include "threads.h"

// A sample of a running thread is late when it comes longer than this after the one before.
#define LATE_NS (25 * 1000 * 1000ull)
// Each sample is charged with one part in this many of what the reserve has too much or too little.
#define RESERVE_PARTS 16

// The intended size of the reserve: CPU time of a thread that no sample is charged with yet.
static uint64_t reserve_ns(void) {
  return 3 * tick_ns();
}

// Returns how much of the uncharged CPU time is charged to a sample. That is a tick's length, or all ticks since the
// last sample if there were several: during a long system call the signals wait until the call returns. The CPU clock
// says something else, by chance. The difference goes to the reserve and is charged little by little: if each sample
// got what the clock says, the first one after a wait would get too little and later ones too much.
static uint64_t sample_cpu(uint64_t uncharged, struct ticks ticks) {
  uint64_t fell = ticks.user + ticks.system;
  int64_t surplus = (int64_t)uncharged - (int64_t)reserve_ns();
  int64_t wanted = (int64_t)(fell > tick_ns() ? fell : tick_ns()) + surplus / RESERVE_PARTS;
  return wanted < (int64_t)uncharged ? (uint64_t)wanted : uncharged;
}

// Returns the part of a sample's CPU time that was spent in the kernel, as its ticks say. Where samples come faster
// than ticks, a tick decides for all samples since the last tick.
static uint64_t sample_system(struct thread *thread, uint64_t cpu, struct ticks ticks) {
  thread->cpu.undivided += cpu;
  if (ticks.user + ticks.system == 0) {
    in_step_missed(thread->cpu.undivided);
    return 0;
  }
  double part = (double)ticks.system / (double)(ticks.user + ticks.system);
  uint64_t time = (uint64_t)((double)thread->cpu.undivided * part);
  thread->cpu.undivided = 0;
  return time;
}

void thread__take_sample(struct thread *thread, const struct entry_sample *entry, const uint64_t *words, bool often,
                         struct stats *stats) {
  struct ticks ticks = {entry->ticks.user - thread->cpu.ticks.user, entry->ticks.system - thread->cpu.ticks.system};
  // The handler reads the two clocks one after the other: a tick between them may make the difference negative.
  if ((int64_t)ticks.system < 0) ticks.system = 0;
  thread->cpu.ticks = entry->ticks;
  if (entry->by_tick && !entry->from_outside) in_step__tick(&thread->cpu.in_step, entry->cpu, ticks.system != 0);
  // Clocks that the watcher reads cover several samples together, so each counts as one tick.
  struct ticks one_tick = {tick_ns(), 0};
  // After exec, the first tick may come before the clocks are read with which the recording begins.
  uint64_t cpu = entry->cpu > thread->cpu.clock ? entry->cpu - thread->cpu.clock : 0;
  // Other samples are frequent, or were asked for because ticks miss the thread: these get the clock's difference.
  if (entry->by_tick && !often) cpu = sample_cpu(cpu, entry->from_outside ? one_tick : ticks);
  struct sample_record sample = {
      .thread = thread->id,
      .flags = entry->flags,
      .time = entry->wall,
      .cpu = cpu,
      .wall = cpu,
      .system = sample_system(thread, cpu, ticks),
      .opcode = entry->opcode,
  };
  if (selftest_contradicted())
    sample.flags |= SAMPLE_NO_PYTHON;
  else
    words_record(words, entry->words, &sample.stack, &sample.native);
  thread->look.place = (struct sample_place){
      .flags = sample.flags, .stack = sample.stack, .native = sample.native, .opcode = sample.opcode};
  queue__charge_sample(thread, entry, &thread->look.place);
  record_sample(&sample);
  thread->cpu.recent[thread->cpu.recent_count++ % RECENT] = thread->look.place;
  stats->samples++;
  if (thread->cpu.sampled && entry->wall - thread->cpu.sampled > LATE_NS) stats->late++;
  thread->cpu.sampled = entry->wall;
  thread->cpu.clock += cpu;
  thread->cpu.charged += cpu;
}

void remainder_write(uint32_t thread, const struct sample_place *place, uint64_t wall, uint64_t cpu) {
  struct sample_record rest = {
      .thread = thread,
      .flags = SAMPLE_REMAINDER | place->flags,
      .stack = place->stack,
      .native = place->native,
      .opcode = place->opcode,
      .time = wall,
      .cpu = cpu,
      .wall = cpu,
  };
  if (cpu) record_sample(&rest);
}

void thread__settle(struct thread *thread, uint64_t wall, uint64_t cpu) {
  static const struct sample_place unknown = {.flags = SAMPLE_NO_PYTHON};
  if (cpu <= thread->cpu.clock) return;
  uint64_t rest = cpu - thread->cpu.clock, whole = thread->cpu.charged + rest;
  thread->cpu.clock = cpu;
  uint32_t count = thread->cpu.recent_count < RECENT ? thread->cpu.recent_count : RECENT;
  if (kin_is_short(whole) && !count) {
    kin_missed(thread, wall, whole);
    return;
  }
  // What exceeds the reserve by more than a tick has no known place: ticks should have come, but did not.
  uint64_t known = count ? reserve_ns() + tick_ns() : 0;
  if (known > rest) known = rest;
  remainder_write(thread->id, &unknown, wall - known, rest - known);
  for (; count; count--) {
    uint64_t part = known / count;
    known -= part;
    remainder_write(thread->id, &thread->cpu.recent[(thread->cpu.recent_count - count) % RECENT], wall - known, part);
  }
  if (kin_is_short(whole))
    kin_met(thread, thread->cpu.recent_count < RECENT ? thread->cpu.recent_count : RECENT, whole);
}
