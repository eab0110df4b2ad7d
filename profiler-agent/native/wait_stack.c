#include "wait_stack.h"

#include <string.h>

#include "codes.h"
#include "frames.h"
#include "objects.h"
#include "recording.h"
#include "selftest.h"
#include "stack.h"
#include "thread_state.h"

// Where a frame keeps its first local variable, from 3.9 to 3.15: PyFrameObject.f_localsplus, from 3.11
// _PyInterpreterFrame.localsplus.
static const uint16_t first_local[] = {360, 352, 72, 72, 72, 80, 80};
static const struct interpreter *python;

// By id of a code object, as far as they have been asked for: the id above three bits that say which place it is.
#define PLACES (1u << 12)
static uint64_t places[PLACES];

void wait_stacks_begin(const struct interpreter *interpreter) {
  python = interpreter;
  memset(places, 0, sizeof places);
}

static uint32_t key_record(const struct code_key *key) {
  static unsigned char description[RING_SIZE];
  uint32_t id = codes_find(key);
  if (id) return id;
  id = codes_next_id();
  if (!code_describe(description, sizeof description, key, id, python, true)) return 0;
  record_code((const struct entry_code *)description);
  codes_add(key, id);
  return id;
}

uint32_t code_record(uintptr_t code) {
  struct code_key key;
  return code_key_read(&key, python, code, true) ? key_record(&key) : 0;
}

uintptr_t frame_first_local(uintptr_t frame) {
  return reference_read(frame + first_local[python->minor - OLDEST_MINOR]);
}

// ---- Which function it is ----

static bool ends_with(const char *text, const char *end) {
  size_t length = strlen(text), size = strlen(end);
  return length >= size && strcmp(text + length - size, end) == 0;
}

static enum place place_find(uintptr_t code) {
  static const struct {
    const char *name, *file;
    enum place place;
  } known[] = {
      {"_run_once", "/asyncio/base_events.py", PLACE_LOOP},
      {"select", "/selectors.py", PLACE_SELECTOR},
      {"__aexit__", "/asyncio/taskgroups.py", PLACE_CHILDREN},
      {"_aexit", "/asyncio/taskgroups.py", PLACE_CHILDREN},
      {"_wait", "/asyncio/tasks.py", PLACE_CHILDREN},
      {"_cancel_and_wait", "/asyncio/tasks.py", PLACE_CHILDREN},
      {"_wait_for_one", "/asyncio/tasks.py", PLACE_CHILDREN},
      {"wait_for", "/asyncio/tasks.py", PLACE_WAIT_FOR},
      {"staggered_race", "/asyncio/staggered.py", PLACE_CHILDREN},
  };
  char name[64], file[1024];
  if (!str_read(pointer_read(code + python->at.code_name), name, sizeof name)) return PLACE_OTHER;
  for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
    if (strcmp(name, known[i].name) != 0) continue;
    if (!str_read(pointer_read(code + python->at.code_filename), file, sizeof file)) return PLACE_OTHER;
    if (ends_with(file, known[i].file)) return known[i].place;
  }
  return PLACE_OTHER;
}

enum place place_of(uint32_t id, uintptr_t code) {
  uint64_t *slot = &places[id % PLACES];
  if (*slot >> 3 != id) *slot = (uint64_t)id << 3 | place_find(code);
  return (enum place)(*slot & 7);
}

// ---- The stack ----

// Keeps what was met on the way to another thread's state: walking the list for each of many threads takes forever.
static void thread_state_learn(uintptr_t owner, uintptr_t state) {
  for (uint32_t i = 0; i < threads_count(); i++) {
    struct thread *it = thread_at(i);
    if ((uintptr_t)it->pthread != owner || atomic_load_explicit(&it->phase, memory_order_acquire) != THREAD_LIVE)
      continue;
    atomic_store_explicit(&it->tstate, state, memory_order_relaxed);
  }
}

// A thread's state in the main interpreter, from that one's list.
static uintptr_t thread_state_find(const struct thread *it) {
  const struct offsets *at = &python->at;
  uintptr_t state = thread_states_first(), owner, found = 0;
  for (int i = 0; state && i < THREADS_MAX; i++) {
    if (!memory_read(state + at->tstate_thread_id, &owner, sizeof owner)) break;
    if (owner == (uintptr_t)it->pthread) found = state;
    thread_state_learn(owner, state);
    if (!memory_read(state + at->tstate_next, &state, sizeof state)) break;
  }
  return found;
}

// The state that a thread runs code in. What its handler saw last may have been in a sub-interpreter that is no more.
static uintptr_t thread_state_now(const struct thread *it) {
  uintptr_t state = thread_state_inner(it->pthread), owner;
  if (state) return state;
  state = atomic_load_explicit(&it->tstate, memory_order_relaxed);
  bool known = state && memory_read(state + python->at.tstate_thread_id, &owner, sizeof owner) &&
               owner == (uintptr_t)it->pthread && thread_state_runs(state);
  return known ? state : thread_state_find(it);
}

bool wait_stack_read(struct wait_stack *self, const struct thread *it) {
  static uint64_t frames[STACK_WORDS_MAX];
  *self = (struct wait_stack){0};
  if (!selftest_may_look() || python->is_finalizing()) return false;
  uintptr_t tstate = thread_state_now(it);
  if (!tstate) return false;
  self->tstate = tstate;

  struct walk walk;
  struct frame frame;
  uint32_t count = 0;
  bool selecting = false;
  walk_start(&walk, python, tstate, NULL, it, true);
  while (walk.result == WALK_OK && count < STACK_WORDS_MAX && walk_next(&walk, &frame)) {
    uint32_t id = key_record(&frame.key);
    if (!id) return false;
    if (count == 0) selecting = place_of(id, frame.key.code) == PLACE_SELECTOR;
    if (count == 1 && selecting && place_of(id, frame.key.code) == PLACE_LOOP)
      self->loop = frame_first_local(frame.address);
    frames[count++] = word_python(id, frame.instruction);
  }
  if (walk.result == WALK_REJECTED) return false;
  while (count--) {
    self->stack = record_stack(self->stack, word_code(frames[count]), word_instruction(frames[count]), 0);
    if (count == 1 && self->loop) self->loop_stack = self->stack;
  }
  return self->stack != 0;
}
