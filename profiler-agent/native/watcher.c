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

// The recording's heartbeat is renewed at least this often.
#define PAUSE_MAX_NS (95 * 1000 * 1000ull)
// How long a program waits at most for the watcher's first steps.
#define BEGIN_NS (50 * 1000 * 1000)
// The longest pause where a sandbox keeps threads from waking the watcher.
#define POLL_NS (10 * 1000 * 1000ull)
// A thread that may not wait in the kernel checks this many times whether the watcher has stopped, which takes about a
// second.
#define SPINS 20000000
// The longest pause while nothing can be sampled yet.
#define EARLY_NS (1000 * 1000ull)
// The longest pause while helpers work: whose work they do is only known from looks.
#define HELPERS_INTERVAL_NS (10 * 1000 * 1000ull)
// While nothing runs, pauses are longer by this factor.
#define IDLE_INTERVALS 4

static struct watcher_settings settings;
static _Atomic bool started;
static pthread_t thread;
static _Atomic bool stop_wanted;
static _Atomic uint32_t wake_ups;  // futex: how often somebody has woken the watcher
static _Atomic int stopped;        // futex: the watcher has written everything
static _Atomic int begun;          // futex: the watcher has its descriptors and its root folder
static _Atomic int tid;            // the watcher's kernel id
static bool program_ends;
static int end_status;
static uint64_t random_state;

static void recording_complete(void) {
  rounds_finish(&settings, program_ends);
  if (program_ends) record_end(end_status);
  recording_commit();
  // Closed here, because the thread that waits for this may be in a sandbox.
  recording_release();
  if (program_ends) recording_close();
}

// True when the first thread of the program has ended and no other is left. In a sandbox, the last thread may end by a
// system call that we do not see (strict mode allows only SYS_exit), and then the watcher alone would keep the process
// alive.
static bool program_is_over(void) {
  char text[1024];
  for (uint32_t i = 0; i < threads_count(); i++)
    if (atomic_load(&thread_at(i)->phase) == THREAD_LIVE && !thread_at(i)->identity.is_first) return false;
  int file = open("/proc/self/stat", O_RDONLY | O_CLOEXEC);
  if (file < 0) return false;
  ssize_t length = read(file, text, sizeof text - 1);
  close(file);
  text[length > 0 ? length : 0] = 0;
  char *at = strrchr(text, ')');
  if (!at || at[2] != 'Z') return false;
  // The exit status is the last field.
  char *last = strrchr(text, ' ');
  program_ends = true;
  end_status = last ? (int)(strtol(last, NULL, 10) >> 8 & 0xff) : -1;
  return true;
}

// Sleeps until a moment of CLOCK_MONOTONIC, or until a wake-up later than number `called`.
static void sleep_until(uint64_t moment, uint32_t called) {
  struct timespec at = {(time_t)(moment / NS_PER_SECOND), (long)(moment % NS_PER_SECOND)};
  syscall(SYS_futex, &wake_ups, FUTEX_WAIT_BITSET_PRIVATE, called, &at, NULL, FUTEX_BITSET_MATCH_ANY);
}

static void *run(void *unused) {
  (void)unused;
  handlers_decline();
  atomic_store(&tid, (int)syscall(SYS_gettid));
  prctl(PR_SET_NAME, "lineheat");
  prctl(PR_SET_TIMERSLACK, 1000);
  // The watcher gets a descriptor table of its own: the program does not see our files among its own, and the kernel
  // need not count references at every read and write, as for a shared table (10 % of a small system call). The copies
  // are closed at once, because a pipe that the program closes would stay open. It also gets a root folder of its own:
  // /proc and the recording stay reachable when the program changes its root. And the kernel refuses to let a thread
  // enter a mount namespace while it shares its root folder.
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
    uint32_t called = atomic_load(&wake_ups);
    if (atomic_load_explicit(&stop_wanted, memory_order_acquire)) break;
    uint64_t now = clock_ns(CLOCK_MONOTONIC);
    // Woken because a ring fills. That must not cause a look: looks are fair only at moments that do not depend on the
    // program.
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
    // Looks at random, independent moments are fair to short and long waits, and to programs that work in step with a
    // clock (R. Wolff, "Poisson arrivals see time averages").
    uint64_t distance = (uint64_t)(random_distance(&random_state) * (double)pause);
    uint64_t most = sandbox_needs_polling() ? POLL_NS : PAUSE_MAX_NS;
    next += distance < most ? distance : most;
    now = clock_ns(CLOCK_MONOTONIC);
    if (next < now) next = now + budget_interval() / 2;
    sleep_until(next, called);
  }
  bool over = !atomic_load(&stop_wanted);
  recording_complete();
  atomic_store(&stopped, 1);
  // When nobody can wait for this thread, the process may end with it, and must then have the program's exit status.
  if (over || program_ends && sandbox_needs_polling()) syscall(SYS_exit, end_status);
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

// A process of root may give up its rights or its root folder with its next call, so the watcher must be ready first.
static void wait_until_begun(void) {
  struct timespec moment = {0, BEGIN_NS};
  if (geteuid() == 0 && !atomic_load(&begun)) syscall(SYS_futex, &begun, FUTEX_WAIT_PRIVATE, 0, &moment, NULL, 0);
}

int watcher_start(void) {
  atomic_store(&stop_wanted, false);
  atomic_store(&stopped, 0);
  atomic_store(&begun, 0);
  // The watcher must take no signal of the program. It inherits the mask of the thread that creates it.
  sigset_t all, old;
  sigfillset(&all);
  // Its reads may fault (guard.h).
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
  if (!error) wait_until_begun();
  return error;
}

bool watcher_stop(bool end, int exit_status) {
  if (!atomic_exchange(&started, false)) return false;
  program_ends = end;
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
  // The watcher's thread is about to end. Until it is joined, the C library counts it as a thread of the process.
  pthread_join(thread, NULL);
  // The kernel counts it a moment longer.
  while (sandbox_allows(SANDBOX_RECORD) && syscall(SYS_tgkill, process_id(), atomic_load(&tid), 0) == 0) sched_yield();
  return true;
}

void watcher_wake(void) {
  atomic_fetch_add(&wake_ups, 1);
  // Where a sandbox forbids waking the watcher, the watcher polls.
  if (sandbox_allows(SANDBOX_WAKE)) syscall(SYS_futex, &wake_ups, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
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
