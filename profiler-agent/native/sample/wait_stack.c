#include "sample/wait_stack.h"

#include <string.h>

#include "cpython/codes.h"
#include "cpython/frames.h"
#include "cpython/objects.h"
#include "cpython/selftest.h"
#include "cpython/thread_state.h"
#include "record/records.h"
#include "sample/stack.h"

static const struct interpreter *python;

// Cache of place_of, by id of the code object. A word holds the id above four bits for the enum place.
#define PLACES (1u << 12)
static uint64_t places[PLACES];
// At most this many names that a function uses, and this many of its local variables, are examined.
#define NAMES_MAX 128
#define LOCALS_MAX 24

void wait_stacks_begin(const struct interpreter *interpreter) {
  python = interpreter;
  memset(places, 0, sizeof places);
}

static uint32_t key_record(const struct code_key *key) {
  static unsigned char description[RING_SIZE];
  uint32_t id = codes_find(key);
  if (id) return id;
  id = codes_next_id();
  if (!code_describe(description, sizeof description, key, id, python)) return 0;
  record_code((const struct entry_code *)description);
  codes_add(key, id);
  return id;
}

uint32_t code_record(uintptr_t code) {
  struct code_key key;
  return code_key_read(&key, python, code) ? key_record(&key) : 0;
}

uintptr_t frame_first_local(uintptr_t frame) {
  return reference_read(frame + python->at.frame.locals);
}

// Returns the first of a frame's local variables whose type has this name, 0 when none of the first LOCALS_MAX has.
static uintptr_t frame_find_local(uintptr_t frame, const char *type) {
  for (uintptr_t i = 0; i < LOCALS_MAX; i++) {
    uintptr_t value = reference_read(frame + python->at.frame.locals + i * sizeof(uintptr_t));
    if (value && type_is(object_type(value), type)) return value;
  }
  return 0;
}

// ---- Functions of event loops ----

static bool ends_with(const char *text, const char *end) {
  size_t length = strlen(text), size = strlen(end);
  return length >= size && strcmp(text + length - size, end) == 0;
}

// True when a function uses the name of a method that runs asyncio's event loop.
static bool calls_loop(uintptr_t code) {
  uintptr_t tuple = pointer_read(code + python->at.code.names), items[NAMES_MAX];
  uint64_t count;
  if (!type_is(object_type(tuple), "tuple") || !memory_read(tuple + OBJECT_SIZE, &count, sizeof count)) return false;
  if (count > NAMES_MAX) count = NAMES_MAX;
  if (!memory_read(tuple + python->at.tuple.items, items, count * sizeof *items)) return false;
  for (uint64_t i = 0; i < count; i++) {
    char name[32];
    if (str_read(items[i], name, sizeof name) &&
        (strcmp(name, "run_until_complete") == 0 || strcmp(name, "run_forever") == 0))
      return true;
  }
  return false;
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
      {"__aexit__", "/anyio/_backends/_asyncio.py", PLACE_CHILDREN},
      {"_nested_child_finished", "/trio/_core/_run.py", PLACE_CHILDREN},
      {"run", "/trio/_core/_run.py", PLACE_TRIO},
      {"get_events", "/trio/_core/_io_epoll.py", PLACE_TRIO_WAIT},
      {"task", "/trio/_core/_entry_queue.py", PLACE_SERVICE},
      {"run", "/gevent/hub.py", PLACE_HUB},
      {"run", "/gevent/_ffi/loop.py", PLACE_HUB_WAIT},
      {"run", "/gevent/libuv/loop.py", PLACE_HUB_WAIT},
      {"run", "/gevent/libev/corecffi.py", PLACE_HUB_WAIT},
      {"join", "/gevent/hub.py", PLACE_CHILDREN},
      {"join", "/gevent/pool.py", PLACE_CHILDREN},
      {"join", "/gevent/greenlet.py", PLACE_CHILDREN},
      {"get", "/gevent/greenlet.py", PLACE_CHILDREN},
      {"joinall", "/gevent/greenlet.py", PLACE_CHILDREN},
      {"map", "/gevent/pool.py", PLACE_CHILDREN},
      {"run", "/eventlet/hubs/hub.py", PLACE_HUB},
      {"run", "/eventlet/hubs/asyncio.py", PLACE_HUB},
      {"do_poll", "/eventlet/hubs/poll.py", PLACE_HUB_WAIT},
      {"do_poll", "/eventlet/hubs/epolls.py", PLACE_HUB_WAIT},
      {"wait", "/eventlet/hubs/poll.py", PLACE_HUB_WAIT},
      {"wait", "/eventlet/hubs/selects.py", PLACE_HUB_WAIT},
      {"wait", "/eventlet/greenthread.py", PLACE_CHILDREN},
      {"waitall", "/eventlet/greenpool.py", PLACE_CHILDREN},
      {"next", "/eventlet/greenpool.py", PLACE_CHILDREN},
  };
  char name[64], file[1024];
  if (!str_read(pointer_read(code + python->at.code.name), name, sizeof name)) return PLACE_OTHER;
  for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
    if (strcmp(name, known[i].name) != 0) continue;
    if (!str_read(pointer_read(code + python->at.code.filename), file, sizeof file)) return PLACE_OTHER;
    if (ends_with(file, known[i].file)) return known[i].place;
  }
  return calls_loop(code) ? PLACE_RUNS : PLACE_OTHER;
}

enum place place_of(uint32_t id, uintptr_t code) {
  uint64_t *slot = &places[id % PLACES];
  if (*slot >> 4 != id) *slot = (uint64_t)id << 4 | place_find(code);
  return (enum place)(*slot & 15);
}

// ---- The stack ----

// Remembers the state of another thread that was found on the way: with many threads, walking the list anew for each
// would take too long.
static void thread_state_learn(uintptr_t owner, uintptr_t state) {
  for (uint32_t i = 0; i < threads_count(); i++) {
    struct thread *thread = thread_at(i);
    if ((uintptr_t)thread->identity.pthread != owner ||
        atomic_load_explicit(&thread->phase, memory_order_acquire) != THREAD_LIVE)
      continue;
    atomic_store_explicit(&thread->handler.tstate, state, memory_order_relaxed);
  }
}

// Finds the thread's state in the main interpreter's list. 0 when there is none.
static uintptr_t thread_state_find(const struct thread *thread) {
  const struct layout *at = &python->at;
  uintptr_t state = thread_states_first(), owner, found = 0;
  for (int i = 0; state && i < THREADS_MAX; i++) {
    if (!memory_read(state + at->tstate.thread_id, &owner, sizeof owner)) break;
    if (owner == (uintptr_t)thread->identity.pthread) found = state;
    thread_state_learn(owner, state);
    if (!memory_read(state + at->tstate.next, &state, sizeof state)) break;
  }
  return found;
}

// Returns the state in which a thread runs code. The one that its handler saw last is checked, because it may belong to
// a sub-interpreter that has ended.
static uintptr_t thread_state_now(const struct thread *thread) {
  uintptr_t state = thread_state_inner(thread->identity.pthread), owner;
  if (state) return state;
  state = atomic_load_explicit(&thread->handler.tstate, memory_order_relaxed);
  bool known = state && memory_read(state + python->at.tstate.thread_id, &owner, sizeof owner) &&
               owner == (uintptr_t)thread->identity.pthread && thread_state_runs(state);
  return known ? state : thread_state_find(thread);
}

bool wait_stack_read(struct wait_stack *wait, const struct thread *thread) {
  static uint64_t frames[STACK_WORDS_MAX];
  *wait = (struct wait_stack){0};
  if (!selftest_may_look() || python->is_finalizing()) return false;
  uintptr_t tstate = thread_state_now(thread);
  if (!tstate) return false;
  wait->tstate = tstate;

  struct walk walk;
  struct frame frame;
  uintptr_t caller = 0;
  uint32_t count = 0, above = 0;
  enum place first = PLACE_OTHER, second = PLACE_OTHER, last;
  uint32_t last_id = 0;
  uintptr_t last_code = 0, last_frame = 0;
  walk_start(&walk, python, tstate, NULL, thread, true);
  while (walk.result == WALK_OK && count < STACK_WORDS_MAX && walk_next(&walk, &frame)) {
    uint32_t id = key_record(&frame.key);
    if (!id) return false;
    if (count == 0) wait->instruction_address = frame.instruction_address;
    if (count == 0) first = place_of(id, frame.key.code);
    if (count == 1) {
      second = place_of(id, frame.key.code);
      caller = frame.address;
    }
    last_id = id;
    last_code = frame.key.code;
    last_frame = frame.address;
    frames[count++] = word_python(id, frame.instruction);
  }
  if (walk.result == WALK_REJECTED) return false;
  // A hub is a greenlet of its own, so its function is the outermost frame.
  last = count ? place_of(last_id, last_code) : PLACE_OTHER;
  bool selects = first == PLACE_SELECTOR && second == PLACE_LOOP;
  if (last == PLACE_HUB && (count == 1 || first == PLACE_HUB_WAIT || selects)) {
    wait->kind = LOOP_GREENLETS;
    wait->loop = frame_first_local(last_frame);
  } else if (selects) {
    wait->kind = LOOP_ASYNCIO;
    wait->loop = frame_first_local(caller);
    above = 1;
  } else if (first == PLACE_TRIO_WAIT && second == PLACE_TRIO) {
    wait->kind = LOOP_TRIO;
    wait->loop = frame_find_local(caller, "Runner");
    above = 1;
  } else if (first == PLACE_RUNS) {
    wait->kind = LOOP_FOREIGN;
  }
  while (count--) {
    wait->stack = record_stack(wait->stack, word_code(frames[count]), word_instruction(frames[count]), 0);
    if (count == above) wait->loop_stack = wait->stack;
  }
  return wait->stack != 0;
}
