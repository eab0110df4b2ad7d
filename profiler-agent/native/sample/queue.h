// Queue time: time in which a thread could run but had no core, as the kernel counts it
// (/proc/self/task/TID/schedstat).
//
// All functions run on the watcher. Times are ns of CLOCK_MONOTONIC, `cpu` is ns of the thread's CPU clock.
#pragma once
#include "record/records.h"

struct entry_sample;
struct sample_place;
struct thread;

// The queue time of a thread. Only the watcher uses it. Written by queue.c; waits.c reads what it needs to tell
// queue time from waiting.
struct queue_account {
  uint64_t born_delay, delay;  // the kernel's count when the thread began, and when last asked
  uint64_t charged;            // queue time that was recorded
  uint64_t explained;          // up to this moment, queue time has been told apart from waiting, 0: not at all
  uint64_t explained_cpu;      // the thread's CPU clock at that moment
  bool known;                  // `born_delay` needs no further estimate
};

// A recording begins. Totals are added up in *stats.
void queue_begin(struct stats *stats);
// Reads the thread's queue time from the kernel. False when the kernel does not tell.
bool queue__ask(struct thread *thread);
// The main thread is recorded for the first time. Its queue time so far belongs to the recording before exec, or to
// none.
void queue__begin_main(struct thread *thread);
// Queue time that was read from the kernel and not charged yet.
uint64_t queue__owed(const struct thread *thread);
// Charges all queue time that is owed, up to the moment `until`, to the place where the thread was last seen.
void queue__charge(struct thread *thread, uint64_t until, uint64_t cpu);
// A sample of the running thread is about to be written. Queue time since the thread was last seen is charged to its
// place.
void queue__charge_sample(struct thread *thread, const struct entry_sample *entry, const struct sample_place *place);
// The watcher saw the thread run. Reads and charges its queue time if the thread was off the CPU since it was last
// seen.
void queue__look(struct thread *thread, uint64_t now, uint64_t cpu);
// Writes a note, once, when the kernel does not count queue time.
void queue_say(void);
