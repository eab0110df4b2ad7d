// Events in the life of the process that other parts notice or need.
#pragma once
#include <pthread.h>

#include "base.h"

// How a thread starts. Written by the thread that creates it, before it begins; constant afterwards.
struct thread_launch {
  void *(*start)(void *);    // the program's start routine, which the trampoline calls; also tells the thread's kin
  void *argument;            // its argument
  bool has_trampoline;       // false for the first thread, whose end only pthread_exit shows
  int maker;                 // the kernel's id of the thread that created it, 0: not known; the watcher records it
  uint64_t signals_blocked;  // its creator's believed signals (signals/signals.h), which it inherits
  uint32_t forbidden;        // what a sandbox forbids its creator, and so the thread
};

// True while this process is recorded; also in a vfork child, which shares its memory. (program's threads)
bool lifecycle_is_recorded(void);
// Called before an exec, and after one that failed, by the thread that calls exec. The first returns false where
// nothing is recorded, as in a vfork child; then the second must not be called.
bool lifecycle_before_exec(void);
void lifecycle_exec_failed(void);
// The calling thread, or the whole process, is about to end. `status`: the exit status of the process, if it ends.
void lifecycle_thread_ends(int status);
void lifecycle_process_ends(int status);
// Calls the C library's pthread_create itself, so that the new thread does not count as one of the program's. Returns
// 0, or an errno.
int agent_real_pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*start)(void *),
                              void *argument);
// The watcher was stopped and could not be started again: ends the recording.
void lifecycle_watcher_failed(void);
