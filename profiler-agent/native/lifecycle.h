// What others ask of the process's beginning and end.
#pragma once
#include <pthread.h>

#include "base.h"

// Around an exec, on the thread that calls it. False when nothing is recorded here, as in a child made by vfork; then
// there is nothing to say after one that failed either.
bool lifecycle_before_exec(void);
void lifecycle_exec_failed(void);
// The calling thread, or the whole process, is about to end.
void lifecycle_thread_ends(int status);
void lifecycle_process_ends(int status);
// The C library's own: the thread is none of the program's, so nothing is noted of it. Returns an errno.
int agent_real_pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*start)(void *),
                              void *argument);
// The watcher had to stop and does not start again: the recording ends here.
void lifecycle_watcher_failed(void);
