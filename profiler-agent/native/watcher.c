#define _GNU_SOURCE
#include "watcher.h"

#include <fcntl.h>
#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "budget.h"
#include "cpython/eval_loop.h"
#include "cpython/interpreter.h"
#include "cpython/names.h"
#include "cpython/objects.h"
#include "cpython/selftest.h"
#include "gpu/gpu.h"
#include "lifecycle.h"
#include "loops/tasks.h"
#include "notes.h"
#include "observe.h"
#include "process/proc_files.h"
#include "process/process.h"
#include "record/recording.h"
#include "record/records.h"
#include "rounds.h"
#include "sample/early.h"
#include "sample/kin.h"
#include "sample/wait_stack.h"
#include "sandbox/sandbox.h"
#include "sandbox/sandbox_enter.h"
#include "signals/handlers.h"
#include "threads.h"
#include "unwind/arch.h"
#include "unwind/modules.h"

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
static uint64_t random_state;

static void finish(void) {
  rounds_finish(&settings, say_end);
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

// Until a moment of CLOCK_MONOTONIC, or a call after `called`.
static void sleep_until(uint64_t moment, uint32_t called) {
  struct timespec at = {(time_t)(moment / NS_PER_SECOND), (long)(moment % NS_PER_SECOND)};
  syscall(SYS_futex, &calls, FUTEX_WAIT_BITSET_PRIVATE, called, &at, NULL, FUTEX_BITSET_MATCH_ANY);
}

static void *run(void *unused) {
  (void)unused;
  handlers_decline();
  atomic_store(&tid, (int)syscall(SYS_gettid));
  prctl(PR_SET_NAME, "lineheat");
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
  budget_begin(settings.interval_ns, settings.budget_permille, next);
  for (;;) {
    uint32_t called = atomic_load(&calls);
    if (atomic_load_explicit(&stop_wanted, memory_order_acquire)) break;
    uint64_t now = clock_ns(CLOCK_MONOTONIC);
    // Called because a ring fills: what is looked at, and when, must not depend on that.
    if (now < next) {
      rounds_drain();
      sleep_until(next, called);
      continue;
    }
    bool early = rounds_ask_interpreter(now);
    bool running = rounds_look(now);
    recording_commit();
    budget_round(now, rounds_ticks());
    idle = running ? 0 : idle + 1;
    uint64_t pause = budget_interval() * (idle > 20 && settings.budget_permille ? IDLE_INTERVALS : 1);
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
    if (next < now) next = now + budget_interval() / 2;
    sleep_until(next, called);
  }
  bool over = !atomic_load(&stop_wanted);
  finish();
  atomic_store(&stopped, 1);
  // Nobody can wait for this thread, so the process may end with it: with the program's exit status.
  if (over || say_end && sandbox_needs_polling()) syscall(SYS_exit, end_status);
  syscall(SYS_futex, &stopped, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
  return NULL;
}

void watcher_configure(const struct watcher_settings *wanted) {
  settings = *wanted;
  observer_configure(
      &(struct observer_settings){
          .python = wanted->python,
          .signal_always = !wanted->budget_permille || wanted->interval_ns < DEFAULT_INTERVAL_NS,
          .cpu_base = wanted->cpu_base,
          .ticks_base = wanted->ticks_base,
      },
      rounds_begin(wanted->python));
  notes_begin();
  objects_use(wanted->python);
  names_begin(wanted->python, clock_ns(CLOCK_MONOTONIC));
  wait_stacks_begin(wanted->python);
  kin_begin();
  early_begin();
  tasks_begin(wanted->python, clock_ns(CLOCK_MONOTONIC));
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
