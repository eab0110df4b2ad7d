#define _GNU_SOURCE
#include "observe.h"

#include <fcntl.h>
#include <stdio.h>
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
#include "sandbox/outside.h"
#include "signals/signals.h"

// A helper that was seen at work is taken to be at work for so long.
#define HELPERS_NS (200 * 1000 * 1000ull)
// A thread that waits is written down this often, so that a reader sees it wait.
#define WAIT_REPORT_NS (200 * 1000 * 1000ull)
// So much CPU time without a sample: the timer's ticks miss the thread.
#define MISSED_NS (40 * 1000 * 1000ull)
// A signal that has not been answered for so long is sent again.
#define RETRY_NS (20 * 1000 * 1000ull)

// How many samples one stretch of waiting of an event loop may become: one for so long, and no more than this.
#define AWAIT_NS (1000 * 1000ull)
#define AWAITS_WRITTEN 64

static struct observer_settings settings;
static struct stats *stats;
static uint32_t thread_ids;
static uint64_t handler_ns;

// What the kernel does not say any more: in which call a thread waits, or whether it waits at all.
enum { KNOWS_ALL, NO_CALLS, NOTHING };
static int knows, said;
// A thread without Python code was seen at work. For whom it works, those tell who wait meanwhile: by where they do.
static bool has_helpers;
static uint64_t helper_worked;  // when one was last seen at work

void observer_configure(const struct observer_settings *wanted, struct stats *counters) {
  settings = *wanted;
  stats = counters;
  thread_ids = 0;
  knows = said = KNOWS_ALL;
  has_helpers = false;
  helper_worked = 0;
  in_step_forget();
  queue_begin(counters);
}

uint64_t observer_handler_ns(void) {
  return handler_ns;
}

bool observer_helpers_work(uint64_t now) {
  return has_helpers && now < helper_worked + HELPERS_NS;
}

bool observer_in_step(void) {
  // Where a thread without a core seems to wait, its work seems to begin with the tick that gives it one.
  return in_step_seen() && !settings.signal_always && knows != NOTHING;
}

// ---- What a thread does ----

enum { NOT_RUNNING, RUNNING, UNKNOWN };

const char *observer_unknown(void) {
  if (knows <= said) return NULL;
  said = knows;
  return knows == NO_CALLS ? "The program has given up rights without which the kernel does not say what a thread "
                             "waits for. Waiting for the interpreter lock counts as other waiting."
                           : "The program has no /proc any more, so nothing says whether a thread waits or has no "
                             "core. Both count as waiting, and so does waiting for the interpreter lock.";
}

// Less than that: what is open to everybody (its state alone), or nothing.
static int thread_look_from_afar(const struct thread *it, bool stood_still) {
  char text[512];
  bool state = proc_file_read(it->tid, PROC_STAT, text, sizeof text);
  const char *at = state ? strrchr(text, ')') : NULL;
  if (!at && access("/proc/self/stat", R_OK) == 0) return UNKNOWN;  // It has just ended.
  if (knows < (at ? NO_CALLS : NOTHING)) knows = at ? NO_CALLS : NOTHING;
  if (!at) return stood_still ? NOT_RUNNING : RUNNING;
  return at[1] && at[2] == 'R' ? RUNNING : NOT_RUNNING;
}

// The kernel's word on a thread, whose clock may have stood still since the last look: running or runnable, or where it
// sleeps.
static int thread_look(const struct thread *it, bool stood_still, struct sleep_place *place) {
  char text[256];
  if (!proc_file_read(it->tid, PROC_SYSCALL, text, sizeof text)) return thread_look_from_afar(it, stood_still);
  if (strncmp(text, "running", 7) == 0) return RUNNING;
  char *rest;
  uintptr_t words[8];  // six arguments, stack pointer, program counter
  place->call = strtol(text, &rest, 10);
  for (int i = 0; i < 8; i++) words[i] = (uintptr_t)strtoull(rest, &rest, 16);
  place->argument = words[0];
  place->sp = words[6];
  place->pc = words[7];
  return NOT_RUNNING;
}

// ---- From observations to records ----

uint32_t thread__introduce(struct thread *it) {
  if (it->id) return it->id;
  it->id = ++thread_ids;
  // A sandbox may have kept it from saying so.
  if (!it->began) it->began = clock_ns(CLOCK_MONOTONIC);
  if (it->is_first) {
    it->cpu = settings.cpu_base;
    it->ticks = settings.ticks_base;
    // exec keeps this clock running too.
    queue__begin_main(it);
  }
  record_thread(it->id, it->tid, it->began, it->name, it->maker);
  return it->id;
}

// Waiting up to a moment that has not been charged yet, in ns: the thread's time so far but for what it ran (by its CPU
// clock at that moment), for what it only lacked a core, and for what has been charged.
static uint64_t wait_owed(const struct thread *it, uint64_t until, uint64_t cpu) {
  uint64_t busy = cpu - it->began_cpu + it->delay - it->born_delay;
  uint64_t owed = until - it->began - busy - it->waited;
  // Clocks are read one after the other, and a thread may have begun after the round did.
  return (int64_t)owed > 0 ? owed : 0;
}

// Charges so much waiting, up to a moment, to where the thread was last seen to wait.
static void wait_charge(struct thread *it, uint64_t until, uint64_t wall) {
  it->wait_written = until;
  it->postponed_wait = 0;
  if (!wall) return;
  struct await_slice slices[AWAITS_WRITTEN] = {{it->wait_known ? it->wait_stack : 0, wall}};
  uint32_t count = 1;
  // No more samples than of a thread that runs.
  if (it->awaits && it->awaits->thread == it->id && it->awaits->count) {
    uint64_t most = 1 + slices[0].wall / AWAIT_NS;
    count = awaits_divide(it->awaits, slices[0].wall, slices, most < AWAITS_WRITTEN ? (uint32_t)most : AWAITS_WRITTEN);
  }
  struct sample_record sample = {
      .thread = it->id,
      .flags = it->wait_gil ? SAMPLE_GIL : SAMPLE_WAITING,
      .time = until - wall,
  };
  // The tasks of an event loop wait elsewhere than its thread.
  if (count == 1 && slices[0].stack == it->wait_stack && it->wait_native) {
    sample.native = it->wait_native;
    sample.opcode = it->wait_opcode;
    if (it->wait_incomplete) sample.flags |= SAMPLE_NATIVE_INCOMPLETE;
  }
  if (!it->wait_known) sample.flags |= SAMPLE_NO_PYTHON;
  // One after the other, although they wait at the same time: a thread's samples do not overlap.
  for (uint32_t i = 0; i < count; i++) {
    sample.stack = slices[i].stack;
    sample.wall = slices[i].wall;
    sample.time += slices[i].wall;
    early_sample(&sample);
    stats->samples++;
  }
  it->waited += wall;
}

// The thread has run since it was last seen off its CPU. If it waited, it waited there until then at least, whatever it
// waits for now; and there it was when it could run but had no core. `now` and `cpu` are its clocks at a later moment.
static void wait_over(struct thread *it, uint64_t now, uint64_t cpu) {
  queue__ask(it);
  if (it->waiting && it->observed_at > it->wait_written)
    wait_charge(it, it->observed_at, wait_owed(it, it->observed_at, it->observed_cpu));
  queue__charge(it, now - (cpu - it->observed_cpu), it->observed_cpu);
}

// A wait has ended and another was met: what lies between the two looks belongs to either, or to waits that no look
// met. Half of it goes to the first, the rest to the second. All of it to either would be as fair to long waits and
// short ones, and noisier.
static void wait_share(struct thread *it, uint64_t now, uint64_t cpu) {
  uint64_t owed = wait_owed(it, now, cpu);
  if (!it->wait_known || !it->waited) return;
  wait_charge(it, it->wait_written + owed / 2, owed / 2);
  it->postponed_wait = owed - owed / 2;
  it->postponed_at = now;
}

void thread__write_off_cpu(struct thread *it, uint64_t now, uint64_t cpu) {
  queue__ask(it);
  queue__charge(it, now, cpu);
  uint64_t owed = wait_owed(it, now, cpu);
  if (!it->waiting && it->postponed_wait) {
    // When that was left, the kernel may not have counted yet that it had no core.
    wait_charge(it, it->postponed_at, it->postponed_wait < owed ? it->postponed_wait : owed);
    owed = wait_owed(it, now, cpu);
  }
  if (it->waiting) {
    wait_charge(it, now, owed);
  } else if (owed) {
    // Since it was last seen to run, it may have waited anywhere, or had no core: that belongs to no line.
    record_sample(&(struct sample_record){
        .thread = it->id,
        .flags = SAMPLE_WAITING | SAMPLE_NO_PYTHON | SAMPLE_REMAINDER,
        .time = now,
        .wall = owed,
    });
    it->waited += owed;
  }
}

void thread__drain(struct thread *it) {
  const struct entry *entry;
  if (selftest_holds()) return;
  while ((entry = ring__peek(it->ring))) {
    if (entry->kind == ENTRY_CODE) {
      if (!selftest_contradicted()) record_code((const struct entry_code *)entry);
    } else if (entry->kind == ENTRY_SAMPLE) {
      struct entry_sample sample = *(const struct entry_sample *)entry;
      const uint64_t *words = (const uint64_t *)((const struct entry_sample *)entry + 1);
      thread__introduce(it);
      if (!sample.wall || !sample.cpu) outside_complete(it, &sample, !ring__has_more(it->ring, entry));
      // The watcher has not seen it run yet.
      if (it->woken && sample.wall > it->observed_at && sample.cpu > it->observed_cpu)
        wait_over(it, sample.wall, sample.cpu);
      it->woken = false;
      early_release(it->id, sample.wall);
      if (!it->is_first && sample.flags & SAMPLE_NO_PYTHON) {
        has_helpers = true;
        if (sample.wall > helper_worked) helper_worked = sample.wall;
      }
      thread__take_sample(it, &sample, words, settings.signal_always, stats);
    } else if (entry->kind == ENTRY_END) {
      struct entry_end end = *(const struct entry_end *)entry;
      thread__introduce(it);
      outside_complete_end(it, &end);
      thread__write_off_cpu(it, end.wall, end.cpu);
      thread__settle(it, end.wall, end.cpu);
      record_thread_end(it->id, end.wall, end.cpu);
    }
    ring__pop(it->ring, entry);
  }
  handler_ns += atomic_exchange_explicit(&it->handler_ns, 0, memory_order_relaxed);
  if (it->id) early_release(it->id, UINT64_MAX);
  stats->dropped += atomic_exchange_explicit(&it->dropped, 0, memory_order_relaxed);
  stats->rejected += atomic_exchange_explicit(&it->rejected, 0, memory_order_relaxed);
}

// ---- One look at one thread ----

static void thread_signal(struct thread *it, uint64_t now) {
  if (atomic_load(&it->unsampled)) return;
  if (atomic_load_explicit(&it->ticked, memory_order_acquire)) {
    // Still on its way, or the program blocks every signal in that thread. Try again after a while.
    if (now - it->ticked_at < RETRY_NS) return;
  }
  atomic_store(&it->ticked, true);
  it->ticked_at = now;
  if (signals_send(it->tid))
    stats->ticks++;
  else
    atomic_store(&it->ticked, false);
}

static bool is_event_wait(long call) {
#ifdef SYS_epoll_wait
  if (call == SYS_epoll_wait) return true;
#endif
  return call == SYS_epoll_pwait || call == SYS_epoll_pwait2;
}

// Notes where in compiled code a thread waits, under the innermost of its Python frames.
static void wait_look_native(struct thread *it, const struct sleep_place *place, uintptr_t instruction) {
  struct wait_native found = wait_native_read(place, it, settings.python);
  it->wait_native = found.native;
  it->wait_incomplete = found.incomplete;
  if (!instruction || !memory_read(instruction, &it->wait_opcode, 1)) it->wait_opcode = 0;
}

// Notes where a thread waits that does not run. False when it ran after all.
static bool wait_look(struct thread *it, uint64_t now, const struct sleep_place *place) {
  struct wait_stack found;
  bool known = wait_stack_read(&found, it);
  bool gil = gil_is_awaited(settings.python, found.tstate, place->call, place->argument);
  // An event loop waits for those of its tasks that wait. One without Python code waits for events where it calls the
  // kernel for them.
  bool looping = known && found.kind != LOOP_NONE && !gil &&
                 (found.kind != LOOP_FOREIGN || is_event_wait(place->call) || place->call < 0 && it->awaits);
  struct awaits *awaits = looping ? tasks_look(it, &found, now) : NULL;
  it->wait_native = 0;
  if (known && !gil && has_helpers) wait_look_native(it, place, found.instruction_address);
  if (clock_ns(thread_clock(it->tid)) != it->observed_cpu) return false;
  it->waiting = true;
  it->wait_known = known;
  it->wait_stack = found.stack;
  it->wait_gil = gil;
  it->awaits = awaits;
  it->woken = true;
  it->place = (struct sample_place){.stack = known ? found.stack : 0};
  return true;
}

// Notes where a thread is that could run but has no core: what the kernel will count when it has one belongs there.
static void queue_look(struct thread *it) {
  struct wait_stack found;
  bool known = wait_stack_read(&found, it);
  if (clock_ns(thread_clock(it->tid)) != it->observed_cpu) return;
  it->woken = true;
  it->place = (struct sample_place){.stack = known ? found.stack : 0};
}

// Returns true when the thread runs.
bool thread__observe(struct thread *it, uint64_t now) {
  clockid_t clock = thread_clock(it->tid);
  uint64_t before = it->observed_cpu, cpu = clock_ns(clock);
  if (!cpu) return false;  // It has just ended.
  thread__introduce(it);
  bool ran = cpu != before, asked = ran && it->woken;
  if (asked) wait_over(it, now, cpu);
  it->woken = it->woken && !ran;
  it->observed_at = now;
  it->observed_cpu = cpu;
  struct sleep_place place = {.call = -1};
  if (!ran && it->waiting) {
    // None of this wait has been charged to what an older look has found.
    if (it->awaits && it->awaits->thread == it->id && tasks_due(it->awaits, now))
      wait_look(it, now, &(struct sleep_place){.call = -1});
    if (now - it->wait_written > WAIT_REPORT_NS) {
      // Perhaps its stack could not be read before, because Python was only beginning, or there were no helpers.
      bool unknown = !it->wait_known || has_helpers && !it->wait_gil && !it->wait_native;
      int state = thread_look(it, true, &place);
      if (unknown && state == NOT_RUNNING) wait_look(it, now, &place);
      // It has been woken but has no core yet: the kernel counts that when it gets one.
      if (state != RUNNING) wait_charge(it, now, wait_owed(it, now, cpu));
      // Others of its tasks, when there are too many to look at all.
      if (it->awaits && it->awaits->thread == it->id && it->awaits->partial)
        wait_look(it, now, &(struct sleep_place){.call = -1});
    }
    return false;
  }
  // Its clock moved since the last look. Does it still? A second look a moment later says so at the price of one
  // more clock; only when it stands still is the kernel asked whether the thread sleeps or merely lost its core.
  bool runs = clock_ns(clock) != cpu;
  int state = runs ? RUNNING : thread_look(it, !ran, &place);
  if (state != NOT_RUNNING) {
    // What it waited since the last look is shared with where it is next seen to wait; there may be no such place.
    if (it->waiting) {
      if (!asked) queue__ask(it);
      it->postponed_wait = wait_owed(it, it->postponed_at = now, cpu);
      it->waiting = false;
    } else if (ran) {
      queue__look(it, now, cpu);
    }
    if (!runs && !it->woken && state == RUNNING) queue_look(it);
    // The thread's timer sees to it, unless there is none, a finer rate than the kernel's tick was asked for, or the
    // program works in step with that tick and is never met by it.
    if (it->timer < 0 || settings.signal_always || cpu - it->cpu > MISSED_NS && !selftest_holds())
      thread_signal(it, now);
    return true;
  }
  it->sampled = 0;
  // All that it had to say before it began to wait.
  thread__drain(it);
  if (atomic_load(&it->phase) != THREAD_LIVE) return false;
  // Once more: since it was asked before, it may have got the core that it lacked then, and fallen asleep.
  queue__ask(it);
  queue__charge(it, now, cpu);
  wait_share(it, now, cpu);
  if (!wait_look(it, now, &place)) return true;
  in_step__waits(&it->in_step, cpu);
  wait_charge(it, now, wait_owed(it, now, cpu));
  return false;
}
