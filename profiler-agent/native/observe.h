// What the watcher sees of one thread, and how that becomes records.
#pragma once
#include "record/records.h"
#include "threads.h"

struct observer_settings {
  const struct interpreter *python;
  bool signal_always;  // also threads that have a timer of their own
  // What the main thread's clocks said when the recording began: after exec they go on where they were.
  uint64_t cpu_base;
  struct ticks ticks_base;
};

// For a recording that is about to begin; the counters are kept in *stats.
void observer_configure(const struct observer_settings *settings, struct stats *stats);

// CPU time that threads have spent in handlers of signals that were sent to them, so far.
uint64_t observer_handler_ns(void);
// Has a thread without Python code been at work just now?
bool observer_helpers_work(uint64_t now);
// Did a thread work in step with the tick, at which it is sampled?
bool observer_in_step(void);

// What the kernel does not say of waiting threads, a sentence, once; NULL when it says all.
const char *observer_unknown(void);

// Writes it down when that has not been done. Returns its id.
uint32_t thread__introduce(struct thread *self);
// One look: asks for a sample, or notes where the thread waits. Returns true when it runs.
bool thread__observe(struct thread *self, uint64_t now);
// Writes what its handler has left in the ring.
void thread__drain(struct thread *self);
// The thread or the recording is over: charges all of its time off the CPU that has not been charged yet. `cpu` is its
// CPU clock.
void thread__write_off_cpu(struct thread *self, uint64_t now, uint64_t cpu);
