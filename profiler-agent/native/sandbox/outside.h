// The watcher reads the clocks of a thread from outside where a sandbox forbids the thread to read them.
#pragma once
#include "sample/ring.h"
#include "threads.h"

// Fill in the clocks that the thread could not read. `last`: there is no later sample in the ring. (watcher)
void outside_complete(struct thread *thread, struct entry_sample *sample, bool last);
void outside_complete_end(struct thread *thread, struct entry_end *end);
