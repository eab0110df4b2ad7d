// Who waits while the hub of gevent or eventlet does: the greenlets that have switched away. (watcher)
#pragma once
#include "loops/awaits.h"
#include "threads.h"

// For a recording that is about to begin.
void greenlets_begin(const struct interpreter *python);
// Looks for greenlets, for so many ns of this thread's time at most, again_ns of them where it has looked before. A hub
// that is a greenlet (else 0) leads to the one that its thread began with. False when that did not suffice for all
// there are.
bool greenlets_search(uintptr_t hub, uint64_t most_ns, uint64_t again_ns);
// Looks at no more than `most` greenlets, and keeps what those do that are the thread's and suspended: each chain has
// its whole stack already. Returns how many it has looked at. *partial: there are more.
uint32_t greenlets_chains(struct await_chain *chains, uint32_t *kept, const struct thread *thread, uint32_t most,
                          bool *partial);
// A sentence for the person, once, when greenlets are kept in a way that is not known. Else NULL.
const char *greenlets_unknown(void);
