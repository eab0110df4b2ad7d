// Waiting: time in which a thread is off the CPU and could not run. It is charged to where the thread was seen to wait.
//
// All functions run on the watcher. Times are ns of CLOCK_MONOTONIC, `cpu` is ns of the thread's CPU clock.
#pragma once
#include "record/records.h"

struct awaits;
struct thread;

// The waiting of a thread, and where it waits. Only the watcher uses it. waits.c writes the times, observe.c the rest,
// and `postponed` when the thread runs again.
struct wait_account {
  uint64_t charged;  // time off the CPU that was recorded as waiting
  uint64_t written;  // up to which moment waiting was last recorded
  // Waiting that was not charged when the thread was last seen to run again, and when that was.
  uint64_t postponed, postponed_at;
  struct awaits *awaits;  // tasks for which its event loop waits, NULL: not known
  uint32_t stack;         // id of the stack where it waits
  uint32_t native;        // id of the native frames there, 0: not known
  uint8_t opcode;         // opcode of the innermost frame there
  bool gil;               // it waits for the interpreter lock
  bool known;             // its stack there could be read
  bool incomplete;        // the native frames there do not reach the eval loop
  bool waiting;           // it was last seen to wait; also read by rounds.c
  bool woken;             // it has not been seen to run since it was seen to wait or have no core
};

// A recording begins. Samples are counted in *stats.
void waits_begin(struct stats *stats);
// Returns the uncharged waiting up to the moment `until`: the time since the thread began, without its CPU time (`cpu`,
// its clock then), its queue time, and the waiting that was charged.
uint64_t wait__owed(const struct thread *thread, uint64_t until, uint64_t cpu);
// Charges `wall` ns of waiting, up to the moment `until`, to where the thread was last seen to wait.
void wait__charge(struct thread *thread, uint64_t until, uint64_t wall);
// The thread has run since it was last seen off the CPU. If it waited then, it waited there at least until that look,
// and its queue time belongs there, too. `now` and `cpu` are its clocks at a later moment.
void wait__over(struct thread *thread, uint64_t now, uint64_t cpu);
// A wait has ended and another one was seen. Divides the time between the two looks: it belongs to either, or to waits
// in between that nobody saw.
void wait__share(struct thread *thread, uint64_t now, uint64_t cpu);
// The thread or the recording ends: charges the rest of the thread's time off the CPU. `cpu` is its CPU clock.
void wait__finish(struct thread *thread, uint64_t now, uint64_t cpu);
