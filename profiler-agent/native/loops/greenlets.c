#include "loops/greenlets.h"

#include <stdlib.h>
#include <string.h>

#include "cpython/objects.h"
#include "loops/gc_lists.h"
#include "loops/task_lists.h"
#include "record/records.h"
#include "sample/wait_stack.h"
#include "signals/guard.h"

// Nothing leads from a hub to the greenlets that it will switch to. All there are are found among what the garbage
// collector knows (gc_lists.h), and looked at again each time: they end, and their memory is used again.
#define KNOWN_MAX 8192
#define SLOTS (KNOWN_MAX * 2)
static uintptr_t known[KNOWN_MAX];
static uint32_t known_count;
static uint64_t checked_at;
static bool none_found;         // at the last look, though there were too many for it: most of them have ended, perhaps
static uintptr_t slots[SLOTS];  // the same, by address

// PyGreenlet.pimpl, from greenlet 2 on: a C++ object that leads back to it. Then (words of TGreenlet.hpp) the state of
// its exceptions, which is shorter from 3.11 on, and that of its C stack: where it starts, where it ends, a copy of its
// first bytes and how many these are. Then a context, and the innermost frame while it does not run. What follows
// differs between the versions of Python; the first greenlet in it is the one that its thread began with, and there
// what comes after that is the thread's state, NULL once the thread has ended.
#define GREENLET_BYTES 40
#define IMPLEMENTATION 32
enum { BACK = 1, START = 0, STOP, COPY, SAVED, FRAME = 6, STATE_WORDS = 7, WORDS_MAX = 16, REST_WORDS = 16 };
#define STATE (python->minor < 11 ? 9 : 7)
// PyFrameObject.f_frame, from 3.11.
#define OBJECT_FRAME 24
#define OWNER_C_STACK 3
#define FRAMES_MAX 128
#define FRAME_FIELDS 112
// PyTypeObject.tp_basicsize, PyListObject.ob_size and ob_item, and what a method is bound to: PyMethodObject.im_self,
// PyCFunctionObject.m_self.
enum { TYPE_SIZE = 32, LIST_SIZE = 16, LIST_ITEMS = 24, BOUND_TO = 24 };
#define FIELDS_MAX 32
#define LINKS_MAX 16
// After so many searches of everything it is said that none was found.
#define UNPROVEN_LOOKS 5

static const struct interpreter *python;
static uintptr_t list_type, method_types[2];
static uint64_t step_ps;  // what a step of the walk costs
// Whether any greenlet was what it should be, how often none was, and whether that was said.
static bool proven, said;
static uint32_t unproven;

static struct {
  uintptr_t type;
  bool is;
} types[1024];
static uint64_t types_until;

void greenlets_begin(const struct interpreter *interpreter) {
  python = interpreter;
  gc_lists_begin(python);
  list_type = (uintptr_t)interpreter_symbol("PyList_Type");
  method_types[0] = (uintptr_t)interpreter_symbol("PyCFunction_Type");
  method_types[1] = (uintptr_t)interpreter_symbol("PyMethod_Type");
  known_count = 0;
  checked_at = 0;
  none_found = false;
  memset(slots, 0, sizeof slots);
  memset(types, 0, sizeof types);
  step_ps = 50 * 1000;
  proven = said = false;
  unproven = 0;
}

const char *greenlets_unknown(void) {
  if (proven || said || unproven < UNPROVEN_LOOKS) return NULL;
  said = true;
  return "This version of greenlet is not supported, so the waiting of greenlets is charged to the line at which their "
         "hub waits. Versions from 2 on are supported.";
}

// ---- Which greenlets there are ----

static bool type_find(uintptr_t type) {
  for (int depth = 0; type && depth < 8; depth++) {
    if (type_is(type, "greenlet.greenlet")) return true;
    type = type_base(type);
  }
  return false;
}

static bool is_greenlet(uintptr_t type) {
  size_t slot = mix64(type) % (sizeof types / sizeof *types);
  if (types[slot].type != type) {
    types[slot].is = type_find(type);
    types[slot].type = type;
  }
  return types[slot].is;
}

static uint32_t slot_of(uintptr_t object) {
  uint32_t slot = (uint32_t)(mix64(object) % SLOTS);
  while (slots[slot] && slots[slot] != object) slot = (slot + 1) % SLOTS;
  return slot;
}

static void known_add(uintptr_t object) {
  uint32_t slot = slot_of(object);
  if (slots[slot] || known_count == KNOWN_MAX) return;
  slots[slot] = known[known_count++] = object;
}

static void visit(uintptr_t object, uintptr_t type) {
  if (is_plausible(type) && is_greenlet(type)) known_add(object);
}

// ---- One that does not run ----

struct suspended {
  uintptr_t state[STATE_WORDS];
  uintptr_t rest;  // where its implementation goes on
};

// Where a word of the greenlet's C stack is now: what other greenlets have needed of it was copied.
static uintptr_t stack_place(const struct suspended *self, uintptr_t address) {
  uintptr_t offset = address - self->state[START];
  return offset < self->state[SAVED] ? self->state[COPY] + offset : address;
}

// Reads what a greenlet is about. False when it is none, or one that is being made.
static bool state_read(struct suspended *self, uintptr_t greenlet) {
  uintptr_t head[GREENLET_BYTES / 8], words[WORDS_MAX];
  if (!memory_read(greenlet, head, sizeof head) || !is_plausible(head[1]) || !is_greenlet(head[1])) return false;
  uintptr_t implementation = head[IMPLEMENTATION / 8];
  if (!is_plausible(implementation) || !memory_read(implementation, words, sizeof words) || words[BACK] != greenlet)
    return false;
  proven = true;
  memcpy(self->state, words + STATE, sizeof self->state);
  self->rest = implementation + (STATE + STATE_WORDS) * 8;
  return true;
}

// The greenlet that its thread began with. 0 when that is not found. *ended: the thread has ended.
static uintptr_t first_greenlet(const struct suspended *self, bool *ended) {
  uintptr_t rest[REST_WORDS], rest_of_first[REST_WORDS];
  if (!memory_read(self->rest, rest, sizeof rest)) return 0;
  for (int i = 0; i < REST_WORDS; i++) {
    struct suspended first;
    if (!is_plausible(rest[i]) || !state_read(&first, rest[i])) continue;
    if (!memory_read(first.rest, rest_of_first, sizeof rest_of_first)) return 0;
    for (int j = 0; j + 1 < REST_WORDS; j++) {
      if (rest_of_first[j] != rest[i]) continue;
      *ended = !rest_of_first[j + 1];
      return rest[i];
    }
  }
  return 0;
}

// A hub often outlives its thread, whose C stack may be another's by now.
static bool is_left_over(const struct suspended *self) {
  bool ended;
  return first_greenlet(self, &ended) && ended;
}

// Reads one that has begun to run on the thread's C stack, and has switched away. False for any other.
static bool suspended_read(struct suspended *self, uintptr_t greenlet, const struct thread *thread) {
  if (!state_read(self, greenlet)) return false;
  uintptr_t start = self->state[START], stop = self->state[STOP], frame = self->state[FRAME], type;
  if (start - thread->stack_low >= thread->stack_end - thread->stack_low || stop <= start || !is_plausible(frame))
    return false;
  if (self->state[SAVED] > stop - start || self->state[SAVED] && !is_plausible(self->state[COPY])) return false;
  if (!memory_read(frame + 8, &type, sizeof type) || type != python->frame_type) return false;
  return thread->is_first || !is_left_over(self);
}

// ---- The search ----

// Forgets those that have ended, or are something else by now; where there is no room for new ones, every other one.
static void known_check(void) {
  uint32_t kept = 0;
  for (uint32_t i = 0; i < known_count; i++) {
    struct suspended it;
    bool ended = !state_read(&it, known[i]) || !it.state[START] && it.state[STOP] || is_left_over(&it);
    if (!ended) known[kept++] = known[i];
  }
  if (kept > KNOWN_MAX * 3 / 4) {
    uint32_t half = kept / 2;
    for (uint32_t i = 0; i < half; i++) known[i] = known[i * 2 + (uint32_t)tasks_random(2)];
    kept = half;
  }
  if (kept == known_count) return;
  known_count = kept;
  memset(slots, 0, sizeof slots);
  for (uint32_t i = 0; i < kept; i++) slots[slot_of(known[i])] = known[i];
}

static uint32_t steps_of(uint64_t ns) {
  uint64_t steps = ns * 1000 / step_ps;
  return steps > UINT32_MAX ? UINT32_MAX : (uint32_t)steps;
}

bool greenlets_search(uintptr_t hub, uint64_t most_ns, uint64_t again_ns) {
  struct suspended running;
  bool ended;
  uintptr_t first = hub && state_read(&running, hub) ? first_greenlet(&running, &ended) : 0;
  if (first) known_add(first);
  uint64_t now = clock_ns(CLOCK_MONOTONIC_COARSE);
  // Classes come and go, and addresses are used again.
  if (now >= types_until) {
    memset(types, 0, sizeof types);
    types_until = now + NS_PER_SECOND;
  }
  // The more there are the later, as looking at one takes a microsecond or two.
  uint64_t rest = known_count * (NS_PER_SECOND / 1000) + (none_found ? 0 : NS_PER_SECOND);
  if (now >= checked_at + rest || known_count == KNOWN_MAX) {
    checked_at = now;
    none_found = false;
    known_check();
  }
  bool complete;
  uint64_t before = clock_ns(CLOCK_THREAD_CPUTIME_ID);
  uint32_t visited = gc_lists_walk(steps_of(most_ns), steps_of(again_ns), visit, &complete);
  uint64_t cost = clock_ns(CLOCK_THREAD_CPUTIME_ID) - before;
  // Of a short walk the clock itself is most.
  if (visited > 1000) step_ps = (step_ps + cost * 1000 / visited) / 2 + 1;
  unproven += complete || !visited;
  return complete;
}

// ---- Its frames ----

INLINE uintptr_t word_at(const unsigned char *fields, size_t offset) {
  uintptr_t word;
  memcpy(&word, fields + offset, sizeof word);
  return word;
}

// What is known of code objects during one look.
static struct {
  uintptr_t code, bytecode;
  uint32_t id;
  enum place place;
} codes[256];

static size_t code_find(uintptr_t address) {
  size_t slot = mix64(address) % (sizeof codes / sizeof *codes);
  if (codes[slot].code == address) return slot;
  codes[slot].code = address;
  codes[slot].id = code_record(address);
  codes[slot].place = codes[slot].id ? place_of(codes[slot].id, address) : PLACE_OTHER;
  codes[slot].bytecode = address + python->at.code_bytecode;
  return slot;
}

static int32_t instruction_of(const unsigned char *fields, size_t code) {
  const struct offsets *at = &python->at;
  if (python->minor < 11) {
    int32_t last;
    memcpy(&last, fields + at->frame_instruction, sizeof last);
    return last < 0 ? -1 : python->minor == 9 ? last : last * 2;
  }
  intptr_t offset = (intptr_t)(word_at(fields, at->frame_instruction) - codes[code].bytecode);
  return offset < 0 || offset > INT32_MAX ? -1 : (int32_t)offset;
}

// Puts a greenlet's frames on a stack in the recording. False when they cannot be followed.
static bool frames_record(const struct suspended *self, struct await_chain *chain) {
  static struct {
    uint32_t code;
    int32_t instruction;
  } frames[FRAMES_MAX];
  const struct offsets *at = &python->at;
  unsigned char fields[FRAME_FIELDS];
  size_t size = python->minor < 11 ? FRAME_FIELDS : 80;
  uint32_t count = 0;
  uintptr_t frame = self->state[FRAME];
  if (python->minor >= 11 && !memory_read(frame + OBJECT_FRAME, &frame, sizeof frame)) return false;
  for (int steps = 0; frame && steps < FRAMES_MAX * 2 && count < FRAMES_MAX; steps++) {
    uintptr_t place = stack_place(self, frame);
    if (!is_plausible(place) || !memory_read(place, fields, size)) return false;
    frame = word_at(fields, at->frame_previous);
    // A frame that C code keeps, on the C stack.
    if (python->minor >= 12 && fields[at->frame_owner] >= OWNER_C_STACK) continue;
    if (python->minor < 11 && word_at(fields, 8) != python->frame_type) return false;
    size_t code = code_find(word_at(fields, at->frame_code) & ~(uintptr_t)7);
    if (!codes[code].id) return false;
    chain->children |= codes[code].place == PLACE_CHILDREN;
    frames[count].code = codes[code].id;
    frames[count++].instruction = instruction_of(fields, code);
  }
  if (!count) return false;
  while (count--) chain->stack = record_stack(chain->stack, frames[count].code, frames[count].instruction, 0);
  return true;
}

// ---- Who waits for whom ----

static int by_object(const void *a, const void *b) {
  uintptr_t left = ((const struct await_chain *)a)->object, right = ((const struct await_chain *)b)->object;
  return left < right ? -1 : left > right;
}

// What is to be called when a greenlet ends belongs to one that waits for that, or to something that holds it.
static void waiter_mark(struct await_chain *chains, uint32_t count, uintptr_t link) {
  uintptr_t method[BOUND_TO / 8 + 1], fields[8];
  if (!is_plausible(link) || !memory_read(link, method, sizeof method)) return;
  if (method[1] != method_types[0] && method[1] != method_types[1]) return;
  fields[0] = method[BOUND_TO / 8];
  if (!is_plausible(fields[0]) || !memory_read(fields[0] + 8, fields + 1, sizeof fields - 8)) return;
  for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
    struct await_chain key = {.object = fields[i]};
    struct await_chain *waiter = bsearch(&key, chains, count, sizeof *chains, by_object);
    if (waiter) waiter->children = true;
  }
}

// Marks those that wait for this greenlet to end: gevent's keep a list of what is to be called then.
static void waiters_mark(struct await_chain *chains, uint32_t count, uintptr_t greenlet) {
  static uintptr_t fields[FIELDS_MAX];
  uintptr_t type, size, head[LIST_ITEMS / 8 + 1], links[LINKS_MAX];
  if (!memory_read(greenlet + 8, &type, sizeof type) || !is_plausible(type) || !is_greenlet(type)) return;
  if (!memory_read(type + TYPE_SIZE, &size, sizeof size) || size <= GREENLET_BYTES) return;
  if (size > GREENLET_BYTES + sizeof fields) size = GREENLET_BYTES + sizeof fields;
  size_t words = (size - GREENLET_BYTES) / 8;
  if (!memory_read(greenlet + GREENLET_BYTES, fields, words * 8)) return;
  for (size_t i = 0; i < words; i++) {
    if (!is_plausible(fields[i]) || !memory_read(fields[i], head, sizeof head) || head[1] != list_type) continue;
    uintptr_t length = head[LIST_SIZE / 8];
    if (length > LINKS_MAX) length = LINKS_MAX;
    if (!length || !memory_read(head[LIST_ITEMS / 8], links, length * 8)) continue;
    for (uintptr_t j = 0; j < length; j++) waiter_mark(chains, count, links[j]);
  }
}

uint32_t greenlets_chains(struct await_chain *chains, uint32_t *kept, const struct thread *thread, uint32_t most,
                          bool *partial) {
  static uint32_t picks[TASKS_MAX];
  uint32_t looks = known_count < most ? known_count : most;
  *kept = 0;
  memset(codes, 0, sizeof codes);
  *partial = known_count > looks;
  for (uint32_t i = 0; i < looks; i++) {
    // Where there are too many, one of each stretch of them: those that are alike lie side by side.
    uint32_t from = (uint32_t)((uint64_t)i * known_count / looks);
    uint32_t to = (uint32_t)((uint64_t)(i + 1) * known_count / looks);
    struct suspended suspended;
    picks[i] = from + (uint32_t)tasks_random(to - from);
    if (!suspended_read(&suspended, known[picks[i]], thread)) continue;
    chains[*kept] = (struct await_chain){.object = known[picks[i]]};
    if (frames_record(&suspended, &chains[*kept])) (*kept)++;
  }
  none_found = *partial && !*kept;
  qsort(chains, *kept, sizeof *chains, by_object);
  for (uint32_t i = 0; i < looks; i++) waiters_mark(chains, *kept, known[picks[i]]);
  return looks;
}
