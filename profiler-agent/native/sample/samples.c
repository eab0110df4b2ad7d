#include "sample/samples.h"

#include "cpython/selftest.h"
#include "record/words.h"
#include "sample/kin.h"
#include "sample/queue.h"
#include "sample/sampler.h"

// A sample of a running thread that comes later than this after the one before is late.
#define LATE_NS (25 * 1000 * 1000ull)
// One part in so many of what the reserve has too much or too little is charged to a sample.
#define SMOOTH 16

// So much of a thread's CPU time is charged to no sample yet, on average.
static uint64_t reserve_ns(void) {
  return 3 * tick_ns();
}

// How much of the CPU time that no sample has been charged with yet is charged to this one: a tick's length. When more
// ticks fell since the sample before, as during a long system call, at whose end they are answered, all of them fell
// into what this one met. What is left over or lacks then, as chance has it, is made good little by little, from a
// reserve: of all of it at once, little would go to what comes first after a wait and much to what comes later.
static uint64_t sample_cpu(uint64_t uncharged, struct ticks ticks) {
  uint64_t fell = ticks.user + ticks.system;
  int64_t surplus = (int64_t)uncharged - (int64_t)reserve_ns();
  int64_t wanted = (int64_t)(fell > tick_ns() ? fell : tick_ns()) + surplus / SMOOTH;
  return wanted < (int64_t)uncharged ? (uint64_t)wanted : uncharged;
}

// The kernel's part of a sample's CPU time: as much of it as of the ticks that fell into it. Where samples come faster
// than ticks, the next tick decides for all of them.
static uint64_t sample_system(struct thread *it, uint64_t cpu, struct ticks ticks) {
  it->undivided += cpu;
  if (ticks.user + ticks.system == 0) {
    in_step_missed(it->undivided);
    return 0;
  }
  double part = (double)ticks.system / (double)(ticks.user + ticks.system);
  uint64_t time = (uint64_t)((double)it->undivided * part);
  it->undivided = 0;
  return time;
}

void thread__take_sample(struct thread *it, const struct entry_sample *entry, const uint64_t *words, bool often,
                         struct stats *stats) {
  struct ticks ticks = {entry->ticks.user - it->ticks.user, entry->ticks.system - it->ticks.system};
  // A tick between two clocks that the handler reads one after the other looks like one more or one less.
  if ((int64_t)ticks.system < 0) ticks.system = 0;
  it->ticks = entry->ticks;
  if (entry->by_tick && !entry->from_outside) in_step__tick(&it->in_step, entry->cpu, ticks.system != 0);
  // Those that are read from outside are known of several samples together.
  struct ticks one_tick = {tick_ns(), 0};
  // After exec, the first tick may come before the clocks are read that the recording begins with.
  uint64_t cpu = entry->cpu > it->cpu ? entry->cpu - it->cpu : 0;
  // Others come often, or because ticks miss the thread.
  if (entry->by_tick && !often) cpu = sample_cpu(cpu, entry->from_outside ? one_tick : ticks);
  struct sample_record sample = {
      .thread = it->id,
      .flags = entry->flags,
      .time = entry->wall,
      .cpu = cpu,
      .wall = cpu,
      .system = sample_system(it, cpu, ticks),
      .opcode = entry->opcode,
  };
  if (selftest_contradicted())
    sample.flags |= SAMPLE_NO_PYTHON;
  else
    words_record(words, entry->words, &sample.stack, &sample.native);
  it->place =
      (struct met){.flags = sample.flags, .stack = sample.stack, .native = sample.native, .opcode = sample.opcode};
  queue__charge_sample(it, entry, &it->place);
  record_sample(&sample);
  it->recent[it->recents++ % RECENT] = it->place;
  stats->samples++;
  if (it->sampled && entry->wall - it->sampled > LATE_NS) stats->late++;
  it->sampled = entry->wall;
  it->cpu += cpu;
  it->charged += cpu;
}

void remainder_write(uint32_t thread, const struct met *met, uint64_t wall, uint64_t cpu) {
  struct sample_record rest = {
      .thread = thread,
      .flags = SAMPLE_REMAINDER | met->flags,
      .stack = met->stack,
      .native = met->native,
      .opcode = met->opcode,
      .time = wall,
      .cpu = cpu,
      .wall = cpu,
  };
  if (cpu) record_sample(&rest);
}

void thread__settle(struct thread *it, uint64_t wall, uint64_t cpu) {
  static const struct met unknown = {.flags = SAMPLE_NO_PYTHON};
  if (cpu <= it->cpu) return;
  uint64_t rest = cpu - it->cpu, whole = it->charged + rest;
  it->cpu = cpu;
  uint32_t count = it->recents < RECENT ? it->recents : RECENT;
  if (kin_is_short(whole) && !count) {
    kin_missed(it, wall, whole);
    return;
  }
  // What is more than the reserve was met by no tick, though one should have come.
  uint64_t known = count ? reserve_ns() + tick_ns() : 0;
  if (known > rest) known = rest;
  remainder_write(it->id, &unknown, wall - known, rest - known);
  for (; count; count--) {
    uint64_t part = known / count;
    known -= part;
    remainder_write(it->id, &it->recent[(it->recents - count) % RECENT], wall - known, part);
  }
  if (kin_is_short(whole)) kin_met(it, it->recents < RECENT ? it->recents : RECENT, whole);
}
