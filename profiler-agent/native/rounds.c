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

#define STATS_NS (250 * 1000 * 1000ull)
#define MODULES_NS (10 * 1000 * 1000ull)
// So many of the threads that wait are looked at in one round.
#define WAITING_LOOKS 32

static const struct interpreter *python;
static bool silent;  // nothing is to be sampled: only the process's own figures are recorded
static struct stats stats;
static uint64_t agent_cpu_before;  // of watchers that were stopped
static uint64_t next_stats, next_modules, next_verify, modules_wait;
static uint32_t next_turn;  // of the threads that wait, the first to be looked at

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
    // Code without a file, as a JIT makes, is asked for again and again: look ever less often.
    modules_wait *= 2;
  }
  next_modules = now + modules_wait;
}

// An interpreter that is not what it says it is is not sampled any more.
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
    struct thread *it = thread_at(i);
    int phase = atomic_load_explicit(&it->phase, memory_order_acquire);
    if (phase == THREAD_LIVE || phase == THREAD_ENDED) thread__drain(it);
  }
}

bool rounds_look(uint64_t now) {
  bool running = false;
  // Before the samples that met the unknown address are written, if it can be.
  if (modules_refresh_wanted() && now >= next_modules) modules_look(now);
  memory_drain();
  memory_adapt(now);
  uint32_t count = threads_count();
  for (uint32_t i = 0; i < count; i++) {
    struct thread *it = thread_at(i);
    int phase = atomic_load_explicit(&it->phase, memory_order_acquire);
    if (phase != THREAD_LIVE && phase != THREAD_ENDED) continue;
    bool has_run = ring__peek(it->ring) != NULL;
    thread__drain(it);
    if (phase == THREAD_ENDED) {
      if (selftest_holds()) continue;
      // Its last words about memory, while its slot is still its own.
      memory_drain();
      thread__release(it);
      continue;
    }
    // Those that wait are most likely to wait still: where they are many, they take turns.
    bool turn = (i + count - next_turn % count) % count < WAITING_LOOKS;
    if (!silent && (turn || has_run || !it->waiting)) running |= thread__observe(it, now);
  }
  next_turn += WAITING_LOOKS;
  if (now >= next_verify) {
    // What the C library loads for itself it unloads without dlclose.
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
  // It may have answered since the last look.
  verdict_write();
  uint64_t now = clock_ns(CLOCK_MONOTONIC);
  for (uint32_t i = 0; i < threads_count(); i++) {
    struct thread *it = thread_at(i);
    int phase = atomic_load(&it->phase);
    if (phase != THREAD_LIVE && phase != THREAD_ENDED) continue;
    thread__drain(it);
    if (phase != THREAD_LIVE || !it->id) continue;
    uint64_t cpu = clock_ns(thread_clock(it->tid));
    thread__write_off_cpu(it, now, cpu);
    thread__settle(it, now, cpu);
    if (ends) record_thread_end(it->id, now, cpu - (it->is_first ? settings->cpu_base : 0));
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
