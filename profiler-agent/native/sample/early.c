#include "sample/early.h"

#include "cpython/selftest.h"
#include "sample/sampler.h"

// How many waits are held back.
#define HELD_MAX 1024

static struct sample_record held[HELD_MAX];
static uint32_t held_count, written_count;

void early_begin(void) {
  held_count = written_count = 0;
}

// Removes the stack from a sample, because it may have been read with wrong offsets.
static void stack_remove(struct sample_record *sample) {
  sample->stack = 0;
  sample->flags |= SAMPLE_NO_PYTHON;
}

void early_sample(const struct sample_record *sample) {
  bool holds = selftest_holds();
  if (holds && held_count < HELD_MAX) {
    held[held_count++] = *sample;
    return;
  }
  struct sample_record copy = *sample;
  if (holds || selftest_contradicted()) stack_remove(&copy);
  record_sample(&copy);
}

void early_release(uint32_t thread, uint64_t until) {
  if (written_count == held_count) return;
  for (uint32_t i = 0; i < held_count; i++) {
    if (held[i].thread != thread || held[i].time > until) continue;
    if (selftest_contradicted()) stack_remove(&held[i]);
    record_sample(&held[i]);
    held[i].thread = 0;
    written_count++;
  }
  if (written_count == held_count) held_count = written_count = 0;
}
