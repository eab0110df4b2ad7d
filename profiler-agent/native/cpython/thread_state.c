#include "cpython/thread_state.h"

#include "cpython/frames.h"
#include "cpython/selftest.h"

// At most this many states of all sub-interpreters together are looked at.
#define STATES_MAX 256

static const struct interpreter *python;
static uintptr_t (*first_interpreter)(void), (*main_interpreter)(void);

void thread_states_use(const struct interpreter *interpreter) {
  python = interpreter;
  main_interpreter = (uintptr_t(*)(void))interpreter_symbol("PyInterpreterState_Main");
  first_interpreter = (uintptr_t(*)(void))interpreter_symbol("PyInterpreterState_Head");
}

// Returns the newest interpreter, 0 when there is only the main one, which is the last in the list.
static uintptr_t newest_interpreter(void) {
  if (!first_interpreter || !main_interpreter) return 0;
  uintptr_t first = first_interpreter();
  return first == main_interpreter() ? 0 : first;
}

uintptr_t thread_states_first(void) {
  uintptr_t interpreter = main_interpreter ? main_interpreter() : 0, state = 0;
  if (!first_interpreter || !interpreter ||
      !memory_read(interpreter + python->at.interpreter.threads, &state, sizeof state))
    return 0;
  return state;
}

bool thread_state_runs(uintptr_t state) {
  struct walk walk;
  walk_start(&walk, python, state, NULL, NULL, true);
  return walk.result == WALK_OK;
}

uintptr_t thread_state_inner(pthread_t thread) {
  uintptr_t interpreter = newest_interpreter(), found = 0;
  uintptr_t last = interpreter ? main_interpreter() : 0;
  int looked_at = 0;
  while (interpreter && interpreter != last) {
    uintptr_t state, owner;
    if (!memory_read(interpreter + python->at.interpreter.threads, &state, sizeof state)) return 0;
    for (; state && looked_at < STATES_MAX; looked_at++) {
      if (!memory_read(state + python->at.tstate.thread_id, &owner, sizeof owner)) return 0;
      if (owner == (uintptr_t)thread && thread_state_runs(state)) {
        // The thread runs code in two sub-interpreters. Which one called the other is not known.
        if (found) return 0;
        found = state;
      }
      if (!memory_read(state + python->at.tstate.next, &state, sizeof state)) return 0;
    }
    if (looked_at++ >= STATES_MAX ||
        !memory_read(interpreter + python->at.interpreter.next, &interpreter, sizeof interpreter))
      return 0;
  }
  return found;
}

// Before 3.12 the current state is that of the holder of the one lock of all interpreters. The state by which Python
// knows a thread (`of_main`) is the one in the main interpreter.
static uintptr_t state_by_lock(uintptr_t of_main) {
  if (LIKELY(!newest_interpreter())) return of_main;
  uintptr_t holder = (uintptr_t)python->thread_state_now(), owner;
  if (holder == of_main) return of_main;
  // The state may belong to another thread and be about to be freed.
  if (holder && memory_read(holder + python->at.tstate.thread_id, &owner, sizeof owner) &&
      owner == (uintptr_t)pthread_self())
    return holder;
  uintptr_t inner = thread_state_inner(pthread_self());
  return inner ? inner : of_main;
}

// Once the interpreter finalizes, only the main thread's state is safe to read: it frees those of all others.
uintptr_t thread_state_of(const struct thread *thread, bool early) {
  if (early ? !selftest_may_look() : !python->is_initialized()) return 0;
  if (python->is_finalizing() && !thread->identity.is_first) return 0;
  uintptr_t known = (uintptr_t)python->gilstate_this();
  if (python->minor < 12) return state_by_lock(known);
  // From 3.12 on the current state is the calling thread's own, also in sub-interpreters.
  void *now = python->thread_state_now();
  return now ? (uintptr_t)now : known;
}
