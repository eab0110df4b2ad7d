#define _GNU_SOURCE
#include "sandbox/sandbox_enter.h"

#include <errno.h>
#include <linux/filter.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "memory/memory.h"
#include "process/process.h"
#include "record/recording.h"
#include "record/records.h"
#include "threads.h"
#include "watcher.h"

// How long to wait for handlers on other threads.
#define HANDLERS_WAIT_NS (100 * 1000 * 1000ull)

enum { SAY_CLOCK = 1 << 0, SAY_UNSAMPLED = 1 << 1 };
static _Atomic uint32_t to_say;
static uint32_t said;
static _Atomic bool polling;

static const char no_memory[] =
    "A part of the program runs in a sandbox (seccomp) that forbids the system calls for recording memory. What was "
    "allocated or freed from then on is missing.";

static const char ended[] =
    "The program put all its threads into a sandbox (seccomp) that forbids the system calls for recording. The "
    "recording ends there; the program went on.";

// Handlers that read clocks must be done before the filter is installed.
static void wait_for_handlers(void) {
  uint64_t deadline = clock_ns(CLOCK_MONOTONIC) + HANDLERS_WAIT_NS;
  while (threads_in_handler() && clock_ns(CLOCK_MONOTONIC) < deadline) sched_yield();
}

// Stops the watcher, which would get the filter, too.
static bool stop_recording(void) {
  threads_stop_timers();
  wait_for_handlers();
  memory_stop();
  if (!watcher_stop(false, -1)) return false;
  record_note(SEVERITY_WARNING, ended);
  recording_commit();
  recording_mark_closed(true);
  return true;
}

void sandbox_entering(const struct sock_fprog *program, bool everyone, struct sandbox_change *change) {
  int error = errno;
  // Strict mode even forbids reading the time without a system call. It only allows returning from signal handlers.
  uint32_t forbidden = program ? sandbox_forbidden_by(program) : SANDBOX_ALL & ~SANDBOX_RETURN;
  struct thread *thread = thread_self();
  *change = (struct sandbox_change){.own = sandbox_forbidden, .everywhere = sandbox_forbidden_everywhere};
  // Set before the call, because afterwards this thread may not be able to wake the watcher. Polling without need does
  // no harm.
  if (forbidden & (SANDBOX_WAKE | SANDBOX_TIME)) atomic_store(&polling, true);
  // From now on, the handler of a signal could not return.
  if (forbidden & SANDBOX_RETURN && thread && !everyone) {
    thread__stop_sampling(thread);
    change->unsampled = true;
  }
  if (everyone) {
    if (forbidden & (SANDBOX_RECORD | SANDBOX_RETURN) && process_is_recorded()) change->stopped = stop_recording();
    atomic_store(&sandbox_forbidden_everywhere, change->everywhere | forbidden);
    wait_for_handlers();
  } else {
    sandbox_forbidden |= forbidden;
  }
  errno = error;
}

void sandbox_entered(const struct sandbox_change *change, bool done) {
  if (!done) {
    int error = errno;
    sandbox_forbidden = change->own;
    atomic_store(&sandbox_forbidden_everywhere, change->everywhere);
    if (change->unsampled) thread__sample_again(thread_self());
    if (change->stopped) {
      threads_resume_timers();
      recording_mark_closed(false);
      watcher_start();
    }
    errno = error;
    return;
  }
  uint32_t forbidden = sandbox_forbidden | sandbox_forbidden_everywhere;
  if (forbidden & (SANDBOX_CPU_CLOCK | SANDBOX_TIME)) atomic_fetch_or(&to_say, SAY_CLOCK);
  if (change->unsampled) atomic_fetch_or(&to_say, SAY_UNSAMPLED);
  if (forbidden & SANDBOX_MEMORY && memory_is_on()) memory_leave(no_memory);
}

void sandbox_inherit(uint32_t forbidden) {
  sandbox_forbidden = forbidden;
}

bool sandbox_needs_polling(void) {
  return atomic_load_explicit(&polling, memory_order_relaxed);
}

void sandbox_say(void) {
  uint32_t now = atomic_load_explicit(&to_say, memory_order_relaxed) & ~said;
  said |= now;
  // A thread that is not sampled reads no clocks, so one note is enough.
  if (now & SAY_UNSAMPLED)
    record_note(SEVERITY_WARNING,
                "A thread runs in a sandbox (seccomp) in which signal handlers may not return. It is not sampled "
                "there, so its CPU time from then on is on no line.");
  else if (now & SAY_CLOCK)
    record_note(SEVERITY_INFORMATION,
                "A thread runs in a sandbox (seccomp) that forbids reading its clocks. Lineheat reads them from "
                "outside the sandbox: CPU time is exact, but the moment of a sample is only known to about 10 ms.");
}
