#define _GNU_SOURCE
#include "watcher.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "codes.h"
#include "frames.h"
#include "interpreter.h"
#include "modules.h"
#include "recording.h"
#include "sampler.h"
#include "threads.h"
#include "unwind.h"

// A thread that waits is written down this often, so that a reader sees it wait.
#define WAIT_REPORT_NS (200 * 1000 * 1000ull)
#define STATS_NS (250 * 1000 * 1000ull)
#define NAMES_NS (1000 * 1000 * 1000ull)
#define MODULES_NS (20 * 1000 * 1000ull)
// How often the interval is reconsidered, and the longest it gets.
#define BUDGET_NS (100 * 1000 * 1000ull)
#define INTERVAL_MAX_NS (50 * 1000 * 1000ull)
// A sample of a running thread that comes later than this after the one before is late.
#define LATE_NS (25 * 1000 * 1000ull)
// Nothing runs: look less often.
#define IDLE_INTERVALS 4

extern int agent_real_pthread_create(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);

static struct watcher_settings settings;
static _Atomic bool started;
static _Atomic int stop_wanted, stopped;  // futexes
static bool say_end;
static int end_status;

static struct stats stats;
static uint64_t agent_cpu_before;  // of watchers that were stopped
static uint32_t thread_ids;
static uint64_t random_state;
static uint64_t interval;  // between two rounds, now
static uint64_t budget_from, budget_agent, budget_process, budget_ticks, budget_rounds;
static uint64_t next_stats, next_names, next_modules, modules_wait;

static uint64_t random_next(void) {
  random_state += 0x9e3779b97f4a7c15ull;
  return mix64(random_state);
}

// ---- Where a waiting thread is ----

enum { NOT_RUNNING, RUNNING, UNKNOWN };

// The kernel's word on a thread: running or runnable, or in which system call it sleeps, with its first argument.
static int thread_look(const struct thread *it, long *call, uintptr_t *argument) {
  char path[64], text[256];
  snprintf(path, sizeof path, "/proc/self/task/%d/syscall", it->tid);
  int file = open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0) return UNKNOWN;
  ssize_t length = read(file, text, sizeof text - 1);
  close(file);
  if (length <= 0) return UNKNOWN;
  text[length] = 0;
  if (strncmp(text, "running", 7) == 0) return RUNNING;
  char *rest;
  *call = strtol(text, &rest, 10);
  *argument = (uintptr_t)strtoull(rest, NULL, 16);
  return NOT_RUNNING;
}

// The thread state of a thread whose handler never ran, from the interpreter's list.
static uintptr_t thread_state_find(const struct thread *it) {
  const struct offsets *at = &settings.python->at;
  uintptr_t known = 0;
  for (uint32_t i = 0; i < threads_count() && !known; i++)
    known = atomic_load_explicit(&thread_at(i)->tstate, memory_order_relaxed);
  for (int way = 0; way < 2; way++) {
    uintptr_t state = known, wanted = (uintptr_t)it->pthread, owner;
    for (int i = 0; state && i < THREADS_MAX; i++) {
      if (!memory_read(state + at->tstate_thread_id, &owner, sizeof owner)) break;
      if (owner == wanted) return state;
      if (!memory_read(state + (way ? at->tstate_prev : at->tstate_next), &state, sizeof state)) break;
    }
  }
  return 0;
}

// The stack of a thread that does not run, read through the kernel. The caller checks afterwards that it did not run
// meanwhile. Returns false when it could not be read.
static bool wait_stack_read(struct thread *it, uint32_t *stack) {
  static struct entry_frame frames[PYTHON_DEPTH];
  static unsigned char description[RING_SIZE];
  const struct interpreter *python = settings.python;
  *stack = 0;
  if (!python->is_initialized() || python->is_finalizing()) return false;
  uintptr_t tstate = atomic_load_explicit(&it->tstate, memory_order_relaxed);
  uintptr_t owner = 0;
  if (tstate) memory_read(tstate + python->at.tstate_thread_id, &owner, sizeof owner);
  if (owner != (uintptr_t)it->pthread) tstate = thread_state_find(it);
  if (!tstate) return false;

  struct walk walk;
  struct frame frame;
  uint32_t count = 0;
  walk_start(&walk, python, tstate, 0, true);
  while (walk.result == WALK_OK && count < PYTHON_DEPTH && walk_next(&walk, &frame)) {
    struct code_key key;
    if (!code_key_read(&key, python, frame.code, true)) return false;
    uint32_t id = codes_find(&key);
    if (!id) {
      id = codes_next_id();
      uint32_t size = code_describe(description, sizeof description, &key, id, python, true);
      if (!size) return false;
      record_code((const struct entry_code *)description);
      codes_add(&key, id);
    }
    frames[count++] = (struct entry_frame){id, frame.instruction};
  }
  if (walk.result == WALK_REJECTED) return false;
  while (count--) *stack = record_stack(*stack, frames[count].code, frames[count].instruction);
  return *stack != 0;
}

// ---- From observations to records ----

// Time the thread was ready to run but had no core, in ns since it started.
static uint64_t run_delay(const struct thread *it) {
  char path[64], text[128];
  snprintf(path, sizeof path, "/proc/self/task/%d/schedstat", it->tid);
  int file = open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0) return 0;
  ssize_t length = read(file, text, sizeof text - 1);
  close(file);
  if (length <= 0) return 0;
  text[length] = 0;
  char *delay = strchr(text, ' ');
  return delay ? strtoull(delay, NULL, 10) : 0;
}

static void thread_introduce(struct thread *it, uint64_t now) {
  if (it->id) return;
  it->id = ++thread_ids;
  it->born = now;
  it->born_cpu = clock_ns(thread_clock(it->tid));
  it->born_delay = run_delay(it);
  if (it->tid == getpid()) {
    it->cpu = settings.cpu_base;
    it->system = settings.system_base;
  }
  record_thread(it->id, it->tid, now, it->name);
}

// Charges all waiting that has not been charged yet to where the thread waits now: its time so far but for what it
// ran and for what it only lacked a core.
static void wait_write(struct thread *it, uint64_t now) {
  uint64_t busy = it->clock - it->born_cpu + run_delay(it) - it->born_delay;
  uint64_t waited = now - it->born > busy ? now - it->born - busy : 0;
  it->wait_written = now;
  if (waited <= it->waited) return;
  struct sample_record sample = {
      .thread = it->id,
      .flags = it->wait_gil ? SAMPLE_GIL : SAMPLE_WAITING,
      .stack = it->wait_known ? it->wait_stack : 0,
      .time = now,
      .wall = waited - it->waited,
  };
  if (!it->wait_known) sample.flags |= SAMPLE_NO_PYTHON;
  record_sample(&sample);
  it->waited = waited;
  stats.samples++;
}

static void sample_write(struct thread *it, const struct entry_sample *entry) {
  const struct entry_frame *frames = (const struct entry_frame *)(entry + 1);
  const uint64_t *native = (const uint64_t *)(frames + entry->python);
  uint64_t cpu = entry->cpu - it->cpu;
  struct sample_record sample = {
      .thread = it->id,
      .flags = entry->flags,
      .time = entry->wall,
      .cpu = cpu,
      .wall = cpu,
      .system = entry->system - it->system,
      .opcode = entry->opcode,
  };
  for (uint32_t i = entry->python; i--;)
    sample.stack = record_stack(sample.stack, frames[i].code, frames[i].instruction);
  for (uint32_t i = entry->native; i--;) sample.native = record_native(sample.native, native[i]);
  record_sample(&sample);
  stats.samples++;
  if (it->sampled && entry->wall - it->sampled > LATE_NS) stats.late++;
  it->sampled = entry->wall;
  it->cpu = entry->cpu;
  it->system = entry->system;
}

// CPU time since the last sample, that no sample will come for.
static void remainder_write(struct thread *it, uint64_t wall, uint64_t cpu) {
  if (cpu <= it->cpu) return;
  struct sample_record rest = {
      .thread = it->id,
      .flags = SAMPLE_REMAINDER | SAMPLE_NO_PYTHON,
      .time = wall,
      .cpu = cpu - it->cpu,
      .wall = cpu - it->cpu,
  };
  record_sample(&rest);
  it->cpu = cpu;
}

static void thread_drain(struct thread *it) {
  const struct entry *entry;
  while ((entry = ring__peek(it->ring))) {
    if (entry->kind == ENTRY_CODE) {
      record_code((const struct entry_code *)entry);
    } else if (entry->kind == ENTRY_SAMPLE) {
      thread_introduce(it, ((const struct entry_sample *)entry)->wall);
      sample_write(it, (const struct entry_sample *)entry);
    } else if (entry->kind == ENTRY_END) {
      const struct entry_end *end = (const struct entry_end *)entry;
      thread_introduce(it, end->wall);
      remainder_write(it, end->wall, end->cpu);
      record_thread_end(it->id, end->wall, end->cpu);
    }
    ring__pop(it->ring, entry);
  }
  stats.dropped += atomic_exchange_explicit(&it->dropped, 0, memory_order_relaxed);
  stats.rejected += atomic_exchange_explicit(&it->rejected, 0, memory_order_relaxed);
}

// ---- One look at one thread ----

static void thread_signal(struct thread *it, uint64_t now) {
  if (atomic_load_explicit(&it->ticked, memory_order_acquire)) {
    // Still on its way, or the program blocks every signal in that thread. Try again after a while.
    if (now - it->ticked_at < 20 * interval) return;
  }
  atomic_store(&it->ticked, true);
  it->ticked_at = now;
  if (syscall(SYS_tgkill, getpid(), it->tid, settings.signal) == 0)
    stats.ticks++;
  else
    atomic_store(&it->ticked, false);
}

static bool is_gil(long call, uintptr_t argument) {
  return call == SYS_futex &&
         argument - settings.python->runtime < settings.python->runtime_end - settings.python->runtime;
}

// Returns true when the thread runs.
static bool thread_observe(struct thread *it, uint64_t now) {
  clockid_t clock = thread_clock(it->tid);
  uint64_t before = it->clock, cpu = clock_ns(clock);
  if (!cpu) return false;  // It has just ended.
  thread_introduce(it, now);
  bool ran = cpu != before;
  it->clock = cpu;
  if (!ran && it->waiting) {
    if (now - it->wait_written > WAIT_REPORT_NS) wait_write(it, now);
    return false;
  }
  // Its clock moved since the last look. Does it still? A second look a moment later says so at the price of one
  // more clock; only when it stands still is the kernel asked whether the thread sleeps or merely lost its core.
  uint64_t again = clock_ns(clock);
  long call = -1;
  uintptr_t argument = 0;
  if (again != cpu || thread_look(it, &call, &argument) != NOT_RUNNING) {
    if (it->waiting) {
      wait_write(it, now);
      it->waiting = false;
    }
    // The thread's timer sees to it, unless there is none, or a finer rate than the kernel's tick was asked for.
    if (it->timer < 0 || !settings.budget_permille) thread_signal(it, now);
    return true;
  }
  it->sampled = 0;
  uint32_t stack;
  bool known = wait_stack_read(it, &stack);
  if (clock_ns(clock) != cpu) return true;  // It ran while it was read: nothing is certain.
  it->waiting = true;
  it->wait_known = known;
  it->wait_stack = stack;
  it->wait_gil = is_gil(call, argument);
  wait_write(it, now);
  return false;
}

static void thread_name_read(struct thread *it) {
  char path[64], name[32] = "";
  snprintf(path, sizeof path, "/proc/self/task/%d/comm", it->tid);
  int file = open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0) return;
  ssize_t length = read(file, name, sizeof name - 1);
  close(file);
  if (length <= 0) return;
  name[length - 1] = 0;
  // A thread that never chose a name carries its program's.
  static char program[32];
  if (it->tid == getpid()) {
    memcpy(program, name, sizeof program);
    return;
  }
  if (strcmp(name, program) == 0 || strcmp(name, it->name) == 0) return;
  memcpy(it->name, name, sizeof it->name);
  record_thread(it->id, it->tid, it->born, it->name);
}

static void stats_write(void) {
  stats.agent_cpu = agent_cpu_before + clock_ns(CLOCK_THREAD_CPUTIME_ID);
  record_stats(&stats);
}

// One round. Returns true when some thread runs.
static bool look_around(uint64_t now) {
  bool running = false;
  bool names = now >= next_names;
  if (names) next_names = now + NAMES_NS;
  for (uint32_t i = 0; i < threads_count(); i++) {
    struct thread *it = thread_at(i);
    int phase = atomic_load_explicit(&it->phase, memory_order_acquire);
    if (phase != THREAD_LIVE && phase != THREAD_ENDED) continue;
    thread_drain(it);
    if (phase == THREAD_ENDED) {
      thread__release(it);
      continue;
    }
    running |= thread_observe(it, now);
    if (names && it->id) thread_name_read(it);
  }
  if (modules_refresh_wanted() && now >= next_modules) {
    modules_refresh(settings.python->eval_entry);
    // Code without a file, as a JIT makes, is asked for again and again: look ever less often.
    modules_wait = modules_wait < NS_PER_SECOND ? modules_wait + modules_wait / 2 : modules_wait;
    next_modules = now + modules_wait;
  }
  if (now >= next_stats) {
    next_stats = now + STATS_NS;
    stats_write();
  }
  return running;
}

// ---- The thread itself ----

struct eval_search {
  struct interpreter *python;
  const struct module *module;
  uint32_t frame_size;
};

// A function whose very first instruction already has the large frame of the bytecode loop is a part of that loop
// that the compiler moved away as unlikely (`.cold`).
static void eval_part_check(uintptr_t start, uintptr_t end, void *context) {
  struct eval_search *search = context;
  struct interpreter *python = search->python;
  if (start == python->eval_entry || python->eval_count == EVAL_RANGES) return;
  if (unwind_frame_size(search->module, start) != search->frame_size) return;
  python->eval[python->eval_count++] = (struct address_range){start, end};
}

static void eval_find(struct interpreter *python) {
  python->eval[0] = (struct address_range){python->eval_entry, python->eval_entry + 1};
  python->eval_count = 1;
  const struct module_map *map = modules_current();
  int index = map ? module_map__find(map, python->eval_entry) : -1;
  if (index < 0) return;
  const struct module *module = module_at((uint32_t)index);
  uintptr_t start, end;
  if (!unwind_function(module, python->eval_entry, &start, &end)) return;
  python->eval[0].end = end;
  struct eval_search search = {python, module, unwind_frame_size(module, start + (end - start) / 2)};
  // Small frames are shared by many functions; the loop's is large.
  if (search.frame_size >= 128) unwind_each_function(module, eval_part_check, &search);
}

static void finish(void) {
  uint64_t now = clock_ns(CLOCK_MONOTONIC);
  for (uint32_t i = 0; i < threads_count(); i++) {
    struct thread *it = thread_at(i);
    int phase = atomic_load(&it->phase);
    if (phase != THREAD_LIVE && phase != THREAD_ENDED) continue;
    thread_drain(it);
    if (phase != THREAD_LIVE || !it->id) continue;
    uint64_t cpu = clock_ns(thread_clock(it->tid));
    if (it->waiting) wait_write(it, now);
    remainder_write(it, now, cpu);
    if (say_end) record_thread_end(it->id, now, cpu - (it->tid == getpid() ? settings.cpu_base : 0));
  }
  stats_write();
  if (say_end) record_end(end_status);
  recording_commit();
}

// Interrupting a thread from another core costs about this much beside what the handler measures; a guess on the high
// side, for virtual machines.
#define SIGNAL_COST_NS 10000

// Widens the interval so that looking around takes no more than its share of what the program itself uses. What a
// wake-up costs differs by an order of magnitude between machines (3 µs on bare metal, 30 µs and more where every timer
// interrupt leaves a virtual machine), so it is measured, not assumed.
static void budget_apply(uint64_t now) {
  uint64_t passed = now - budget_from;
  if (passed < BUDGET_NS || !settings.budget_permille) return;
  uint64_t agent = clock_ns(CLOCK_THREAD_CPUTIME_ID), process = clock_ns(CLOCK_PROCESS_CPUTIME_ID);
  uint64_t cost = (agent - budget_agent + (stats.ticks - budget_ticks) * SIGNAL_COST_NS) / (budget_rounds + 1);
  uint64_t program = process - budget_process - (agent - budget_agent);
  // Even a program that only waits is looked at, twenty times a second.
  uint64_t allowed = program * settings.budget_permille / 1000 + 1;
  uint64_t wanted = cost * passed / allowed;
  if (wanted < settings.interval_ns) wanted = settings.interval_ns;
  if (wanted > INTERVAL_MAX_NS) wanted = INTERVAL_MAX_NS;
  // Half way at a time: the next stretch may cost differently.
  interval = (interval + wanted) / 2;
  budget_from = now;
  budget_agent = agent;
  budget_process = process;
  budget_ticks = stats.ticks;
  budget_rounds = 0;
}

static void *run(void *unused) {
  (void)unused;
  prctl(PR_SET_NAME, "linescope");
  prctl(PR_SET_TIMERSLACK, 1000);
  uint64_t next = clock_ns(CLOCK_MONOTONIC);
  uint32_t idle = 0;
  interval = settings.budget_permille ? settings.interval_ns * 4 : settings.interval_ns;
  budget_from = next;
  budget_agent = 0;
  budget_process = clock_ns(CLOCK_PROCESS_CPUTIME_ID);
  budget_ticks = budget_rounds = 0;
  while (!atomic_load_explicit(&stop_wanted, memory_order_acquire)) {
    uint64_t now = clock_ns(CLOCK_MONOTONIC);
    bool running = look_around(now);
    recording_commit();
    budget_rounds++;
    budget_apply(now);
    idle = running ? 0 : idle + 1;
    uint64_t pause = interval * (idle > 20 && settings.budget_permille ? IDLE_INTERVALS : 1);
    if (pause > INTERVAL_MAX_NS && settings.interval_ns < INTERVAL_MAX_NS) pause = INTERVAL_MAX_NS;
    // Uniform between half and one and a half intervals: a program that works in step with the clock is not sampled
    // in step with it.
    next += pause / 2 + random_next() % pause;
    now = clock_ns(CLOCK_MONOTONIC);
    if (next < now) next = now + interval / 2;
    struct timespec at = {(time_t)(next / NS_PER_SECOND), (long)(next % NS_PER_SECOND)};
    // A sleep until a moment of CLOCK_MONOTONIC that watcher_stop can cut short.
    syscall(SYS_futex, &stop_wanted, FUTEX_WAIT_BITSET_PRIVATE, 0, &at, NULL, FUTEX_BITSET_MATCH_ANY);
  }
  finish();
  agent_cpu_before = stats.agent_cpu;
  atomic_store(&stopped, 1);
  syscall(SYS_futex, &stopped, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
  return NULL;
}

void watcher_configure(const struct watcher_settings *wanted) {
  settings = *wanted;
  stats = (struct stats){0};
  agent_cpu_before = 0;
  thread_ids = 0;
  next_stats = 0;
  next_names = clock_ns(CLOCK_MONOTONIC) + NAMES_NS / 10;
  modules_wait = MODULES_NS;
  random_state = clock_ns(CLOCK_MONOTONIC) ^ (uint64_t)getpid() << 40;
}

int watcher_start(void) {
  atomic_store(&stop_wanted, 0);
  atomic_store(&stopped, 0);
  // The watcher takes no signal of the program's, and inherits that from the one who creates it.
  sigset_t all, old;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &old);
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, 256 * 1024);
  pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
  pthread_t thread;
  int error = agent_real_pthread_create(&thread, &attributes, run, NULL);
  pthread_attr_destroy(&attributes);
  pthread_sigmask(SIG_SETMASK, &old, NULL);
  atomic_store(&started, error == 0);
  return error;
}

bool watcher_stop(bool end, int exit_status) {
  if (!atomic_exchange(&started, false)) return false;
  say_end = end;
  end_status = exit_status;
  atomic_store_explicit(&stop_wanted, 1, memory_order_release);
  syscall(SYS_futex, &stop_wanted, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
  uint64_t deadline = clock_ns(CLOCK_MONOTONIC) + NS_PER_SECOND / 5;
  while (!atomic_load(&stopped)) {
    uint64_t now = clock_ns(CLOCK_MONOTONIC);
    if (now >= deadline) return false;
    struct timespec wait = {0, (long)(deadline - now)};
    syscall(SYS_futex, &stopped, FUTEX_WAIT_PRIVATE, 0, &wait, NULL, 0);
  }
  return true;
}

void watcher_after_fork(void) {
  atomic_store(&started, false);
  recording_abandon();
  modules_forget_ids();
}

void watcher_prepare(struct interpreter *python) {
  modules_refresh(python->eval_entry);
  eval_find(python);
}
