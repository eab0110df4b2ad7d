#define _GNU_SOURCE
#include "cpython/selftest.h"

#include <errno.h>
#include <stdio.h>

#include "cpython/comparison.h"
#include "sandbox/sandbox.h"
#include "sandbox/sandbox_enter.h"
#include "threads.h"

// One frame proves little, so the comparison is repeated up to this many times, at growing intervals.
#define TRIES 12
// So many differences in a row count as a contradiction. A single one may be a frame that Python leaves out of its own
// stack; a wrong offset differs every time.
#define DIFFERENCES 3
#define AGAIN_NS (5 * 1000 * 1000ull)
// If the main thread is busy in C code for this long, samples count without an answer.
#define PATIENCE_NS (NS_PER_SECOND / 2)

static int (*add_pending_call)(int (*)(void *), void *);
static const struct interpreter *python;
static int (*is_initialized)(void);
static _Atomic bool passed, failed;
// The result of the last comparison: `agreed` is the number of equal frames, `difference` a word for what differs.
enum { NOTHING_YET, NOT_NOW, AGREED, DIFFERS };
static _Atomic int answer;
static const char *difference;
static uint32_t agreed;

static _Atomic bool wanted = true;  // a comparison is due
static _Atomic bool asked;          // the interpreter has been asked for it, and has not answered
static _Atomic bool forked;         // this is a forked child, and no bytecode has been sampled in it yet
static bool done, told_user;
static bool asked_outside;  // the watcher has asked, without effect on `wanted`
static int tries, differences;
static uint64_t first_asked, next_try;

// ---- On Python's main thread ----

static void (*then)(const struct interpreter *python);

void selftest_then(void (*wanted_then)(const struct interpreter *python)) {
  then = wanted_then;
}

static int compare(void *unused) {
  (void)unused;
  // Python also makes pending calls while no Python code runs, for example before it runs a script. Then this call is
  // queued again until there is a stack. The queue is limited (to about 32 at a time), and so are the attempts.
  static int attempts = 256;
  if (!comparison_has_stack() && attempts-- > 0 && add_pending_call(compare, NULL) == 0) return 0;
  int saved = errno;
  uintptr_t state;
  bool ready = comparison_may_begin(&state);
  if (ready) {
    difference = comparison_make(state, &agreed);
    atomic_store_explicit(&passed, !difference, memory_order_release);
    if (!difference && then) then(python);
  }
  atomic_store_explicit(&answer, !ready ? NOT_NOW : difference ? DIFFERS : AGREED, memory_order_release);
  errno = saved;
  return 0;
}

// ---- The watcher's side ----

static int is_readable(void) {
  return atomic_load_explicit(&passed, memory_order_acquire) && is_initialized();
}

bool selftest_holds(void) {
  return !atomic_load_explicit(&passed, memory_order_acquire) && selftest_may_look();
}

bool selftest_may_look(void) {
  return !atomic_load_explicit(&failed, memory_order_acquire) && is_initialized();
}

bool selftest_contradicted(void) {
  return atomic_load_explicit(&failed, memory_order_acquire);
}

void selftest_give_up_waiting(void) {
  if (selftest_contradicted()) return;
  // Every comparison so far has differed. The program was too short for as many as count as a contradiction.
  if (differences && !agreed)
    done = failed = true;
  else
    atomic_store(&passed, true);
}

void selftest_prepare(struct interpreter *found) {
  python = found;
  is_initialized = found->is_initialized;
  found->is_initialized = is_readable;
  *(void **)&add_pending_call = interpreter_symbol("Py_AddPendingCall");
  const char *missing = comparison_prepare(found);
  if (!missing && !add_pending_call) missing = "Py_AddPendingCall";
  if (missing) {
    difference = missing;
    done = failed = true;
    wanted = false;
  }
}

static _Atomic(int (*)(void *)) errand;  // what the main thread has still to be asked to run

static void ask(void) {
  int (*call)(void *) = atomic_exchange(&errand, NULL);
  if (call && add_pending_call(call, NULL) != 0) atomic_store(&errand, call);
  if (!atomic_exchange(&wanted, false)) return;
  if (add_pending_call(compare, NULL) == 0)
    asked = true;
  else
    wanted = true;
}

bool selftest_may_call(void) {
  return !atomic_load(&forked);
}

// Before 3.13 a pending call that another thread adds is only noticed when the main thread next takes the interpreter
// lock, so the main thread adds the call itself. Adding takes the lock of Python's queue of calls, and allocates
// nothing. The main thread does not hold that lock in the eval loop, or while it opens a file.
static bool is_moment(void) {
  if (LIKELY(!atomic_load_explicit(&wanted, memory_order_relaxed) &&
             !atomic_load_explicit(&errand, memory_order_relaxed)))
    return false;
  const struct thread *thread = thread_self();
  // Adding may have to wait for that lock.
  if (!thread || !thread->identity.is_first || !sandbox_allows(SANDBOX_WAKE)) return false;
  return selftest_may_call() && is_initialized() && !python->is_finalizing();
}

void selftest_interrupted(uintptr_t pc) {
  if (UNLIKELY(atomic_load_explicit(&forked, memory_order_relaxed)) && interpreter__in_eval(python, pc))
    atomic_store(&forked, false);
  if (is_moment() && interpreter__in_eval(python, pc)) ask();
}

void selftest_opening_file(void) {
  int saved = errno;
  if (is_moment()) ask();
  errno = saved;
}

// Before 3.13, the main thread notices a call of the watcher only when it comes back from waiting, so `wanted` stays
// set for the handler. Before 3.12, adding a call reads the state of the lock's holder, which must not end meanwhile:
// only with one thread. A sandbox may forbid the system calls with which Python answers.
static void ask_from_outside(void) {
  if (!selftest_may_call() || sandbox_needs_polling()) return;
  if (python->minor >= 13) {
    ask();
  } else if (!asked_outside && atomic_load(&wanted) && (python->minor == 12 || threads_count() == 1)) {
    asked_outside = add_pending_call(compare, NULL) == 0;
    if (asked_outside) asked = true;
  }
}

void selftest_errand(int (*call)(void *)) {
  atomic_store(&errand, call);
  ask_from_outside();
}

static void answer_take(uint64_t now) {
  int result = atomic_exchange(&answer, NOTHING_YET);
  if (result == NOTHING_YET) return;
  asked = asked_outside = false;
  differences = result == DIFFERS ? differences + 1 : 0;
  next_try = now + (differences ? AGAIN_NS : AGAIN_NS << tries++);
  failed = differences == DIFFERENCES;
  done = failed || result == AGREED && agreed > 1 || tries == TRIES;
}

bool selftest_run(uint64_t now) {
  if (!done && is_initialized() && !python->is_finalizing()) {
    if (!first_asked) first_asked = now;
    if (asked) answer_take(now);
    if (!done && !asked && now >= next_try) wanted = true;
    ask_from_outside();
    if (!differences && now - first_asked > PATIENCE_NS) passed = true;
  }
  if (failed) passed = false;
  return !failed && !passed;
}

const char *selftest_verdict(void) {
  static char sentence[320];
  if (!failed || told_user) return NULL;
  told_user = true;
  snprintf(
      sentence, sizeof sentence,
      "What was read of this Python's stack differs from what Python itself says (%s), so it is not sampled. Choose "
      "another build of " KNOWN_VERSIONS ", and please report this one: %s",
      difference, python->version);
  return sentence;
}

void selftest_after_fork(void) {
  asked = asked_outside = told_user = false;
  wanted = !done;
  atomic_store(&forked, true);
  atomic_store(&errand, NULL);
  atomic_store(&answer, NOTHING_YET);
}
