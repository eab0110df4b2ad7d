// The threads of the program that are sampled. Each has a slot in an array that only grows; a slot belongs to one
// thread at a time. Times are ns of CLOCK_MONOTONIC.
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
  THREAD_ENDED,  // its last samples may still be in the ring
};

// The place of a sample: flags (sample/sampler.h), ids of its stack and native frames in the recording, and the opcode
// of the innermost Python frame.
struct sample_place {
  uint32_t flags, stack, native;
  uint8_t opcode;
};
#define RECENT 8

struct thread {
  _Atomic int phase;  // enum thread_phase; whoever creates the thread, then the thread, then the watcher advances it
  int tid;
  pthread_t pthread;
  uintptr_t stack_low, stack_end;  // range of its C stack, 0: not known
  struct ring *ring;
  void *signal_stack;

  // Shared by the watcher and the thread's handler.
  _Atomic bool ticked;                 // the watcher has sent a signal that is not handled yet
  _Atomic uint32_t dropped, rejected;  // samples that the handler could not take; the watcher resets them
  _Atomic uint64_t handler_ns;         // time in the handler for signals of the watcher; the watcher resets it
  _Atomic uintptr_t tstate;            // its Python thread state, as last seen by the handler or found by the watcher
  _Atomic bool in_handler;             // its handler takes a sample; read by threads that enter a sandbox
  _Atomic bool unsampled;              // in a sandbox that forbids returning from the handler; set by the thread
  bool is_first;                       // it is the first thread of the process; set when it begins

  // Set by the thread that creates this one, before it begins. The trampoline calls the program's start routine.
  void *(*start)(void *);
  void *argument;
  bool has_trampoline;
  int maker;                 // the kernel's id of the thread that created it, 0: not known
  uint64_t signals_blocked;  // signals that its creator believes to be blocked
  uint32_t forbidden;        // what a sandbox forbids its creator

  _Atomic int timer;  // the kernel's id of its CPU-time timer, −1: none; whoever exchanges it deletes the old one
  uint64_t claimed;   // when the slot was claimed
  // When the thread began, and its CPU clock then. Set by the thread, or by the watcher where a sandbox forbids it.
  uint64_t began, began_cpu;

  // Only used by the watcher.
  uint32_t id;                         // id in the recording, 0: not recorded yet
  uint64_t cpu;                        // CPU clock up to which its CPU time has been charged to samples
  struct ticks ticks;                  // its ticks at the last sample
  struct sample_place recent[RECENT];  // places of the last samples, used in turn
  uint32_t recent_count;               // number of samples so far
  uint64_t charged;                    // CPU time that its samples have been charged with
  uint64_t undivided;                  // CPU time since the last tick
  uint64_t observed_at, observed_cpu;  // time of the last look, and its CPU clock then
  uint64_t waited;                     // time off the CPU that was recorded as waiting
  uint64_t born_delay, delay;          // its queue time at its start, and when last asked
  uint64_t queued;                     // queue time that was recorded
  uint64_t explained;                  // its time off the CPU is explained up to this moment, 0: never
  uint64_t explained_cpu;              // its CPU clock at that moment
  struct sample_place place;           // the place where it was last seen
  uint64_t sampled;                    // time of the last sample of it running, 0: it has waited since
  uint64_t ticked_at;                  // when the pending signal was sent
  uint64_t wait_written;               // up to when its waiting was last recorded
  // Waiting that was not charged when it was last seen to run again, and when that was.
  uint64_t postponed_wait, postponed_at;
  uint32_t wait_stack;     // id of the stack where it waits
  uint32_t wait_native;    // id of the native frames there, 0: not known
  uint8_t wait_opcode;     // opcode of the innermost frame there
  struct in_step in_step;  // is its work in step with the tick?
  struct awaits *awaits;   // tasks for which its event loop waits, NULL: not known
  bool waiting;            // it was last seen to wait
  bool wait_gil;           // for the interpreter lock
  bool wait_known;         // its stack there could be read
  bool wait_incomplete;    // the native frames there do not reach the eval loop
  bool woken;              // it has not been seen to run since it was seen to wait or have no core
  bool delay_known;        // its queue time has been read once
  bool named;              // Python has told its name
  char name[96];           // its name, UTF-8
};

#define THREADS_MAX 8192

// Slots in use have indices below this. (any thread)
uint32_t threads_count(void);
struct thread *thread_at(uint32_t index);
// Returns the calling thread's slot, or NULL. (signal)
struct thread *thread_self(void);
// Returns the kernel's id of some live thread of the program, 0 when there is none. (watcher)
int threads_any_live(void);
// Claims a slot, in phase STARTING. NULL when there is no memory, or there are too many threads. (program's threads)
struct thread *thread_claim(void);
// True when that has failed once. (watcher)
bool threads_refused(void);
// Gives back a claimed slot whose thread could not be created.
void thread__unclaim(struct thread *thread);
// Makes the calling thread the slot's owner, and starts its timer.
void thread__begin(struct thread *thread);
// Threads that begin from now on get a timer on their own CPU clock that sends `signal`. The kernel checks such timers
// only at a tick that finds the thread running. So they fire at most CONFIG_HZ times a second and cost no interrupt of
// their own. The kernel sends the signal when the thread returns to user mode (CONFIG_POSIX_CPU_TIMERS_TASK_WORK), so
// it never interrupts a system call.
void threads_use_timer(int signal, uint64_t interval_ns);
// The timers of all threads send this signal from now on; 0: there are no timers.
void threads_change_signal(int signal);
// Stops all timers; threads that begin get none.
void threads_stop_timers(void);
// Starts them again.
void threads_resume_timers(void);
// True when a handler runs on another thread.
bool threads_in_handler(void);
// Returns how many threads of the program have slots and have not ended. (any thread)
int threads_alive(void);
// The calling thread gets no signals of ours from now on; or gets them again.
void thread__stop_sampling(struct thread *thread);
void thread__sample_again(struct thread *thread);
// The calling thread ends, or will not be sampled any more. True when it was the last one of the program.
bool thread__finish(struct thread *thread);
// Gives the slot back. (watcher)
void thread__release(struct thread *thread);
// In a forked child: releases all slots but that of the calling thread.
void threads_after_fork(void);
