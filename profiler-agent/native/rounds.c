#include "rounds.h"

#include "cpython/interpreter.h"
#include "cpython/names.h"
#include "cpython/selftest.h"
#include "gpu/gpu.h"
#include "memory/memory.h"
#include "memory/memory_notes.h"
#include "notes.h"
#include "observe.h"
#include "process/proc_files.h"
#include "record/records.h"
#include "sample/kin.h"
#include "sample/samples.h"
#include "signals/handlers.h"
#include "threads.h"
#include "unwind/modules.h"
#include "watcher.h"

// How often counts and notes are written, and the least time between two readings of the mapped files.
#define STATS_NS (250 * 1000 * 1000ull)
#define MODULES_NS (10 * 1000 * 1000ull)
// How many waiting threads are looked at in one round.
#define WAITING_LOOKS 32

static const struct interpreter *python;
static bool silent;  // the self-test has failed: only figures of the whole process are recorded
static struct stats stats;
static uint64_t agent_cpu_before;  // of earlier watchers of this recording
static uint64_t next_stats, next_modules, next_verify, modules_wait;
static uint32_t next_waiting;  // the first of the waiting threads to look at in this round

struct stats *rounds_begin(const struct interpreter *interpreter) {
  python = interpreter;
  stats = (struct stats){0};
  agent_cpu_before = 0;
  next_stats = 0;
  modules_wait = MODULES_NS;
  return &stats;
}

uint64_t rounds_ticks(void) {
  return stats.ticks;
}

static void stats_write(void) {
  stats.agent_cpu = agent_cpu_before + clock_ns(CLOCK_THREAD_CPUTIME_ID);
  record_stats(&stats);
}

static void modules_look(uint64_t now) {
  if (modules_refresh(python->eval_entry)) {
    modules_wait = MODULES_NS;
    records_forget_natives();
  } else if (modules_wait < NS_PER_SECOND) {
    // Nothing is new. Samples in code without a file, such as a JIT's, ask for another reading again and again, so the
    // interval grows.
    modules_wait *= 2;
  }
  next_modules = now + modules_wait;
}

// Ends sampling, and tells the user, when the self-test has failed.
static void verdict_write(void) {
  const char *verdict = selftest_verdict();
  if (!verdict) return;
  record_note(SEVERITY_ERROR, verdict);
  threads_stop_timers();
  memory_stop();
  silent = true;
}

bool rounds_ask_interpreter(uint64_t now) {
  bool early = selftest_run(now);
  verdict_write();
  return early;
}

void rounds_drain(void) {
  memory_drain();
  for (uint32_t i = 0; i < threads_count(); i++) {
    struct thread *thread = thread_at(i);
    int phase = atomic_load_explicit(&thread->phase, memory_order_acquire);
    if (phase == THREAD_LIVE || phase == THREAD_ENDED) thread__drain(thread);
  }
}

bool rounds_look(uint64_t now) {
  bool running = false;
  // Comes before the rings are emptied: the samples that asked for this are still there, and get their module.
  if (modules_refresh_wanted() && now >= next_modules) modules_look(now);
  memory_drain();
  memory_adapt(now);
  uint32_t count = threads_count();
  for (uint32_t i = 0; i < count; i++) {
    struct thread *thread = thread_at(i);
    int phase = atomic_load_explicit(&thread->phase, memory_order_acquire);
    if (phase != THREAD_LIVE && phase != THREAD_ENDED) continue;
    bool has_run = ring__peek(thread->ring) != NULL;
    thread__drain(thread);
    if (phase == THREAD_ENDED) {
      if (selftest_holds()) continue;
      // Record its allocations first: they refer to the slot, which the next thread may get.
      memory_drain();
      thread__release(thread);
      continue;
    }
    // Waiting threads usually go on waiting: when there are many, only some are looked at in each round.
    bool due = (i + count - next_waiting % count) % count < WAITING_LOOKS;
    if (!silent && (due || has_run || !thread->wait.waiting)) running |= thread__observe(thread, now);
  }
  next_waiting += WAITING_LOOKS;
  if (now >= next_verify) {
    // Libraries that the C library loads for itself are unloaded without dlclose.
    next_verify = now + NS_PER_SECOND;
    modules_drop(NULL);
  }
  names_look(now);
  gpu_look(now);
  if (now >= next_stats) {
    next_stats = now + STATS_NS;
    handlers_look();
    proc_files_look();
    stats_write();
    notes_write();
  }
  return running;
}

void rounds_finish(const struct watcher_settings *settings, bool ends) {
  selftest_give_up_waiting();
  // The self-test may have failed since the last round.
  verdict_write();
  uint64_t now = clock_ns(CLOCK_MONOTONIC);
  for (uint32_t i = 0; i < threads_count(); i++) {
    struct thread *thread = thread_at(i);
    int phase = atomic_load(&thread->phase);
    if (phase != THREAD_LIVE && phase != THREAD_ENDED) continue;
    thread__drain(thread);
    if (phase != THREAD_LIVE || !thread->id) continue;
    uint64_t cpu = clock_ns(thread_clock(thread->identity.tid));
    wait__finish(thread, now, cpu);
    thread__settle(thread, now, cpu);
    if (ends) record_thread_end(thread->id, now, cpu - (thread->identity.is_first ? settings->cpu_base : 0));
  }
  const char *estimate = kin_finish();
  if (estimate) record_note(SEVERITY_INFORMATION, estimate);
  memory_drain();
  gpu_finish();
  stats_write();
  notes_write_last(settings);
  memory_finish();
  agent_cpu_before = stats.agent_cpu;
}
