#include "samples.h"

#include "sampler.h"

// A sample of a running thread that comes later than this after the one before is late.
#define LATE_NS (25 * 1000 * 1000ull)

void words_record(const uint64_t *words, uint32_t count, uint32_t *stack, uint32_t *native) {
  *stack = *native = 0;
  while (count--) {
    if (words[count] & WORD_IS_PYTHON) {
      *stack = record_stack(*stack, word_code(words[count]), word_instruction(words[count]), *native);
      *native = 0;
    } else {
      *native = record_native(*native, words[count]);
    }
  }
}

// What a sample is charged with of the CPU time between the one before and itself. The two share it: a sample stands for
// what is nearer to it than to any other. All of it to the later one would charge more to what runs long after a wait
// than to what runs soon after, and to what comes after a long system call, where the tick that fell into it is
// answered. But when several ticks fell, they all fell into what the later one met.
static uint64_t later_share(uint64_t passed, uint64_t ticks) {
  uint64_t certain = ticks < passed ? ticks : passed;
  certain = certain > tick_ns() ? certain - tick_ns() : 0;
  return certain + (passed - certain) / 2;
}

// The kernel's part of a sample's CPU time: as much of it as of the ticks that fell into it. Where samples come faster
// than ticks, the next tick decides for all of them.
static uint64_t system_part(struct thread *it) {
  uint64_t user = it->held.ticks.user, system = it->held.ticks.system;
  it->undivided += it->held.record.cpu;
  if (user + system == 0) {
    in_step_missed(it->undivided);
    return 0;
  }
  uint64_t time = (uint64_t)((double)it->undivided * (double)system / (double)(user + system));
  it->undivided = 0;
  return time;
}

// Writes the held sample, with so much more CPU time.
static void release(struct thread *it, uint64_t more) {
  struct sample_record *sample = &it->held.record;
  if (!sample->thread) return;
  sample->cpu += more;
  sample->time += more;
  sample->wall = sample->cpu;
  sample->system = system_part(it);
  record_sample(sample);
  sample->thread = 0;
}

void thread__take_sample(struct thread *it, const struct entry_sample *entry, struct stats *stats) {
  struct ticks ticks = {entry->ticks.user - it->ticks.user, entry->ticks.system - it->ticks.system};
  // A tick between two clocks that the handler reads one after the other looks like one more or one less.
  if ((int64_t)ticks.system < 0) ticks.system = 0;
  if (entry->by_tick) in_step__tick(&it->in_step, entry->cpu, ticks.system != 0);
  // After exec, the first tick may come before the clocks are read that the recording begins with.
  uint64_t passed = entry->cpu > it->cpu ? entry->cpu - it->cpu : 0;
  uint64_t own = it->held.record.thread ? later_share(passed, ticks.user + ticks.system) : passed;
  release(it, passed - own);
  it->cpu += passed;
  it->ticks = entry->ticks;
  it->held.ticks = ticks;
  it->held.record = (struct sample_record){
      .thread = it->id, .flags = entry->flags, .time = entry->wall, .cpu = own, .opcode = entry->opcode};
  words_record((const uint64_t *)(entry + 1), entry->words, &it->held.record.stack, &it->held.record.native);
  stats->samples++;
  if (it->sampled && entry->wall - it->sampled > LATE_NS) stats->late++;
  it->sampled = entry->wall;
}

void thread__settle(struct thread *it, uint64_t cpu) {
  uint64_t passed = cpu > it->cpu ? cpu - it->cpu : 0;
  // A tick would have met more, unless the thread blocks every signal: that is left to whatever is met next.
  if (!it->held.record.thread || passed > tick_ns()) passed = 0;
  release(it, passed);
  it->cpu += passed;
}

void thread__settle_all(struct thread *it, uint64_t wall, uint64_t cpu) {
  thread__settle(it, cpu);
  if (cpu <= it->cpu) return;
  struct sample_record rest = {
      .thread = it->id,
      .flags = SAMPLE_REMAINDER | SAMPLE_NO_PYTHON,
      .time = wall,
      .cpu = cpu - it->cpu,
      .wall = cpu - it->cpu,
  };
  record_sample(&rest);
  it->cpu = cpu;
}
