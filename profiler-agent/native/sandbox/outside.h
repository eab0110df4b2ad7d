// Clocks of a thread that a sandbox keeps from reading them, as the watcher reads them from outside.
#pragma once
#include "sample/ring.h"
#include "threads.h"

// Fills in what the handler could not read. `last`: the ring holds no later sample. (watcher)
void outside_complete(struct thread *self, struct entry_sample *sample, bool last);
void outside_complete_end(struct thread *self, struct entry_end *end);
