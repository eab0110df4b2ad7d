// The threads of the program that are sampled. Each has a slot in an array that only grows; a slot belongs to one
// thread at a time. Times are ns of CLOCK_MONOTONIC.
#pragma once
#include <pthread.h>
#include <signal.h>

#include "base.h"
#include "lifecycle.h"
#include "sample/last_look.h"
#include "sample/queue.h"
#include "sample/ring.h"
#include "sample/sampler.h"
#include "sample/samples.h"
#include "sample/waits.h"

enum thread_phase {
  THREAD_FREE,
  THREAD_STARTING,  // claimed, not running yet
  THREAD_LIVE,
  THREAD_ENDED,  // its last samples may still be in the ring
};

// Who a thread is. Written by the thread in thread__begin and published with THREAD_LIVE, constant afterwards.
struct thread_identity {
  int tid;                         // the kernel's id
  pthread_t pthread;               // the C library's id, which Python knows
  uintptr_t stack_low, stack_end;  // range of its C stack, 0: not known
  bool is_first;                   // it is the first thread of the process
  // When the thread began, and its CPU clock then, in ns. Where a sandbox forbids reading the time, `began` is 0 until
  // the watcher first sees the thread.
  uint64_t began, began_cpu;
};

// A slot. Each part is declared in the header of its owner, which says who writes and who reads it.
struct thread {
  _Atomic int phase;   // enum thread_phase; whoever creates the thread, then the thread, then the watcher advances it
  _Atomic int timer;   // the kernel's id of its CPU-time timer, −1: none; whoever exchanges it deletes the old one
  struct ring *ring;   // from its handler to the watcher; belongs to the slot
  void *signal_stack;  // the handler's stack; belongs to the slot
  uint64_t claimed;    // when the slot was claimed; written by the thread that claims it, read by sample/queue.c
  struct thread_identity identity;
  struct thread_launch launch;
  struct handler_state handler;

  // Only used by the watcher.
  uint32_t id;         // id in the recording, 0: not recorded yet
  uint64_t ticked_at;  // when the watcher sent the signal that is pending
  struct last_look look;
  struct cpu_account cpu;
  struct queue_account queue;
  struct wait_account wait;
  bool named;     // `name` is Python's, not the system's; written by cpython/names.c
  char name[96];  // its name, UTF-8; written by cpython/names.c
};
// thread__release clears what follows the phase.
_Static_assert(offsetof(struct thread, phase) == 0, "the phase comes first");

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
// True when thread_claim has failed at least once. (watcher)
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
// The calling thread gets no signals of ours from now on, or gets them again: a sandbox that it enters may forbid the
// handler to return.
void thread__stop_sampling(struct thread *thread);
void thread__sample_again(struct thread *thread);
// The calling thread ends, or will not be sampled any more. True when it was the last one of the program.
bool thread__finish(struct thread *thread);
// Gives the slot back. (watcher)
void thread__release(struct thread *thread);
// In a forked child: releases all slots but that of the calling thread.
void threads_after_fork(void);
