// Starts and stops the agent, and interposes functions for that.
//
// pthread_create and pthread_exit are interposed to follow each thread from its start to its end, _exit and _Exit to
// end the recording. Each does what the original does. The functions that start programs are in process/exec.c.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "lifecycle.h"
#include "base.h"
#include "cpython/codes.h"
#include "cpython/interpreter.h"
#include "cpython/selftest.h"
#include "cpython/thread_state.h"
#include "gpu/gpu.h"
#include "late.h"
#include "memory/memory.h"
#include "originals.h"
#include "process/children.h"
#include "process/environment.h"
#include "process/exec.h"
#include "process/process.h"
#include "record/recording.h"
#include "record/records.h"
#include "record/shared_room.h"
#include "sample/sampler.h"
#include "sandbox/sandbox.h"
#include "sandbox/sandbox_enter.h"
#include "signals/guard.h"
#include "signals/signals.h"
#include "threads.h"
#include "watcher.h"

static struct interpreter python;
static struct watcher_settings settings = {.python = &python};
static char directory[3072];
static bool active;  // this process is recorded; a vfork child shares this variable

static int (*real_pthread_create)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);

bool lifecycle_is_recorded(void) {
  return active && process_is_recorded();
}

// A vfork child shares all memory, but is another process.
static bool is_really_this_process(void) {
  return lifecycle_is_recorded() && !process_is_borrowed();
}

// Also creates the watcher's thread, which must not use the trampoline.
int agent_real_pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*start)(void *),
                              void *argument) {
  if (!real_pthread_create) real_pthread_create = original("pthread_create");
  return real_pthread_create(thread, attributes, start, argument);
}

// ---- Start and end ----

static void recording_finish(int status) {
  if (watcher_stop(true, status)) recording_close();
}

static void on_exit_status(int status, void *unused) {
  (void)unused;
  if (lifecycle_is_recorded()) recording_finish(status);
}

// Makes a recording that only says why there is nothing else in it. The recording is the only place for messages:
// stdout and stderr belong to the program.
static void recording_of_one_note(enum severity severity, const char *text) {
  bool again;
  if (!recording_open(directory, settings.interval_ns, &again)) return;
  record_process(&python);
  record_note(severity, text);
  recording_close();
}

void lifecycle_watcher_failed(void) {
  threads_stop_timers();
  memory_stop();
  record_note(SEVERITY_WARNING,
              "The recording ends early. The thread that writes it had ended for a system call that needs a process "
              "with one thread, and could not be started again.");
  recording_close();
  active = false;
  process_end();
}

// Ends the recording with the reason why nothing is in it.
static void end_without_watcher(int error) {
  char text[240];
  snprintf(text, sizeof text,
           "This process is not sampled: the thread that writes the recording could not be started (error %d).%s",
           error, error == EAGAIN ? " A limit on processes (ulimit -u) or on memory may be the cause." : "");
  threads_stop_timers();
  record_note(SEVERITY_ERROR, text);
  recording_close();
}

static bool file_created;  // the recording's file was created

// Notes for a program that loads Python late: the recording begins only now.
static void note_late_start(void) {
  char text[256];
  struct stat tasks;
  double used = (double)clock_ns(CLOCK_PROCESS_CPUTIME_ID) / NS_PER_SECOND;
  settings.cpu_base = clock_ns(CLOCK_THREAD_CPUTIME_ID);
  settings.ticks_base = ticks_now();
  recording_set_cpu_base(clock_ns(CLOCK_PROCESS_CPUTIME_ID));
  if (used > 0.05) {
    snprintf(text, sizeof text,
             "The program loaded Python after %.2f s of CPU time. The recording begins there; that time is not in it.",
             used);
    record_note(SEVERITY_INFORMATION, text);
  }
  int folder = open("/proc/self/task", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  // The folder has two links, and one more for each thread.
  bool several = folder >= 0 && syscall(SYS_fstat, folder, &tasks) == 0 && tasks.st_nlink > 3;
  if (folder >= 0) close(folder);
  if (several)
    record_note(SEVERITY_WARNING,
                "The program loaded Python when it already had several threads. Those threads are not sampled.");
}

static bool record_from_here(bool late) {
  bool again;  // this process has been recorded before, until an exec
  file_created = recording_open(directory, settings.interval_ns, &again);
  if (!file_created) {
    threads_stop_timers();
    return false;
  }
  // exec does not reset the process's clocks. Their time so far is in the recording before this one.
  settings.cpu_base = again ? clock_ns(CLOCK_THREAD_CPUTIME_ID) : 0;
  settings.ticks_base = again ? ticks_now() : (struct ticks){0};
  recording_set_cpu_base(again ? clock_ns(CLOCK_PROCESS_CPUTIME_ID) : 0);
  record_process(&python);
  if (late) note_late_start();
  recording_commit();
  watcher_configure(&settings);
  int error = watcher_start();
  if (error) end_without_watcher(error);
  return !error;
}

static void after_fork_in_child(void) {
  // Handlers and masks must be returned to the program as it has set them, also where nothing is recorded.
  signals_after_fork();
  guard_after_fork();
  if (!active) return;
  if (!sandbox_allows(SANDBOX_RECORD | SANDBOX_MEMORY | SANDBOX_THREAD | SANDBOX_RETURN)) {
    process_child_lost(CHILD_SANDBOXED);
    memory_stop();
    active = false;
    return;
  }
  memory_after_fork();
  children_after_fork();
  watcher_after_fork();
  codes_clear();
  process_begin();
  threads_after_fork();
  active = record_from_here(false);
  if (active) return;
  memory_stop();
  process_end();
  if (!file_created) process_child_lost(CHILD_HAS_NO_FILE);
}

static void begin_when_late(void);

static void begin(bool late) {
  const char *why;
  if (!interpreter_find(&python, &why)) {
    if (why) recording_of_one_note(SEVERITY_ERROR, why);
    if (!why && !late) late_expect(begin_when_late);
    return;
  }
  gpu_prepare();
  selftest_prepare(&python);
  thread_states_use(&python);
  process_begin();
  int signal = sampler_install(&python);
  if (!signal) {
    recording_of_one_note(SEVERITY_ERROR, "The program uses every real-time signal, so it cannot be sampled.");
    return;
  }
  threads_use_timer(signal, settings.interval_ns);
  watcher_prepare(&python);
  struct thread *main_thread = thread_claim();
  if (!main_thread) return;
  thread__begin(main_thread);
  active = true;
  shared_room_prepare(directory);
  pthread_atfork(NULL, NULL, after_fork_in_child);
  on_exit(on_exit_status, NULL);
  active = record_from_here(late);
  const char *memory = environment_get(OUR_MEMORY);
  if (active && memory && *memory == '1') memory_start(&python);
}

static void begin_when_late(void) {
  begin(true);
}

__attribute__((constructor)) static void start(int argc, char **argv, char **initial) {
  (void)argc, (void)argv;
  environment_take(initial);
  exec_prepare();
  children_prepare();
  const char *where = environment_get(OUR_DIR);
  const char *interval = environment_get(OUR_INTERVAL_US);
  if (!where || where[0] != '/' || strlen(where) >= sizeof directory) return;
  strcpy(directory, where);
  long us = interval ? strtol(interval, NULL, 10) : 1000;
  settings.interval_ns = (uint64_t)(us < 20 ? 20 : us > 1000000 ? 1000000 : us) * 1000;

  const char *budget = environment_get(OUR_BUDGET_PERMILLE);
  settings.budget_permille = budget ? (uint32_t)strtol(budget, NULL, 10) : 8;

  begin(false);
}

// ---- Threads ----

// The process should end with the program's last thread. The C library would wait for the watcher's thread as well, so
// that is stopped first.
static void finish_thread(void *thread) {
  if (thread__finish(thread) && lifecycle_is_recorded()) recording_finish(0);
}

static void *trampoline(void *argument) {
  struct thread *thread = argument;
  void *(*start)(void *) = thread->launch.start;
  void *value = thread->launch.argument;
  sandbox_inherit(thread->launch.forbidden);
  thread__begin(thread);
  if (sandbox_allows(SANDBOX_THREAD)) signals_begin(thread->launch.signals_blocked);
  void *result;
  pthread_cleanup_push(finish_thread, thread);
  result = start(value);
  pthread_cleanup_pop(1);
  return result;
}

EXPORT int pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*start)(void *), void *argument) {
  late_look();
  struct thread *slot = lifecycle_is_recorded() && sandbox_allows(SANDBOX_MAP) ? thread_claim() : NULL;
  if (!slot) return agent_real_pthread_create(thread, attributes, start, argument);
  slot->launch.start = start;
  slot->launch.argument = argument;
  slot->launch.has_trampoline = true;
  const struct thread *maker = thread_self();
  slot->launch.maker = maker ? maker->identity.tid : 0;
  slot->launch.signals_blocked = signals_believed();
  slot->launch.forbidden = sandbox_forbidden;
  int error = agent_real_pthread_create(thread, attributes, trampoline, slot);
  if (error) thread__unclaim(slot);
  return error;
}

// The first thread has no trampoline, so this function is the only sign that the thread ends before the process.
EXPORT void pthread_exit(void *value) {
  static void (*real)(void *) __attribute__((noreturn));
  if (!real) *(void **)&real = original("pthread_exit");
  struct thread *thread = lifecycle_is_recorded() ? thread_self() : NULL;
  if (thread && !thread->launch.has_trampoline) finish_thread(thread);
  real(value);
}

void lifecycle_thread_ends(int status) {
  struct thread *thread = is_really_this_process() ? thread_self() : NULL;
  if (thread && thread__finish(thread)) recording_finish(status);
}

// exec ends all other threads, so the recording is completed first. The watcher must also stop because a signal of ours
// that is still pending would end the new program, which has no handler for it. Timers do no harm: exec deletes them
// with their pending signals.
bool lifecycle_before_exec(void) {
  if (!is_really_this_process() || !watcher_stop(false, -1)) return false;
  recording_mark_closed(true);
  signals_before_exec();
  return true;
}

void lifecycle_exec_failed(void) {
  recording_mark_closed(false);
  signals_after_exec();
  watcher_start();
}

// ---- _exit ----

void lifecycle_process_ends(int status) {
  if (is_really_this_process()) recording_finish(status);
}

EXPORT void _exit(int status) {
  static void (*real)(int) __attribute__((noreturn));
  lifecycle_process_ends(status);
  if (!real) *(void **)&real = original("_exit");
  real(status);
}

EXPORT void _Exit(int status) {
  _exit(status);
}
