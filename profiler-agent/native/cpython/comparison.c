#define _GNU_SOURCE
#include "cpython/comparison.h"

#include <pthread.h>
#include <string.h>

#include "cpython/codes.h"
#include "cpython/frames.h"
#include "cpython/text.h"
#include "sample/ring.h"

#define FRAMES_MAX 64

// Functions of Python's C interface that are the same from 3.9 on. Objects are only passed on to them.
typedef struct object object;
static struct {
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
} functions[] = {
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

const char *comparison_prepare(const struct interpreter *found) {
  const char *missing = NULL;
  python = found;
  for (size_t i = 0; i < sizeof functions / sizeof *functions; i++) {
    *(void **)functions[i].into = interpreter_symbol(functions[i].name);
    if (!*(void **)functions[i].into) missing = functions[i].name;
  }
  return missing;
}

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

// An interned name is the one under which types keep the attribute already, so nothing is added to Python's cache of
// attributes.
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
  // A name with half of a surrogate pair cannot be encoded, so it cannot be compared.
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

// Moves to the next frame of ours that Python's stack should have, too. `code` is the code object of Python's next
// frame, NULL when Python has no further frame.
static bool next_shown(struct walk *walk, struct frame *frame, const object *code) {
  while (walk->result == WALK_OK && walk_next(walk, frame)) {
    if (python->minor >= 12 && is_shim(frame->key.code)) continue;
    if (frame->key.code == (uintptr_t)code || !has_not_begun(frame)) return true;
  }
  return false;
}

// Compares the two stacks. Returns a word for what differs, or NULL. `remote`: ours is read with calls of the kernel,
// which fail where a wrong offset leads to unmapped memory. *agreed: the number of equal frames.
static const char *stack_differs(uintptr_t state, bool remote, uint32_t *agreed) {
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
  *agreed = count;
  return differs;
}

bool comparison_has_stack(void) {
  return api.current_frame();
}

bool comparison_may_begin(uintptr_t *state) {
  // Samples use the state that Python knows the thread by. Before 3.12, that is another one while the thread runs code
  // of a sub-interpreter: try again later.
  *state = (uintptr_t)api.state();
  uintptr_t ours = (uintptr_t)(python->minor >= 12 ? python->thread_state_now() : python->gilstate_this());
  return *state && *state == ours && !api.error() && !python->is_finalizing() && api.current_frame();
}

const char *comparison_make(uintptr_t state, uint32_t *agreed) {
  const char *difference = state_agrees(state) ? stack_differs(state, true, agreed) : "thread state";
  // Then again, read as the handler does.
  if (!difference) difference = stack_differs(state, false, agreed);
  if (api.error()) api.forget_error();
  return difference;
}
