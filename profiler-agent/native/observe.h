// What the watcher observes of a thread, and how that becomes records. All functions run on the watcher, except that
// observer_configure runs before it. Times are ns of CLOCK_MONOTONIC, `cpu` is ns of the thread's CPU clock.
#pragma once
#include "record/records.h"
#include "threads.h"

struct observer_settings {
  const struct interpreter *python;
  bool signal_always;  // the watcher also signals threads that have a timer
  // The main thread's clocks when the recording began: exec does not reset them.
  uint64_t cpu_base;
  struct ticks ticks_base;
};

// A recording begins. Counts are kept in *stats.
void observer_configure(const struct observer_settings *settings, struct stats *stats);

// Returns the CPU time so far, in ns, that threads have spent in the handler for signals of the watcher.
uint64_t observer_handler_ns(void);
// True when a helper, a thread without Python code, was at work a moment ago.
bool observer_helpers_work(uint64_t now);
// True when the work of a thread was in step with the tick that samples it.
bool observer_in_step(void);

// Returns a sentence for the user, once, when the kernel does not tell all about waiting threads. Else NULL.
const char *observer_unknown(void);

// Records the thread if that has not been done. Returns its id in the recording.
uint32_t thread__introduce(struct thread *thread);
// Looks at the thread once: asks for a sample, or notes where it waits. True when it runs.
bool thread__observe(struct thread *thread, uint64_t now);
// Records what the thread's handler has left in the ring.
void thread__drain(struct thread *thread);
