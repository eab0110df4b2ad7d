#include "in_step.h"

#define PARTS 8
// Pearson's χ² of PARTS equally likely parts is above this once in a hundred million times.
#define UNLIKELY_BY_CHANCE 50
// Fewer than this say nothing.
#define ENOUGH (IN_STEP_BURSTS * 3 / 4)

static uint64_t tick_ns(void) {
  static uint64_t tick;
  struct timespec resolution;
  // These clocks go on with the tick.
  if (!tick && clock_getres(CLOCK_MONOTONIC_COARSE, &resolution) == 0) tick = (uint64_t)resolution.tv_nsec;
  return tick;
}

void in_step__ran(struct in_step *self, uint64_t length) {
  if (!self->shortest || length < self->shortest) self->shortest = length;
}

// Up to the length of the shortest stretch nothing but the tick decides when one is met.
static bool keeps_step(const struct in_step *self) {
  uint64_t range = tick_ns();
  uint32_t counts[PARTS] = {0}, all = 0;
  if (self->shortest && self->shortest < range) range = self->shortest;
  for (int i = 0; i < IN_STEP_BURSTS; i++) {
    if (self->phases[i] >= range) continue;
    counts[self->phases[i] * PARTS / range]++;
    all++;
  }
  if (all < ENOUGH) return false;
  double expected = (double)all / PARTS, sum = 0;
  for (int i = 0; i < PARTS; i++) sum += (counts[i] - expected) * (counts[i] - expected) / expected;
  return sum > UNLIKELY_BY_CHANCE;
}

bool in_step__met(struct in_step *self, uint64_t began, uint64_t cpu) {
  if (began == self->began || cpu < began || cpu - began > UINT32_MAX) return false;
  self->began = began;
  self->phases[self->count++] = (uint32_t)(cpu - began);
  if (self->count < IN_STEP_BURSTS) return false;
  bool answer = keeps_step(self);
  self->count = 0;
  self->shortest = 0;
  return answer;
}
