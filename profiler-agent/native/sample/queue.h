// Time in which a thread could run but had no core, as the kernel counts it.
#pragma once
#include "record/records.h"
#include "threads.h"

// For a recording that is about to begin; what is found is added up in *stats.
void queue_begin(struct stats *stats);
// Asks the kernel how long the thread has had no core. False when the kernel does not say.
bool queue__ask(struct thread *self);
// The main thread: what it had no core for so far belongs to no recording, or to the one before exec.
void queue__begin_main(struct thread *self);
// How much of what the kernel said last has not been charged yet.
uint64_t queue__owed(const struct thread *self);
// Charges all of that to where the thread was seen last, up to a moment. `cpu` is its CPU clock at that moment.
void queue__charge(struct thread *self, uint64_t until, uint64_t cpu);
// A sample is about to be written: what the thread had no core for since it was last seen belongs there.
void queue__charge_sample(struct thread *self, const struct entry_sample *entry, const struct met *place);
// The thread runs: asks only when it was off the CPU, for whatever reason, since it was last seen.
void queue__look(struct thread *self, uint64_t now, uint64_t cpu);
// Says once what the person has to know.
void queue_say(void);
