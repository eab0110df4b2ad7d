// Greenlets that have switched away and wait while the hub of gevent or eventlet does. All functions run on the
// watcher. Addresses are those of Python's objects; 0 stands for none.
#pragma once
#include "loops/awaits.h"
#include "threads.h"

// A recording begins.
void greenlets_begin(const struct interpreter *python);
// Searches for greenlets for at most `most_ns` of the watcher's CPU time, of which at most `again_ns` among objects
// that were visited before. `hub`: the hub if it is a greenlet, else 0; it leads to the first greenlet of its thread.
// False when some objects have not been visited.
bool greenlets_search(uintptr_t hub, uint64_t most_ns, uint64_t again_ns);
// Looks at up to `most` known greenlets, and puts those that belong to the thread and are suspended into `chains`,
// `*kept` of them, with their whole stacks. Returns how many it looked at. *partial: more greenlets are known.
uint32_t greenlets_chains(struct await_chain *chains, uint32_t *kept, const struct thread *thread, uint32_t most,
                          bool *partial);
// Returns a sentence for the user, once, when greenlets have an unknown layout. Else NULL.
const char *greenlets_unknown(void);
