#define _GNU_SOURCE
#include "observe.h"

#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "cpython/gil.h"
#include "cpython/interpreter.h"
#include "cpython/selftest.h"
#include "loops/tasks.h"
#include "process/proc_files.h"
#include "sample/early.h"
#include "sample/queue.h"
#include "sample/sampler.h"
#include "sample/samples.h"
#include "sample/wait_native.h"
#include "sample/wait_stack.h"
#include "sample/waits.h"
#include "sandbox/outside.h"
#include "signals/signals.h"

// A helper seen at work counts as working for this long.
#define HELPERS_NS (200 * 1000 * 1000ull)
// How often a waiting thread is recorded, so that a reader sees it wait.
#define WAIT_REPORT_NS (200 * 1000 * 1000ull)
// After this much CPU time without a sample, the timer's ticks seem to miss the thread, so the watcher signals it.
#define MISSED_NS (40 * 1000 * 1000ull)
// A signal that has not been handled after this time is sent again.
#define RETRY_NS (20 * 1000 * 1000ull)

static struct observer_settings settings;
static struct stats *stats;
static uint32_t thread_ids;
static uint64_t handler_ns;

// What the kernel no longer tells: in which call a thread waits (NO_CALLS), or even whether it waits (NOTHING).
enum { KNOWS_ALL, NO_CALLS, NOTHING };
static int knows, told_user;
// A helper, a thread without Python code, was seen at work. Whose work it does is found out from the places where other
// threads wait meanwhile.
static bool has_helpers;
static uint64_t helper_worked;  // when a helper was last seen at work

void observer_configure(const struct observer_settings *wanted, struct stats *counters) {
  settings = *wanted;
  stats = counters;
  thread_ids = 0;
  knows = told_user = KNOWS_ALL;
  has_helpers = false;
  helper_worked = 0;
  in_step_forget();
  queue_begin(counters);
  waits_begin(counters);
}

uint64_t observer_handler_ns(void) {
  return handler_ns;
}

bool observer_helpers_work(uint64_t now) {
  return has_helpers && now < helper_worked + HELPERS_NS;
}

bool observer_in_step(void) {
  // Without information about queue time, work after a time without a core seems to begin with a tick.
  return in_step_seen() && !settings.signal_always && knows != NOTHING;
}

// ---- State of a thread ----

enum run_state { NOT_RUNNING, RUNNING, UNKNOWN };

const char *observer_unknown(void) {
  if (knows <= told_user) return NULL;
  told_user = knows;
  return knows == NO_CALLS ? "The program has given up rights without which the kernel does not say what a thread "
                             "waits for. Waiting for the interpreter lock counts as other waiting."
                           : "The program has no /proc any more, so nothing says whether a thread waits or has no "
                             "core. Both count as waiting, and so does waiting for the interpreter lock.";
}

// Used when the kernel does not tell the system call: reads the thread's state, which needs no rights. Where that
// cannot be read either, a thread whose clock stood still counts as waiting.
static enum run_state thread_look_from_afar(const struct thread *thread, bool stood_still) {
  char text[512];
  bool state = proc_file_read(thread->identity.tid, PROC_STAT, text, sizeof text);
  const char *at = state ? strrchr(text, ')') : NULL;
  if (!at && access("/proc/self/stat", R_OK) == 0) return UNKNOWN;  // it has just ended
  if (knows < (at ? NO_CALLS : NOTHING)) knows = at ? NO_CALLS : NOTHING;
  if (!at) return stood_still ? NOT_RUNNING : RUNNING;
  return at[1] && at[2] == 'R' ? RUNNING : NOT_RUNNING;
}

// Asks the kernel whether a thread is running or runnable, or else where it sleeps. `stood_still`: its CPU clock has
// not changed since the last look.
static enum run_state thread_look(const struct thread *thread, bool stood_still, struct sleep_place *place) {
  char text[256];
  if (!proc_file_read(thread->identity.tid, PROC_SYSCALL, text, sizeof text))
    return thread_look_from_afar(thread, stood_still);
  if (strncmp(text, "running", 7) == 0) return RUNNING;
  char *rest;
  uintptr_t words[8];  // six arguments, the stack pointer and the program counter
  place->call = strtol(text, &rest, 10);
  for (int i = 0; i < 8; i++) words[i] = (uintptr_t)strtoull(rest, &rest, 16);
  place->argument = words[0];
  place->sp = words[6];
  place->pc = words[7];
  return NOT_RUNNING;
}

// ---- From observations to records ----

uint32_t thread__introduce(struct thread *thread) {
  if (thread->id) return thread->id;
  thread->id = ++thread_ids;
  // A sandbox may have kept the thread from reading the time.
  if (!thread->identity.began) thread->identity.began = clock_ns(CLOCK_MONOTONIC);
  if (thread->identity.is_first) {
    thread->cpu.clock = settings.cpu_base;
    thread->cpu.ticks = settings.ticks_base;
    // exec does not reset this count either.
    queue__begin_main(thread);
  }
  record_thread(thread->id, thread->identity.tid, thread->identity.began, thread->name, thread->launch.maker);
  return thread->id;
}

void thread__drain(struct thread *thread) {
  const struct entry *entry;
  if (selftest_holds()) return;
  while ((entry = ring__peek(thread->ring))) {
    if (entry->kind == ENTRY_CODE) {
      if (!selftest_contradicted()) record_code((const struct entry_code *)entry);
    } else if (entry->kind == ENTRY_SAMPLE) {
      struct entry_sample sample = *(const struct entry_sample *)entry;
      const uint64_t *words = (const uint64_t *)((const struct entry_sample *)entry + 1);
      thread__introduce(thread);
      if (!sample.wall || !sample.cpu) outside_complete(thread, &sample, !ring__has_more(thread->ring, entry));
      // The sample shows that the thread ran, before the watcher has seen that by itself.
      if (thread->wait.woken && sample.wall > thread->look.at && sample.cpu > thread->look.cpu)
        wait__over(thread, sample.wall, sample.cpu);
      thread->wait.woken = false;
      early_release(thread->id, sample.wall);
      if (!thread->identity.is_first && sample.flags & SAMPLE_NO_PYTHON) {
        has_helpers = true;
        if (sample.wall > helper_worked) helper_worked = sample.wall;
      }
      thread__take_sample(thread, &sample, words, settings.signal_always, stats);
    } else if (entry->kind == ENTRY_END) {
      struct entry_end end = *(const struct entry_end *)entry;
      thread__introduce(thread);
      outside_complete_end(thread, &end);
      wait__finish(thread, end.wall, end.cpu);
      thread__settle(thread, end.wall, end.cpu);
      record_thread_end(thread->id, end.wall, end.cpu);
    }
    ring__pop(thread->ring, entry);
  }
  handler_ns += atomic_exchange_explicit(&thread->handler.spent, 0, memory_order_relaxed);
  if (thread->id) early_release(thread->id, UINT64_MAX);
  stats->dropped += atomic_exchange_explicit(&thread->handler.dropped, 0, memory_order_relaxed);
  stats->rejected += atomic_exchange_explicit(&thread->handler.rejected, 0, memory_order_relaxed);
}

// ---- A look at a thread ----

static void thread_signal(struct thread *thread, uint64_t now) {
  if (atomic_load(&thread->handler.unsampled)) return;
  if (atomic_load_explicit(&thread->handler.ticked, memory_order_acquire)) {
    // The signal is on its way, or the thread blocks all signals. Try again later.
    if (now - thread->ticked_at < RETRY_NS) return;
  }
  atomic_store(&thread->handler.ticked, true);
  thread->ticked_at = now;
  if (signals_send(thread->identity.tid))
    stats->ticks++;
  else
    atomic_store(&thread->handler.ticked, false);
}

static bool is_event_wait(long call) {
#ifdef SYS_epoll_wait
  if (call == SYS_epoll_wait) return true;
#endif
  return call == SYS_epoll_pwait || call == SYS_epoll_pwait2;
}

// Remembers where in compiled code a thread waits, inside its innermost Python frame.
static void wait_look_native(struct thread *thread, const struct sleep_place *place, uintptr_t instruction) {
  struct wait_native found = wait_native_read(place, thread, settings.python);
  thread->wait.native = found.native;
  thread->wait.incomplete = found.incomplete;
  if (!instruction || !memory_read(instruction, &thread->wait.opcode, 1)) thread->wait.opcode = 0;
}

// Remembers where a sleeping thread waits. False when the thread ran meanwhile.
static bool wait_look(struct thread *thread, uint64_t now, const struct sleep_place *place) {
  struct wait_stack found;
  bool known = wait_stack_read(&found, thread);
  bool gil = gil_is_awaited(settings.python, found.tstate, place->call, place->argument);
  // An event loop waits for its waiting tasks. A loop without Python code does so when its thread waits in the kernel
  // for events.
  bool looping = known && found.kind != LOOP_NONE && !gil &&
                 (found.kind != LOOP_FOREIGN || is_event_wait(place->call) || place->call < 0 && thread->wait.awaits);
  struct awaits *awaits = looping ? tasks_look(thread, &found, now) : NULL;
  thread->wait.native = 0;
  if (known && !gil && has_helpers) wait_look_native(thread, place, found.instruction_address);
  if (clock_ns(thread_clock(thread->identity.tid)) != thread->look.cpu) return false;
  thread->wait.waiting = true;
  thread->wait.known = known;
  thread->wait.stack = found.stack;
  thread->wait.gil = gil;
  thread->wait.awaits = awaits;
  thread->wait.woken = true;
  thread->look.place = (struct sample_place){.stack = known ? found.stack : 0};
  return true;
}

// Remembers the place of a thread that could run but has no core. The kernel counts this queue time only when the
// thread gets a core.
static void queue_look(struct thread *thread) {
  struct wait_stack found;
  bool known = wait_stack_read(&found, thread);
  if (clock_ns(thread_clock(thread->identity.tid)) != thread->look.cpu) return;
  thread->wait.woken = true;
  thread->look.place = (struct sample_place){.stack = known ? found.stack : 0};
}

bool thread__observe(struct thread *thread, uint64_t now) {
  clockid_t clock = thread_clock(thread->identity.tid);
  uint64_t before = thread->look.cpu, cpu = clock_ns(clock);
  if (!cpu) return false;  // it has just ended
  thread__introduce(thread);
  bool ran = cpu != before, is_over = ran && thread->wait.woken;
  if (is_over) wait__over(thread, now, cpu);
  thread->wait.woken = thread->wait.woken && !ran;
  thread->look.at = now;
  thread->look.cpu = cpu;
  struct sleep_place place = {.call = -1};
  if (!ran && thread->wait.waiting) {
    // The last look could not see all tasks, and the budget now allows another one.
    if (thread->wait.awaits && thread->wait.awaits->thread == thread->id && tasks_due(thread->wait.awaits, now))
      wait_look(thread, now, &(struct sleep_place){.call = -1});
    if (now - thread->wait.written > WAIT_REPORT_NS) {
      // The stack may have been unreadable before because Python was just starting; or there were no helpers yet.
      bool unknown = !thread->wait.known || has_helpers && !thread->wait.gil && !thread->wait.native;
      enum run_state state = thread_look(thread, true, &place);
      if (unknown && state == NOT_RUNNING) wait_look(thread, now, &place);
      // A thread that was woken but has no core does not wait: the kernel counts its queue time when it gets one.
      if (state != RUNNING) wait__charge(thread, now, wait__owed(thread, now, cpu));
      // With too many tasks for one look, the next look takes others.
      if (thread->wait.awaits && thread->wait.awaits->thread == thread->id && thread->wait.awaits->partial)
        wait_look(thread, now, &(struct sleep_place){.call = -1});
    }
    return false;
  }
  // The thread has run since the last look, or was not seen to wait then. Reading its clock again tells cheaply whether
  // it runs. Only if the clock stands still is the kernel asked whether the thread sleeps or has lost its core.
  bool runs = clock_ns(clock) != cpu;
  enum run_state state = runs ? RUNNING : thread_look(thread, !ran, &place);
  if (state != NOT_RUNNING) {
    // The waiting since the last look is shared with the next place where the thread is seen to wait, if there is one.
    if (thread->wait.waiting) {
      if (!is_over) queue__ask(thread);
      thread->wait.postponed = wait__owed(thread, thread->wait.postponed_at = now, cpu);
      thread->wait.waiting = false;
    } else if (ran) {
      queue__look(thread, now, cpu);
    }
    if (!runs && !thread->wait.woken && state == RUNNING) queue_look(thread);
    // The thread's timer causes its samples, unless it has none, a finer interval than the tick was asked for, or the
    // tick never hits the thread because they are in step.
    if (thread->timer < 0 || settings.signal_always || cpu - thread->cpu.clock > MISSED_NS && !selftest_holds())
      thread_signal(thread, now);
    return true;
  }
  thread->cpu.sampled = 0;
  // Samples from before the wait come first.
  thread__drain(thread);
  if (atomic_load(&thread->phase) != THREAD_LIVE) return false;
  // Ask again: since the last time, the thread may have got the core that it lacked, and begun to sleep.
  queue__ask(thread);
  queue__charge(thread, now, cpu);
  wait__share(thread, now, cpu);
  if (!wait_look(thread, now, &place)) return true;
  in_step__waits(&thread->cpu.in_step, cpu);
  wait__charge(thread, now, wait__owed(thread, now, cpu));
  return false;
}
