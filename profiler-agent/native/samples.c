#include "samples.h"

#include "sampler.h"

// A window of samples is closed when it has been open for so long.
#define HELD_NS (200 * 1000 * 1000ull)
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

// How much of the thread's CPU time a sample stands for, compared with others: a tick's length. When more ticks fell
// since the sample before, as during a long system call, at whose end they are answered, all of them fell into what
// this one met. One that was asked for because ticks miss the thread stands for all that passed.
static uint64_t sample_weight(const struct thread *it, const struct entry_sample *entry, struct ticks ticks,
                              bool often) {
  uint64_t fell = ticks.user + ticks.system;
  if (!entry->by_tick && !often && entry->cpu > it->met) return entry->cpu - it->met;
  return fell > tick_ns() ? fell : tick_ns();
}

// The kernel's part of a sample's CPU time: as much of it as of the ticks that fell into it. Where samples come faster
// than ticks, the next tick decides for all of them.
static uint64_t system_part(struct thread *it, uint64_t cpu, struct ticks ticks) {
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

// A sample covers its time up to `end`, as the thread's CPU clock has it, and the moment at which it was taken.
static uint64_t end_of(const struct held_sample *held, uint64_t end) {
  uint64_t later = end > held->cpu ? end - held->cpu : 0;
  return held->record.time + (later < held->record.cpu ? later : held->record.cpu);
}

// Writes what is held, and divides the CPU time up to `cpu` among it.
static void divide(struct thread *it, uint64_t cpu) {
  double share = it->held_weight ? (double)(cpu - it->cpu) / (double)it->held_weight : 0;
  uint32_t running = it->held_running;
  for (uint32_t i = 0; i < it->held_count; i++) {
    struct held_sample *held = &it->held[i];
    if (held->weight) {
      // The last one takes what rounding leaves.
      held->record.cpu = --running ? (uint64_t)((double)held->weight * share) : cpu - it->cpu;
      held->record.wall = held->record.cpu;
      held->record.system = system_part(it, held->record.cpu, held->ticks);
      it->cpu += held->record.cpu;
      held->record.time = end_of(held, it->cpu);
    }
    record_sample(&held->record);
  }
  it->held_count = it->held_running = 0;
  it->held_weight = 0;
}

void thread__take_sample(struct thread *it, const struct entry_sample *entry, bool often, struct stats *stats) {
  struct ticks ticks = {entry->ticks.user - it->ticks.user, entry->ticks.system - it->ticks.system};
  // A tick between two clocks that the handler reads one after the other looks like one more or one less.
  if ((int64_t)ticks.system < 0) ticks.system = 0;
  if (entry->by_tick) in_step__tick(&it->in_step, entry->cpu, ticks.system != 0);
  struct held_sample *held = &it->held[it->held_count++];
  *held = (struct held_sample){
      .record = {.thread = it->id, .flags = entry->flags, .time = entry->wall, .opcode = entry->opcode},
      .cpu = entry->cpu,
      .weight = sample_weight(it, entry, ticks, often),
      .ticks = ticks,
  };
  words_record((const uint64_t *)(entry + 1), entry->words, &held->record.stack, &held->record.native);
  it->held_weight += held->weight;
  it->ticks = entry->ticks;
  // After exec, the first tick may come before the clocks are read that the recording begins with.
  if (entry->cpu > it->met) it->met = entry->cpu;
  if (++it->held_running == HELD_RUNNING || it->held_count == HELD_MAX || thread__is_held_long(it, entry->wall))
    divide(it, it->met);
  stats->samples++;
  if (it->sampled && entry->wall - it->sampled > LATE_NS) stats->late++;
  it->sampled = entry->wall;
}

void thread__take_wait(struct thread *it, const struct sample_record *sample) {
  if (it->held_count == HELD_MAX) divide(it, it->met);
  if (!it->held_count) {
    record_sample(sample);
    return;
  }
  uint32_t at = it->held_count++;
  for (; at && it->held[at - 1].record.time > sample->time; at--) it->held[at] = it->held[at - 1];
  it->held[at] = (struct held_sample){.record = *sample};
}

bool thread__is_held_long(const struct thread *it, uint64_t now) {
  return it->held_count && now - it->held[0].record.time > HELD_NS;
}

void thread__settle(struct thread *it, uint64_t cpu) {
  if (!it->held_count) return;
  // A tick would have met more, unless the thread blocks every signal: that is left to whatever is met next.
  divide(it, cpu > it->met && cpu - it->met <= tick_ns() ? cpu : it->met);
  it->met = it->cpu;
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
  it->cpu = it->met = cpu;
}
