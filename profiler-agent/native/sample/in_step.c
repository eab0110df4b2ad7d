#include "sample/in_step.h"

#include <string.h>

// Fewer first ticks than this are too few to judge.
#define ENOUGH 32
// Pearson's χ² exceeds this once in a hundred million times when all parts are equally likely.
#define UNLIKELY_BY_CHANCE 50
// When stretches of work add up to this many ticks, the chance that no tick falls into any of them is below one in a
// hundred million, however the time is divided among stretches: a tick misses a stretch of x ticks with a probability
// of 1 − x, which is less than exp(−x).
#define MISSED_TICKS 20

static bool found_in_step;

void in_step_forget(void) {
  found_in_step = false;
}

bool in_step_seen(void) {
  return found_in_step;
}

void in_step__tick(struct in_step *work, uint64_t cpu, bool in_call) {
  if (!work->began || work->first || cpu <= work->began) return;
  if (in_call)
    work->began = 0;
  else
    work->first = cpu - work->began;
}

static bool is_unlikely(const uint16_t *first_ticks, uint16_t count) {
  double expected = (double)count / IN_STEP_PARTS, sum = 0;
  for (int i = 0; i < IN_STEP_PARTS; i++) sum += (first_ticks[i] - expected) * (first_ticks[i] - expected) / expected;
  return sum > UNLIKELY_BY_CHANCE;
}

void in_step__waits(struct in_step *work, uint64_t cpu) {
  uint64_t range = cpu - work->began;
  if (range > tick_ns()) range = tick_ns();
  if (work->first && work->first < range) {
    work->first_ticks[work->first * IN_STEP_PARTS / range]++;
    work->count++;
  }
  work->began = cpu;
  work->first = 0;
  if (work->count < ENOUGH) return;
  found_in_step |= is_unlikely(work->first_ticks, work->count);
  memset(work->first_ticks, 0, sizeof work->first_ticks);
  work->count = 0;
}

void in_step_missed(uint64_t cpu) {
  found_in_step |= cpu > MISSED_TICKS * tick_ns();
}
