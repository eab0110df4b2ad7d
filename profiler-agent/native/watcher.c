#define _GNU_SOURCE
#include "watcher.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "cpython/eval_loop.h"
#include "cpython/interpreter.h"
#include "cpython/names.h"
#include "cpython/objects.h"
#include "cpython/selftest.h"
#include "gpu/gpu.h"
#include "lifecycle.h"
#include "loops/greenlets.h"
#include "loops/tasks.h"
#include "memory/memory.h"
#include "memory/memory_notes.h"
#include "observe.h"
#include "process/children.h"
#include "process/environment.h"
#include "process/proc_files.h"
#include "process/process.h"
#include "record/recording.h"
#include "record/records.h"
#include "sample/early.h"
#include "sample/kin.h"
#include "sample/queue.h"
#include "sample/samples.h"
#include "sample/wait_stack.h"
#include "sandbox/sandbox.h"
#include "sandbox/sandbox_enter.h"
#include "signals/guard.h"
#include "signals/handlers.h"
#include "signals/signals.h"
#include "threads.h"
#include "unwind/arch.h"
#include "unwind/modules.h"

#define STATS_NS (250 * 1000 * 1000ull)
#define MODULES_NS (10 * 1000 * 1000ull)
// At this rate and slower ones the timers of threads see to samples.
#define DEFAULT_INTERVAL_NS (1000 * 1000ull)
// How often the interval is reconsidered, and the longest it gets.
#define BUDGET_NS (100 * 1000 * 1000ull)
#define INTERVAL_MAX_NS (50 * 1000 * 1000ull)
// The heart beats at least this often.
#define PAUSE_MAX_NS (95 * 1000 * 1000ull)
// The longest that a program waits for the watcher's first steps.
#define BEGIN_NS (50 * 1000 * 1000)
// The longest where a sandbox keeps threads from calling the watcher.
#define POLL_NS (10 * 1000 * 1000ull)
// A thread that may not wait in the kernel for the watcher to stop looks so many times: for about a second.
#define SPINS 20000000
// The longest while nothing can be sampled yet.
#define EARLY_NS (1000 * 1000ull)
// The longest while threads without Python code work: who waits for them meanwhile is known from looks alone.
#define HELPERS_INTERVAL_NS (10 * 1000 * 1000ull)
// Nothing runs: look less often.
#define IDLE_INTERVALS 4
// So many of the threads that wait are looked at in one round.
#define WAITING_LOOKS 32

static struct watcher_settings settings;
static _Atomic bool started;
static pthread_t thread;
static _Atomic bool stop_wanted;
static _Atomic uint32_t calls;  // futex: counts who wants the watcher before its next look
static _Atomic int stopped;     // futex
static _Atomic int begun;       // futex: the watcher has what it needs of the file system
static _Atomic int tid;         // of the watcher
static bool say_end;
static int end_status;

static bool silent;  // nothing is to be sampled: only the process's own figures are recorded

static struct stats stats;
static uint64_t agent_cpu_before;  // of watchers that were stopped
static bool said_refused;          // that threads are missing
static bool said_no_signal;        // that the program has taken every signal
static bool said_unguarded;        // that the program has taken the signals of memory that is not there
static bool said_no_room;          // that the limit on pending signals is reached
static bool said_in_step;          // that it keeps step with the tick
static uint64_t random_state;
static uint64_t interval;  // between two rounds, now
static uint64_t budget_from, budget_agent, budget_process, budget_memory, budget_ticks, budget_rounds, budget_handlers;
static uint64_t reached_sum, reached_count;  // of a rate finer than ticks
static uint64_t next_stats, next_modules, next_verify, modules_wait;
static uint32_t next_turn;  // of the threads that wait, the first to be looked at

static void stats_write(void) {
  stats.agent_cpu = agent_cpu_before + clock_ns(CLOCK_THREAD_CPUTIME_ID);
  record_stats(&stats);
}

static void modules_look(uint64_t now) {
  if (modules_refresh(settings.python->eval_entry)) {
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

// Asks the interpreter whether it is what it says it is; if not, nothing is sampled any more. Returns true as long as
// it has not answered.
static bool interpreter_check(uint64_t now) {
  bool early = selftest_run(now);
  verdict_write();
  return early;
}

// What the person has to know of this run, once.
static void notes_write(void) {
  children_write();
  memory_say();
  queue_say();
  sandbox_say();
  const char *children;
  while ((children = process_lost_children())) record_note(SEVERITY_WARNING, children);
  if (!said_no_signal && !signals_ours()) {
    said_no_signal = true;
    record_note(SEVERITY_WARNING, "The program uses every real-time signal. It is not sampled from then on.");
  }
  if (!said_in_step && observer_in_step()) {
    said_in_step = true;
    record_note(SEVERITY_WARNING,
                "Some of the program's work runs in step with the kernel's timer, so the split between lines may be "
                "wrong. Run again with a finer interval, such as 500 µs, which does not depend on that timer.");
  }
  if (!said_unguarded && !guard_active()) {
    said_unguarded = true;
    record_note(SEVERITY_WARNING,
                "The program installed a handler for SIGSEGV or SIGBUS without the C library. Its memory is read more "
                "slowly from then on.");
  }
  const char *unknown = observer_unknown();
  if (unknown) record_note(SEVERITY_WARNING, unknown);
  const char *greenlets = greenlets_unknown();
  if (greenlets) record_note(SEVERITY_INFORMATION, greenlets);
  const char *lost = environment_lost();
  if (lost) record_note(SEVERITY_INFORMATION, lost);
  if (!said_no_room && signals_lack_room()) {
    said_no_room = true;
    record_note(SEVERITY_WARNING,
                "The limit on pending signals (ulimit -i) was reached. Threads that started since then may not be "
                "sampled. Raise the limit and run again.");
  }
  if (!said_refused && threads_refused()) {
    said_refused = true;
    record_note(SEVERITY_WARNING,
                "More threads were alive at once than can be followed, or no memory was left to follow them. Some "
                "threads are missing from the profile.");
  }
}

// Makes room in every ring.
static void drain(void) {
  memory_drain();
  for (uint32_t i = 0; i < threads_count(); i++) {
    struct thread *it = thread_at(i);
    int phase = atomic_load_explicit(&it->phase, memory_order_acquire);
    if (phase == THREAD_LIVE || phase == THREAD_ENDED) thread__drain(it);
  }
}

// One round. Returns true when some thread runs.
static bool look_around(uint64_t now) {
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

// ---- The thread itself ----

// What is known of this run only at its end.
static void last_notes_write(void) {
  notes_write();
  char text[240];
  uint64_t reached = reached_count ? reached_sum / reached_count : 0;
  if (settings.interval_ns < DEFAULT_INTERVAL_NS && reached > settings.interval_ns * 3 / 2) {
    snprintf(text, sizeof text,
             "A sample every %llu µs was asked for. To stay within %u %% of the program's time, threads were sampled "
             "every %llu µs on average.",
             (unsigned long long)settings.interval_ns / 1000, settings.budget_permille / 10,
             (unsigned long long)reached / 1000);
    record_note(SEVERITY_INFORMATION, text);
  }
  uint64_t gone = guard_recovered();
  if (!gone) return;
  snprintf(text, sizeof text,
           "A sample was reading memory that the program gave back, %llu time%s. Such a sample is dropped; its time is "
           "charged to the next one.",
           (unsigned long long)gone, gone == 1 ? "" : "s");
  record_note(SEVERITY_WARNING, text);
}

static void finish(void) {
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
    if (say_end) record_thread_end(it->id, now, cpu - (it->is_first ? settings.cpu_base : 0));
  }
  const char *estimate = kin_finish();
  if (estimate) record_note(SEVERITY_INFORMATION, estimate);
  memory_drain();
  gpu_finish();
  stats_write();
  last_notes_write();
  memory_finish();
  if (say_end) record_end(end_status);
  recording_commit();
  // Not by the thread that is waiting for this: it may be in a sandbox.
  recording_release();
  if (say_end) recording_close();
}

// The last of the program's threads may end in a sandbox without a word (SYS_exit, all that strict mode allows). Then
// only the watcher keeps the process alive. Returns true when the first thread is gone, and no other is there.
static bool program_is_over(void) {
  char text[1024];
  for (uint32_t i = 0; i < threads_count(); i++)
    if (atomic_load(&thread_at(i)->phase) == THREAD_LIVE && !thread_at(i)->is_first) return false;
  int file = open("/proc/self/stat", O_RDONLY | O_CLOEXEC);
  if (file < 0) return false;
  ssize_t length = read(file, text, sizeof text - 1);
  close(file);
  text[length > 0 ? length : 0] = 0;
  char *at = strrchr(text, ')');
  if (!at || at[2] != 'Z') return false;
  // The exit status is the last field.
  char *last = strrchr(text, ' ');
  say_end = true;
  end_status = last ? (int)(strtol(last, NULL, 10) >> 8 & 0xff) : -1;
  return true;
}

// Interrupting a thread from another core costs about this much beside what the handler measures of itself; a guess on
// the high side, for virtual machines.
#define SIGNAL_COST_NS 10000

// Widens the interval so that looking around takes no more than its share of what the program uses, or of a core. What
// a wake-up costs differs by an order of magnitude between machines (3 µs on bare metal, 30 µs and more where every
// timer interrupt leaves a virtual machine), so it is measured, not assumed.
static void budget_apply(uint64_t now) {
  uint64_t passed = now - budget_from;
  if (passed < BUDGET_NS || !settings.budget_permille) return;
  uint64_t agent = clock_ns(CLOCK_THREAD_CPUTIME_ID), process = clock_ns(CLOCK_PROCESS_CPUTIME_ID);
  // What memory costs is kept within a budget of its own.
  uint64_t memory = memory_drained_ns(), own = agent - budget_agent - (memory - budget_memory);
  uint64_t handlers = observer_handler_ns();
  uint64_t signals = (stats.ticks - budget_ticks) * SIGNAL_COST_NS + handlers - budget_handlers;
  uint64_t cost = (own + signals) / (budget_rounds + 1);
  uint64_t program = process - budget_process - (agent - budget_agent);
  // One that mostly waits is looked at as often as one that keeps a core busy.
  uint64_t wanted = cost * passed * 1000 / ((program > passed ? program : passed) * settings.budget_permille);
  if (wanted < settings.interval_ns) wanted = settings.interval_ns;
  if (wanted > INTERVAL_MAX_NS) wanted = INTERVAL_MAX_NS;
  // Half way at a time: the next stretch may cost differently.
  interval = (interval + wanted) / 2;
  reached_sum += interval;
  reached_count++;
  budget_from = now;
  budget_agent = agent;
  budget_process = process;
  budget_memory = memory;
  budget_ticks = stats.ticks;
  budget_handlers = handlers;
  budget_rounds = 0;
}

// Until a moment of CLOCK_MONOTONIC, or a call after `called`.
static void sleep_until(uint64_t moment, uint32_t called) {
  struct timespec at = {(time_t)(moment / NS_PER_SECOND), (long)(moment % NS_PER_SECOND)};
  syscall(SYS_futex, &calls, FUTEX_WAIT_BITSET_PRIVATE, called, &at, NULL, FUTEX_BITSET_MATCH_ANY);
}

static void *run(void *unused) {
  (void)unused;
  handlers_decline();
  atomic_store(&tid, (int)syscall(SYS_gettid));
  prctl(PR_SET_NAME, "linescope");
  prctl(PR_SET_TIMERSLACK, 1000);
  // A table of file descriptors of its own: the program never meets our files among its own, and the kernel need not
  // count references on every read and write, as it does when threads share a table (10 % of a small system call).
  // The copies are closed at once, or a pipe that the program closes would stay open.
  // A root folder of its own, too: /proc and the recording stay where they are when the program changes its own. And
  // the kernel lets nobody enter a mount namespace who shares one.
  unshare(CLONE_FS);
  bool own_files = unshare(CLONE_FILES) == 0;
  if (own_files && syscall(SYS_close_range, 0, ~0u, 0) != 0)
    for (int file = 0; file < 65536; file++) close(file);
  proc_files_begin(own_files);
  gpu_begin(own_files);
  if (own_files) recording_hold();
  atomic_store(&begun, 1);
  syscall(SYS_futex, &begun, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
  uint64_t next = clock_ns(CLOCK_MONOTONIC);
  uint32_t idle = 0;
  interval = settings.budget_permille ? settings.interval_ns * 4 : settings.interval_ns;
  budget_from = next;
  budget_agent = 0;
  budget_process = clock_ns(CLOCK_PROCESS_CPUTIME_ID);
  budget_memory = memory_drained_ns();
  budget_ticks = budget_rounds = reached_sum = reached_count = 0;
  budget_handlers = observer_handler_ns();
  for (;;) {
    uint32_t called = atomic_load(&calls);
    if (atomic_load_explicit(&stop_wanted, memory_order_acquire)) break;
    uint64_t now = clock_ns(CLOCK_MONOTONIC);
    // Called because a ring fills: what is looked at, and when, must not depend on that.
    if (now < next) {
      drain();
      sleep_until(next, called);
      continue;
    }
    bool early = interpreter_check(now);
    bool running = look_around(now);
    recording_commit();
    budget_rounds++;
    budget_apply(now);
    idle = running ? 0 : idle + 1;
    uint64_t pause = interval * (idle > 20 && settings.budget_permille ? IDLE_INTERVALS : 1);
    if (pause > INTERVAL_MAX_NS && settings.interval_ns < INTERVAL_MAX_NS) pause = INTERVAL_MAX_NS;
    if (pause > HELPERS_INTERVAL_NS && settings.interval_ns < HELPERS_INTERVAL_NS && observer_helpers_work(now))
      pause = HELPERS_INTERVAL_NS;
    if (early && pause > EARLY_NS) pause = EARLY_NS;
    if (sandbox_needs_polling()) {
      if (program_is_over()) break;
      if (pause > POLL_NS / 2) pause = POLL_NS / 2;
    }
    // Looks that know nothing of each other are fair to short waits and long ones, and to a program that works in step
    // with a clock of its own (R. Wolff, "Poisson arrivals see time averages").
    uint64_t distance = (uint64_t)(random_distance(&random_state) * (double)pause);
    uint64_t most = sandbox_needs_polling() ? POLL_NS : PAUSE_MAX_NS;
    next += distance < most ? distance : most;
    now = clock_ns(CLOCK_MONOTONIC);
    if (next < now) next = now + interval / 2;
    sleep_until(next, called);
  }
  bool over = !atomic_load(&stop_wanted);
  finish();
  agent_cpu_before = stats.agent_cpu;
  atomic_store(&stopped, 1);
  // Nobody can wait for this thread, so the process may end with it: with the program's exit status.
  if (over || say_end && sandbox_needs_polling()) syscall(SYS_exit, end_status);
  syscall(SYS_futex, &stopped, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
  return NULL;
}

void watcher_configure(const struct watcher_settings *wanted) {
  settings = *wanted;
  stats = (struct stats){0};
  agent_cpu_before = 0;
  observer_configure(
      &(struct observer_settings){
          .python = wanted->python,
          .signal_always = !wanted->budget_permille || wanted->interval_ns < DEFAULT_INTERVAL_NS,
          .cpu_base = wanted->cpu_base,
          .ticks_base = wanted->ticks_base,
      },
      &stats);
  next_stats = 0;
  said_refused = said_no_signal = said_no_room = said_unguarded = said_in_step = false;
  objects_use(wanted->python);
  names_begin(wanted->python, clock_ns(CLOCK_MONOTONIC));
  wait_stacks_begin(wanted->python);
  kin_begin();
  early_begin();
  tasks_begin(wanted->python, clock_ns(CLOCK_MONOTONIC));
  modules_wait = MODULES_NS;
  random_state = clock_ns(CLOCK_MONOTONIC) ^ (uint64_t)getpid() << 40;
}

// Root may give up its rights, or its root folder, with its next call: then the watcher has to be there first.
static void begin_wait(void) {
  struct timespec moment = {0, BEGIN_NS};
  if (geteuid() == 0 && !atomic_load(&begun)) syscall(SYS_futex, &begun, FUTEX_WAIT_PRIVATE, 0, &moment, NULL, 0);
}

int watcher_start(void) {
  atomic_store(&stop_wanted, false);
  atomic_store(&stopped, 0);
  atomic_store(&begun, 0);
  // The watcher takes no signal of the program's, and inherits that from the one who creates it.
  sigset_t all, old;
  sigfillset(&all);
  // What it reads may be gone (guard.h).
  sigdelset(&all, SIGSEGV);
  sigdelset(&all, SIGBUS);
  pthread_sigmask(SIG_SETMASK, &all, &old);
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, 256 * 1024);
  int error = agent_real_pthread_create(&thread, &attributes, run, NULL);
  pthread_attr_destroy(&attributes);
  pthread_sigmask(SIG_SETMASK, &old, NULL);
  atomic_store(&started, error == 0);
  if (!error) begin_wait();
  return error;
}

bool watcher_stop(bool end, int exit_status) {
  if (!atomic_exchange(&started, false)) return false;
  say_end = end;
  end_status = exit_status;
  atomic_store_explicit(&stop_wanted, true, memory_order_release);
  watcher_wake();
  if (!sandbox_allows(SANDBOX_WAKE | SANDBOX_TIME)) {
    for (int i = 0; i < SPINS && !atomic_load(&stopped); i++) processor_pause();
    return atomic_load(&stopped);
  }
  uint64_t deadline = clock_ns(CLOCK_MONOTONIC) + NS_PER_SECOND;
  while (!atomic_load(&stopped)) {
    uint64_t now = clock_ns(CLOCK_MONOTONIC);
    if (now >= deadline) return false;
    struct timespec wait = {0, (long)(deadline - now)};
    syscall(SYS_futex, &stopped, FUTEX_WAIT_PRIVATE, 0, &wait, NULL, 0);
  }
  // It is on its way out; only then does the C library count it no more.
  pthread_join(thread, NULL);
  // The kernel does a moment later.
  while (sandbox_allows(SANDBOX_RECORD) && syscall(SYS_tgkill, process_id(), atomic_load(&tid), 0) == 0) sched_yield();
  return true;
}

void watcher_wake(void) {
  atomic_fetch_add(&calls, 1);
  // It looks by itself where it cannot be called.
  if (sandbox_allows(SANDBOX_WAKE)) syscall(SYS_futex, &calls, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
}

void watcher_after_fork(void) {
  atomic_store(&started, false);
  recording_abandon();
  selftest_after_fork();
  modules_after_fork();
  gpu_after_fork();
}

void watcher_prepare(struct interpreter *python) {
  modules_refresh(python->eval_entry);
  interpreter__find_eval(python);
}
