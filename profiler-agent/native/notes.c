#include "notes.h"

#include <stdio.h>

#include "budget.h"
#include "loops/greenlets.h"
#include "memory/memory.h"
#include "observe.h"
#include "process/children.h"
#include "process/environment.h"
#include "process/process.h"
#include "record/records.h"
#include "sample/queue.h"
#include "sandbox/sandbox_enter.h"
#include "signals/guard.h"
#include "signals/signals.h"
#include "threads.h"
#include "watcher.h"

// Which notes have been written.
static bool said_refused;    // some threads are not followed
static bool said_no_signal;  // the program has taken every real-time signal
static bool said_unguarded;  // the program handles SIGSEGV or SIGBUS without our knowledge
static bool said_no_room;    // the limit on pending signals was reached
static bool said_in_step;    // work is in step with the tick

void notes_begin(void) {
  said_refused = said_no_signal = said_no_room = said_unguarded = said_in_step = false;
}

void notes_write(void) {
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

void notes_write_last(const struct watcher_settings *settings) {
  notes_write();
  char text[240];
  uint64_t reached = budget_reached_ns();
  if (settings->interval_ns < DEFAULT_INTERVAL_NS && reached > settings->interval_ns * 3 / 2) {
    snprintf(text, sizeof text,
             "A sample every %llu µs was asked for. To stay within %u %% of the program's time, threads were sampled "
             "every %llu µs on average.",
             (unsigned long long)settings->interval_ns / 1000, settings->budget_permille / 10,
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
