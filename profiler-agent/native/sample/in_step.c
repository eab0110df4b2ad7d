#include "sample/in_step.h"

#include <string.h>

// Fewer first ticks than this are too few to judge.
#define ENOUGH 32
// Pearson's χ² of equally likely parts is above this once in a hundred million times.
#define UNLIKELY_BY_CHANCE 50
// Stretches of work that last this many ticks in all: the chance that no tick falls into any of them is below one in a
// hundred million, however they are divided. A stretch of x ticks is missed with probability 1 − x, less than exp(−x).
#define MISSED_TICKS 20

static bool seen;

void in_step_forget(void) {
  seen = false;
}

bool in_step_seen(void) {
  return seen;
}

void in_step__tick(struct in_step *self, uint64_t cpu, bool in_call) {
  if (!self->began || self->first || cpu <= self->began) return;
  if (in_call)
    self->began = 0;
  else
    self->first = cpu - self->began;
}

static bool is_unlikely(const uint16_t *met, uint16_t count) {
  double expected = (double)count / IN_STEP_PARTS, sum = 0;
  for (int i = 0; i < IN_STEP_PARTS; i++) sum += (met[i] - expected) * (met[i] - expected) / expected;
  return sum > UNLIKELY_BY_CHANCE;
}

void in_step__waits(struct in_step *self, uint64_t cpu) {
  uint64_t range = cpu - self->began;
  if (range > tick_ns()) range = tick_ns();
  if (self->first && self->first < range) {
    self->met[self->first * IN_STEP_PARTS / range]++;
    self->count++;
  }
  self->began = cpu;
  self->first = 0;
  if (self->count < ENOUGH) return;
  seen |= is_unlikely(self->met, self->count);
  memset(self->met, 0, sizeof self->met);
  self->count = 0;
}

void in_step_missed(uint64_t cpu) {
  seen |= cpu > MISSED_TICKS * tick_ns();
}
