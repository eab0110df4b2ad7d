#include "loops/greenlets.h"

#include <stdlib.h>
#include <string.h>

#include "cpython/objects.h"
#include "loops/gc_lists.h"
#include "loops/task_lists.h"
#include "record/records.h"
#include "sample/wait_stack.h"
#include "signals/guard.h"

// A hub has no pointers to the greenlets that it will switch to. So greenlets are searched for among all objects of the
// garbage collector (gc_lists.h). Each is checked again at every look: greenlets end, and their memory is reused.
#define KNOWN_MAX 8192
#define SLOTS (KNOWN_MAX * 2)
static uintptr_t known_greenlets[KNOWN_MAX];
static uint32_t known_count;
static uint64_t checked_at;
// The last look checked only some greenlets and found no suspended one: perhaps most have ended.
static bool none_found;
static uintptr_t slots[SLOTS];  // `known_greenlets` as a hash table by address

// PyGreenlet.pimpl, from greenlet 2 on, points to a C++ object whose second word points back to the greenlet. Then
// follow, in words (TGreenlet.hpp): the state of exceptions, whose size differs (layouts.h); the C stack: its start,
// its end, a copy of its first bytes and their number; a context; and the innermost frame while the greenlet does not
// run. What follows differs between versions of Python. The first greenlet in it is the thread's first one. In that
// one, the word behind the pointer to itself is the thread's state, NULL once the thread has ended.
#define GREENLET_BYTES 40
#define IMPLEMENTATION 32
enum { BACK = 1, START = 0, STOP, COPY, SAVED, FRAME = 6, STATE_WORDS = 7, WORDS_MAX = 16, REST_WORDS = 16 };
#define FRAMES_MAX 128
#define FIELDS_MAX 32
#define LINKS_MAX 16
// When this many complete searches have found no greenlet, the user is told.
#define UNPROVEN_LOOKS 5

static const struct interpreter *python;
static uintptr_t list_type, method_types[2];
static uint64_t step_ps;  // cost of one step of the walk, in picoseconds
// Whether any object had the expected layout of a greenlet, how many searches have found none, and whether the user was
// told.
static bool proven, told_user;
static uint32_t unproven;

static struct {
  uintptr_t type;
  bool is;
} types[1024];
static uint64_t types_valid_until;

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
  proven = told_user = false;
  unproven = 0;
}

const char *greenlets_unknown(void) {
  if (proven || told_user || unproven < UNPROVEN_LOOKS) return NULL;
  told_user = true;
  return "This version of greenlet is not supported, so the waiting of greenlets is charged to the line at which their "
         "hub waits. Versions from 2 on are supported.";
}

// ---- Known greenlets ----

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
  slots[slot] = known_greenlets[known_count++] = object;
}

static void visit(uintptr_t object, uintptr_t type) {
  if (is_plausible(type) && is_greenlet(type)) known_add(object);
}

// ---- State of a suspended greenlet ----

struct suspended {
  uintptr_t state[STATE_WORDS];
  uintptr_t rest;  // address of what follows the state
};

// Returns where a word of the greenlet's C stack is now: greenlet copies the part that other greenlets overwrite.
static uintptr_t stack_place(const struct suspended *suspended, uintptr_t address) {
  uintptr_t offset = address - suspended->state[START];
  return offset < suspended->state[SAVED] ? suspended->state[COPY] + offset : address;
}

// Reads a greenlet's state. False when the object is no greenlet, or is not initialized yet.
static bool state_read(struct suspended *suspended, uintptr_t greenlet) {
  uintptr_t head[GREENLET_BYTES / 8], words[WORDS_MAX];
  if (!memory_read(greenlet, head, sizeof head) || !is_plausible(head[OBJECT_TYPE / 8]) ||
      !is_greenlet(head[OBJECT_TYPE / 8]))
    return false;
  uintptr_t implementation = head[IMPLEMENTATION / 8];
  if (!is_plausible(implementation) || !memory_read(implementation, words, sizeof words) || words[BACK] != greenlet)
    return false;
  proven = true;
  memcpy(suspended->state, words + python->at.greenlet.stack / 8, sizeof suspended->state);
  suspended->rest = implementation + python->at.greenlet.stack + sizeof suspended->state;
  return true;
}

// Returns the first greenlet of the same thread, 0 when it is not found. *ended: the thread has ended.
static uintptr_t first_greenlet(const struct suspended *suspended, bool *ended) {
  uintptr_t rest[REST_WORDS], rest_of_first[REST_WORDS];
  if (!memory_read(suspended->rest, rest, sizeof rest)) return 0;
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

// True when the greenlet's thread has ended, as happens to hubs. Another thread may use the C stack by now.
static bool is_left_over(const struct suspended *suspended) {
  bool ended;
  return first_greenlet(suspended, &ended) && ended;
}

// Reads a greenlet that has begun to run on the thread's C stack and has switched away. False for any other.
static bool suspended_read(struct suspended *suspended, uintptr_t greenlet, const struct thread *thread) {
  if (!state_read(suspended, greenlet)) return false;
  uintptr_t start = suspended->state[START], stop = suspended->state[STOP], frame = suspended->state[FRAME], type;
  if (start - thread->identity.stack_low >= thread->identity.stack_end - thread->identity.stack_low || stop <= start ||
      !is_plausible(frame))
    return false;
  if (suspended->state[SAVED] > stop - start || suspended->state[SAVED] && !is_plausible(suspended->state[COPY]))
    return false;
  if (!memory_read(frame + OBJECT_TYPE, &type, sizeof type) || type != python->frame_type) return false;
  return thread->identity.is_first || !is_left_over(suspended);
}

// ---- The search ----

// Forgets greenlets that have ended or whose memory was reused. When that leaves little room, forgets every other one.
static void known_check(void) {
  uint32_t kept = 0;
  for (uint32_t i = 0; i < known_count; i++) {
    struct suspended greenlet;
    bool ended = !state_read(&greenlet, known_greenlets[i]) || !greenlet.state[START] && greenlet.state[STOP] ||
                 is_left_over(&greenlet);
    if (!ended) known_greenlets[kept++] = known_greenlets[i];
  }
  if (kept > KNOWN_MAX * 3 / 4) {
    uint32_t half = kept / 2;
    for (uint32_t i = 0; i < half; i++) known_greenlets[i] = known_greenlets[i * 2 + (uint32_t)tasks_random(2)];
    kept = half;
  }
  if (kept == known_count) return;
  known_count = kept;
  memset(slots, 0, sizeof slots);
  for (uint32_t i = 0; i < kept; i++) slots[slot_of(known_greenlets[i])] = known_greenlets[i];
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
  // The cache is emptied regularly: classes are freed, and their addresses used for others.
  if (now >= types_valid_until) {
    memset(types, 0, sizeof types);
    types_valid_until = now + NS_PER_SECOND;
  }
  // A check of one greenlet takes a microsecond or two, so the interval between checks grows with their number.
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
  // For a short walk, reading the clock would be most of the measured time.
  if (visited > 1000) step_ps = (step_ps + cost * 1000 / visited) / 2 + 1;
  unproven += complete || !visited;
  return complete;
}

// ---- Frames of a suspended greenlet ----

INLINE uintptr_t word_at(const unsigned char *fields, size_t offset) {
  uintptr_t word;
  memcpy(&word, fields + offset, sizeof word);
  return word;
}

// What is known of code objects. Kept for one look only.
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
  codes[slot].bytecode = address + python->at.code.bytecode;
  return slot;
}

static int32_t instruction_of(const unsigned char *fields, size_t code) {
  const struct layout *at = &python->at;
  if (python->minor < 11) {
    int32_t last;
    memcpy(&last, fields + at->frame.instruction, sizeof last);
    return last < 0 ? -1 : last * at->frame.instruction_unit;
  }
  intptr_t offset = (intptr_t)(word_at(fields, at->frame.instruction) - codes[code].bytecode);
  return offset < 0 || offset > INT32_MAX ? -1 : (int32_t)offset;
}

// Records a greenlet's frames as a stack of the chain. False when they cannot be followed.
static bool frames_record(const struct suspended *suspended, struct await_chain *chain) {
  static struct {
    uint32_t code;
    int32_t instruction;
  } frames[FRAMES_MAX];
  const struct layout *at = &python->at;
  unsigned char fields[FRAME_OBJECT_BYTES];
  size_t size = python->minor < 11 ? FRAME_OBJECT_BYTES : FRAME_BYTES;
  uint32_t count = 0;
  uintptr_t frame = suspended->state[FRAME];
  if (python->minor >= 11 && !memory_read(frame + FRAME_OBJECT_FRAME, &frame, sizeof frame)) return false;
  for (int steps = 0; frame && steps < FRAMES_MAX * 2 && count < FRAMES_MAX; steps++) {
    uintptr_t place = stack_place(suspended, frame);
    if (!is_plausible(place) || !memory_read(place, fields, size)) return false;
    frame = word_at(fields, at->frame.previous);
    // A frame on the C stack that C code keeps.
    if (python->minor >= 12 && fields[at->frame.owner] >= OWNER_C_STACK) continue;
    if (python->minor < 11 && word_at(fields, OBJECT_TYPE) != python->frame_type) return false;
    size_t code = code_find(word_at(fields, at->frame.code) & ~(uintptr_t)7);
    if (!codes[code].id) return false;
    chain->children |= codes[code].place == PLACE_CHILDREN;
    frames[count].code = codes[code].id;
    frames[count++].instruction = instruction_of(fields, code);
  }
  if (!count) return false;
  while (count--) chain->stack = record_stack(chain->stack, frames[count].code, frames[count].instruction, 0);
  return true;
}

// ---- Greenlets that wait for others ----

static int by_object(const void *a, const void *b) {
  uintptr_t left = ((const struct await_chain *)a)->object, right = ((const struct await_chain *)b)->object;
  return left < right ? -1 : left > right;
}

// `link` is what gevent calls when a greenlet ends: a method of a greenlet that waits for that, or of an object that
// holds such a greenlet. Marks that waiter.
static void waiter_mark(struct await_chain *chains, uint32_t count, uintptr_t link) {
  uintptr_t method[METHOD_SELF / 8 + 1], fields[8];
  if (!is_plausible(link) || !memory_read(link, method, sizeof method)) return;
  if (method[OBJECT_TYPE / 8] != method_types[0] && method[OBJECT_TYPE / 8] != method_types[1]) return;
  fields[0] = method[METHOD_SELF / 8];
  if (!is_plausible(fields[0]) || !memory_read(fields[0] + 8, fields + 1, sizeof fields - 8)) return;
  for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
    struct await_chain key = {.object = fields[i]};
    struct await_chain *waiter = bsearch(&key, chains, count, sizeof *chains, by_object);
    if (waiter) waiter->children = true;
  }
}

// Marks the greenlets that wait for this one to end. gevent keeps a list of what to call then in a field of the
// greenlet.
static void waiters_mark(struct await_chain *chains, uint32_t count, uintptr_t greenlet) {
  static uintptr_t fields[FIELDS_MAX];
  uintptr_t type, size, head[LIST_ITEMS / 8 + 1], links[LINKS_MAX];
  if (!memory_read(greenlet + OBJECT_TYPE, &type, sizeof type) || !is_plausible(type) || !is_greenlet(type)) return;
  if (!memory_read(type + TYPE_BASIC_SIZE, &size, sizeof size) || size <= GREENLET_BYTES) return;
  if (size > GREENLET_BYTES + sizeof fields) size = GREENLET_BYTES + sizeof fields;
  size_t words = (size - GREENLET_BYTES) / 8;
  if (!memory_read(greenlet + GREENLET_BYTES, fields, words * 8)) return;
  for (size_t i = 0; i < words; i++) {
    if (!is_plausible(fields[i]) || !memory_read(fields[i], head, sizeof head) || head[OBJECT_TYPE / 8] != list_type)
      continue;
    uintptr_t length = head[OBJECT_SIZE / 8];
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
    // When more are known than wanted, picks one at random from each stretch of the table: similar greenlets lie side
    // by side.
    uint32_t from = (uint32_t)((uint64_t)i * known_count / looks);
    uint32_t to = (uint32_t)((uint64_t)(i + 1) * known_count / looks);
    struct suspended suspended;
    picks[i] = from + (uint32_t)tasks_random(to - from);
    if (!suspended_read(&suspended, known_greenlets[picks[i]], thread)) continue;
    chains[*kept] = (struct await_chain){.object = known_greenlets[picks[i]]};
    if (frames_record(&suspended, &chains[*kept])) (*kept)++;
  }
  none_found = *partial && !*kept;
  qsort(chains, *kept, sizeof *chains, by_object);
  for (uint32_t i = 0; i < looks; i++) waiters_mark(chains, *kept, known_greenlets[picks[i]]);
  return looks;
}
