#include "sample/early.h"

#include "cpython/selftest.h"
#include "sample/sampler.h"

#define HELD 1024

static struct sample_record held[HELD];
static uint32_t count, written;

void early_begin(void) {
  count = written = 0;
}

// Drops the stack of a sample that may have been read with wrong offsets.
static void place_forget(struct sample_record *sample) {
  sample->stack = 0;
  sample->flags |= SAMPLE_NO_PYTHON;
}

void early_sample(const struct sample_record *sample) {
  bool holds = selftest_holds();
  if (holds && count < HELD) {
    held[count++] = *sample;
    return;
  }
  struct sample_record copy = *sample;
  if (holds || selftest_contradicted()) place_forget(&copy);
  record_sample(&copy);
}

void early_release(uint32_t thread, uint64_t until) {
  if (written == count) return;
  for (uint32_t i = 0; i < count; i++) {
    if (held[i].thread != thread || held[i].time > until) continue;
    if (selftest_contradicted()) place_forget(&held[i]);
    record_sample(&held[i]);
    held[i].thread = 0;
    written++;
  }
  if (written == count) count = written = 0;
}
