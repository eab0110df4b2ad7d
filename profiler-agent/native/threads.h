// The threads of this process that are sampled. One owner: slots live in an array that only grows, a slot belongs to
// one thread at a time.
#pragma once
#include <pthread.h>
#include <signal.h>

#include "base.h"
#include "sample/in_step.h"
#include "sample/ring.h"

enum thread_phase {
  THREAD_FREE,
  THREAD_STARTING,  // claimed, not running yet
  THREAD_LIVE,
  THREAD_ENDED,  // its last entries may still be in the ring
};

// What a sample met.
struct sample_place {
  uint32_t flags, stack, native;
  uint8_t opcode;
};
#define RECENT 8

struct thread {
  _Atomic int phase;
  int tid;
  pthread_t pthread;
  uintptr_t stack_low, stack_end;  // its C stack may take this room
  struct ring *ring;
  void *signal_stack;

  // Shared by the watcher and the thread.
  _Atomic bool ticked;  // a signal was sent and not handled yet
  _Atomic uint32_t dropped, rejected;
  _Atomic uint64_t handler_ns;  // spent in handlers of signals that were sent
  _Atomic uintptr_t tstate;     // as the handler last saw it
  _Atomic bool in_handler;
  _Atomic bool unsampled;  // a sandbox forbids that its handler returns
  bool is_first;           // the thread that the process began with

  // The program's start routine, for the trampoline.
  void *(*start)(void *);
  void *argument;
  bool has_trampoline;
  int maker;                 // the kernel's id of the thread that created it, 0 = not known
  uint64_t signals_blocked;  // as the program believes
  uint32_t forbidden;        // to its creator, by a sandbox

  _Atomic int timer;          // the kernel's id of its CPU-time timer, −1 none
  uint64_t claimed;           // when somebody began to create it
  uint64_t began, began_cpu;  // when it began, and its CPU clock then

  // The watcher's own.
  uint32_t id;                            // in the recording, 0 = not written yet
  uint64_t cpu;                           // its clock up to which its CPU time has been divided among samples
  struct ticks ticks;                     // its ticks at the last sample
  struct sample_place recent[RECENT];     // the last samples
  uint32_t recent_count;                  // how many there have been
  uint64_t charged;                       // CPU time that its samples have been charged with
  uint64_t undivided;                     // CPU time that no tick has fallen in yet
  uint64_t observed_at, observed_cpu;     // the last look, and its CPU clock then
  uint64_t waited;                        // off-CPU time written so far
  uint64_t born_delay, delay;             // time it could run but had no core: before it began, and when last asked
  uint64_t queued;                        // such time that has been written
  uint64_t explained;                     // time off its CPU is explained up to this moment, 0 never
  uint64_t explained_cpu;                 // its CPU clock then
  struct sample_place place;              // where it was last seen
  uint64_t sampled;                       // time of the last running sample, 0 = it has waited since
  uint64_t ticked_at;                     // when the pending signal was sent
  uint64_t wait_written;                  // when its waiting was last written
  uint64_t postponed_wait, postponed_at;  // waiting not charged when it was last seen to run again, and when that was
  uint32_t wait_stack;                    // where it waits
  uint32_t wait_native;                   // and where in compiled code, 0 = not known
  uint8_t wait_opcode;
  struct in_step in_step;  // does it keep step with the kernel's tick?
  struct awaits *awaits;   // and, of an event loop, for what: NULL when that is not known
  bool waiting, wait_gil, wait_known, wait_incomplete;
  bool woken;        // it has not been seen to run since it was last seen where it waits, or has no core
  bool delay_known;  // the kernel has said once how long it had no core
  bool named;        // by Python
  char name[96];     // UTF-8
};

#define THREADS_MAX 8192

// Slots in use are below this. (watcher)
uint32_t threads_count(void);
struct thread *thread_at(uint32_t index);
// The calling thread's slot, or NULL. (signal)
struct thread *thread_self(void);
// The kernel's id of some thread of the program's, 0 when there is none.
int threads_any_live(void);
// Claims a slot in phase STARTING; NULL when there is no memory or there are too many threads.
struct thread *thread_claim(void);
// Was there ever none?
bool threads_refused(void);
// Gives a claimed slot back that no thread has begun with.
void thread__unclaim(struct thread *self);
// Makes the calling thread the slot's owner, and starts its timer.
void thread__begin(struct thread *self);
// Every thread that begins gets a timer on its own CPU clock that sends `signal`. The kernel looks at such timers when
// its tick finds the thread running, so they cap at CONFIG_HZ and cost no interrupt of their own; and it sends their
// signal on the thread's way back to user mode (CONFIG_POSIX_CPU_TIMERS_TASK_WORK), so it never cuts a system call
// short.
void threads_use_timer(int signal, uint64_t interval_ns);
// The timers of all threads send another signal from now on; 0: none.
void threads_change_signal(int signal);
// No timer fires any more, and threads that begin get none.
void threads_stop_timers(void);
// They fire again.
void threads_resume_timers(void);
// Does a handler run now, on another thread than this one?
bool threads_in_handler(void);
// How many threads of the program have begun and not ended.
int threads_alive(void);
// The calling thread gets no signal of ours any more; it does after all.
void thread__stop_sampling(struct thread *self);
void thread__sample_again(struct thread *self);
// The calling thread ends, or will not be sampled any more. Returns true when it was the last of the program's.
bool thread__finish(struct thread *self);
// Gives the slot back. (watcher)
void thread__release(struct thread *self);
// In a forked child: only the calling thread is left.
void threads_after_fork(void);
