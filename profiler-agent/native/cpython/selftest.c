#define _GNU_SOURCE
#include "cpython/selftest.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "cpython/codes.h"
#include "cpython/frames.h"
#include "cpython/text.h"
#include "sample/ring.h"
#include "sandbox/sandbox.h"
#include "sandbox/sandbox_enter.h"
#include "threads.h"

// One frame proves little, so the comparison is repeated up to this many times, at growing intervals.
#define TRIES 12
// A single difference may be a frame that Python leaves out of its own stack; a wrong offset differs every time.
#define DIFFERENCES 3
#define AGAIN_NS (5 * 1000 * 1000ull)
// If the main thread is busy in C code for this long, samples count without an answer.
#define PATIENCE_NS (NS_PER_SECOND / 2)
#define FRAMES_MAX 64

// Functions of Python's C interface that are the same from 3.9 on. Objects are only passed on to them.
typedef struct object object;
static struct {
  int (*add_pending_call)(int (*)(void *), void *);
  object *(*current_frame)(void);
  object *(*frame_back)(object *);
  object *(*frame_code)(object *);
  object *(*intern)(const char *);
  object *(*get_attribute)(object *, object *);
  long (*as_long)(object *);
  object *(*encode)(object *, const char *, const char *);
  char *(*bytes)(object *);
  intptr_t (*size)(object *);
  object *(*error)(void);
  void (*forget_error)(void);
  void (*release)(object *);
  void *(*state)(void);
  void *(*state_next)(void *);
  void *(*state_interpreter)(void *);
} api;

static const struct {
  const char *name;
  void *into;
} names[] = {
    {"Py_AddPendingCall", &api.add_pending_call},
    {"PyEval_GetFrame", &api.current_frame},
    {"PyFrame_GetBack", &api.frame_back},
    {"PyFrame_GetCode", &api.frame_code},
    {"PyUnicode_InternFromString", &api.intern},
    {"PyObject_GetAttr", &api.get_attribute},
    {"PyLong_AsLong", &api.as_long},
    {"PyUnicode_AsEncodedString", &api.encode},
    {"PyBytes_AsString", &api.bytes},
    {"PyObject_Size", &api.size},
    {"PyErr_Occurred", &api.error},
    {"PyErr_Clear", &api.forget_error},
    {"Py_DecRef", &api.release},
    {"PyThreadState_Get", &api.state},
    {"PyThreadState_Next", &api.state_next},
    {"PyThreadState_GetInterpreter", &api.state_interpreter},
};

static const struct interpreter *python;
static int (*is_initialized)(void);
static _Atomic bool passed, failed;
// The result of the last comparison: `agreed` is the number of equal frames, `difference` a word for what differs.
enum { NOTHING_YET, NOT_NOW, AGREED, DIFFERS };
static _Atomic int answer;
static const char *difference;
static uint32_t agreed;

static _Atomic bool wanted = true, asked;
static _Atomic bool forked;  // this is a forked child, and no bytecode has been sampled in it yet
static bool done, said, asked_outside;
static int tries, differences;
static uint64_t first_asked, next_try;

// ---- The comparison, on Python's main thread ----

static bool word_is(uintptr_t address, const void *value) {
  uintptr_t word;
  return memory_read(address, &word, sizeof word) && word == (uintptr_t)value;
}

static bool state_agrees(uintptr_t state) {
  const struct layout *at = &python->at;
  return word_is(state + at->tstate.thread_id, (const void *)pthread_self()) &&
         word_is(state + at->tstate.next, api.state_next((void *)state)) &&
         word_is(state + at->tstate.interp, api.state_interpreter((void *)state));
}

// Python caches attributes by their names: an interned name, as types use, adds nothing to that cache.
static object *attribute(object *of, const char *name) {
  object *word = api.intern(name);
  if (!word) return NULL;
  object *value = api.get_attribute(of, word);
  api.release(word);
  return value;
}

// True when an attribute of an object is this number.
static bool number_agrees(object *of, const char *name, long expected) {
  object *value = attribute(of, name);
  if (!value) return false;
  long number = api.as_long(value);
  api.release(value);
  return number == expected;
}

// True when a str attribute of a code object equals what was copied from memory.
static bool text_agrees(object *code, const char *name, const unsigned char *data, uint32_t length, uint8_t width) {
  static char ours[1 << 18];
  object *value = attribute(code, name);
  if (!value) return false;
  object *encoded = api.encode(value, "utf-8", "surrogateescape");
  api.release(value);
  // A name with half of a surrogate pair cannot be encoded, and so not compared.
  if (!encoded) {
    api.forget_error();
    return true;
  }
  size_t size = text_to_utf8(ours, sizeof ours, data, length, width);
  bool same = (size_t)api.size(encoded) == size && memcmp(api.bytes(encoded), ours, size) == 0;
  api.release(encoded);
  return same;
}

static const char *code_differs(object *code, uintptr_t address) {
  static unsigned char description[RING_SIZE];
  static const char *const attributes[CODE_TABLE] = {"co_filename", "co_name", "co_qualname"};
  struct code_key key;
  if (address != (uintptr_t)code || !code_key_read(&key, python, address)) return "code object";
  if (!number_agrees(code, "co_firstlineno", key.first_line)) return "first line";
  if (!code_describe(description, sizeof description, &key, 0, python)) return "code object";
  const struct entry_code *entry = (const struct entry_code *)description;
  const unsigned char *data = (const unsigned char *)(entry + 1);
  for (int i = 0; i < CODE_TABLE; i++) {
    bool exists = i != CODE_QUALNAME || python->minor >= 11;
    if (exists && !text_agrees(code, attributes[i], data, entry->length[i], entry->width[i])) return attributes[i] + 3;
    data += entry->length[i];
  }
  object *table = attribute(code, python->minor == 9 ? "co_lnotab" : "co_linetable");
  if (!table) return "line table";
  bool same = (uintptr_t)table == key.table && (size_t)api.size(table) == entry->length[CODE_TABLE] &&
              memcmp(api.bytes(table), data, entry->length[CODE_TABLE]) == 0;
  api.release(table);
  return same ? NULL : "line table";
}

// True for code that the interpreter made for itself (3.12 and later), which Python's own stack leaves out. Its name
// and file name are the same object.
static bool is_shim(uintptr_t code) {
  uintptr_t name, filename;
  return memory_read(code + python->at.code.name, &name, sizeof name) &&
         memory_read(code + python->at.code.filename, &filename, sizeof filename) && name == filename;
}

// True for a frame that has not reached its first RESUME: Python leaves it out, though setting it up may have called
// Python code (a finalizer). Before RESUME there are at most one instruction for each cell and three others (3.11 and
// later).
static bool has_not_begun(const struct frame *frame) {
  if (python->minor < 11) return false;
  object *cells = attribute((object *)frame->key.code, "co_cellvars");
  if (!cells) return false;
  intptr_t units = api.size(cells) + 3;
  api.release(cells);
  return frame->instruction < 2 * units;
}

// Moves to our next frame that Python's stack should have, too. `code` is what Python's frame runs, NULL when it has no
// further one.
static bool next_shown(struct walk *walk, struct frame *frame, const object *code) {
  while (walk->result == WALK_OK && walk_next(walk, frame)) {
    if (python->minor >= 12 && is_shim(frame->key.code)) continue;
    if (frame->key.code == (uintptr_t)code || !has_not_begun(frame)) return true;
  }
  return false;
}

// Compares the two stacks. Returns a word for what differs, or NULL. `remote`: ours is read with calls of the kernel,
// which fail where a wrong offset leads to unmapped memory.
static const char *stack_differs(uintptr_t state, bool remote) {
  struct walk walk;
  struct frame frame;
  const char *differs = NULL;
  walk_start(&walk, python, state, NULL, NULL, remote);
  object *theirs = api.current_frame(), *owned = NULL;
  uint32_t count = 0;
  while (theirs && count < FRAMES_MAX && !differs) {
    object *code = api.frame_code(theirs);
    differs = next_shown(&walk, &frame, code) ? code_differs(code, frame.key.code) : "depth";
    if (!differs && !number_agrees(theirs, "f_lasti", frame.instruction)) differs = "instruction";
    api.release(code);
    theirs = api.frame_back(theirs);
    if (owned) api.release(owned);
    owned = theirs;
    count++;
  }
  if (!theirs && !differs && next_shown(&walk, &frame, NULL)) differs = "depth";
  if (owned) api.release(owned);
  agreed = count;
  return differs;
}

static void (*then)(const struct interpreter *python);

void selftest_then(void (*wanted_then)(const struct interpreter *python)) {
  then = wanted_then;
}

static int compare(void *unused) {
  (void)unused;
  // Python also makes pending calls while no Python code runs, for example before it runs a script. Then this call is
  // queued again until there is a stack. The queue is limited (to about 32 at a time), and so are the attempts.
  static int attempts = 256;
  if (!api.current_frame() && attempts-- > 0 && api.add_pending_call(compare, NULL) == 0) return 0;
  int saved = errno;
  // Samples use the first state. Inside a sub-interpreter the current one may be another: try again later.
  uintptr_t state = (uintptr_t)api.state();
  uintptr_t ours = (uintptr_t)(python->minor >= 12 ? python->thread_state_now() : python->gilstate_this());
  bool ready = state && state == ours && !api.error() && !python->is_finalizing() && api.current_frame();
  if (ready) {
    difference = !state_agrees(state) ? "thread state" : stack_differs(state, true);
    // Then again, read directly from memory as in the handler.
    if (!difference) difference = stack_differs(state, false);
    if (api.error()) api.forget_error();
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
  // Every comparison so far has differed; the program was too short for the number that counts as failed.
  if (differences && !agreed)
    done = failed = true;
  else
    atomic_store(&passed, true);
}

void selftest_prepare(struct interpreter *found) {
  python = found;
  is_initialized = found->is_initialized;
  found->is_initialized = is_readable;
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    *(void **)names[i].into = interpreter_symbol(names[i].name);
    if (*(void **)names[i].into) continue;
    difference = names[i].name;
    done = failed = true;
    wanted = false;
  }
}

static _Atomic(int (*)(void *)) errand;

static void ask(void) {
  int (*call)(void *) = atomic_exchange(&errand, NULL);
  if (call && api.add_pending_call(call, NULL) != 0) atomic_store(&errand, call);
  if (!atomic_exchange(&wanted, false)) return;
  if (api.add_pending_call(compare, NULL) == 0)
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

// Before 3.13, a main thread notices the call only when it comes back from waiting, so `wanted` stays set for the
// handler. Before 3.12, adding a call reads the state of the lock's holder, which must not end meanwhile: only with one
// thread. A sandbox may forbid the system calls with which Python answers.
static void ask_from_outside(void) {
  if (!selftest_may_call() || sandbox_needs_polling()) return;
  if (python->minor >= 13) {
    ask();
  } else if (!asked_outside && atomic_load(&wanted) && (python->minor == 12 || threads_count() == 1)) {
    asked_outside = api.add_pending_call(compare, NULL) == 0;
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
  if (!failed || said) return NULL;
  said = true;
  snprintf(
      sentence, sizeof sentence,
      "What was read of this Python's stack differs from what Python itself says (%s), so it is not sampled. Choose "
      "another build of " KNOWN_VERSIONS ", and please report this one: %s",
      difference, python->version);
  return sentence;
}

void selftest_after_fork(void) {
  asked = asked_outside = said = false;
  wanted = !done;
  atomic_store(&forked, true);
  atomic_store(&errand, NULL);
  atomic_store(&answer, NOTHING_YET);
}
