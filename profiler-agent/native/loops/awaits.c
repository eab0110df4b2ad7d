#include "loops/awaits.h"

#include <string.h>

#include "cpython/objects.h"
#include "record/records.h"
#include "sample/wait_stack.h"

// Deeper chains are cut at their innermost end.
#define DEPTH 64
#define CHAINS_AT_ONCE 256

// No more than this is read of a generator with its frame, and of an object that may be anything.
#define GENERATOR_BYTES 168
#define HEAD_BYTES 32

// opcode.h: YIELD_FROM of 3.9 and 3.10; RESUME of 3.11 and 3.12, whose argument says after what kind of instruction
// the frame resumes.
#define YIELD_FROM 72
#define RESUME 151
#define RESUME_QUICK 150         // 3.11
#define INSTRUMENTED_RESUME 240  // 3.12

static const struct interpreter *python;
static const struct layout *at;
static uintptr_t generator_types[3];

static struct {
  uintptr_t type;
  enum kind kind;
} kinds[64];
// The cache is emptied when the coarse monotonic clock reaches this, in ns.
static uint64_t kinds_until;

void awaits_begin(const struct interpreter *interpreter) {
  python = interpreter;
  at = &python->at;
  const char *names[] = {"PyCoro_Type", "PyGen_Type", "PyAsyncGen_Type"};
  for (int i = 0; i < 3; i++) generator_types[i] = (uintptr_t)interpreter_symbol(names[i]);
}

static enum kind kind_find(uintptr_t type) {
  static const struct {
    const char *name;
    enum kind kind;
  } known[] = {
      {"_asyncio.Task", KIND_TASK},
      {"_GatheringFuture", KIND_GATHERING},
      {"coroutine_wrapper", KIND_WRAPPER},
      {"async_generator_asend", KIND_WRAPPER},
      {"async_generator_athrow", KIND_WRAPPER},
      {"anext_awaitable", KIND_WRAPPER},
  };
  for (int i = 0; i < 3; i++)
    if (type == generator_types[i]) return KIND_GENERATOR;
  for (int depth = 0; type && depth < 8; depth++) {
    char name[TYPE_NAME_BYTES];
    type_name(type, name);
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
      if (strcmp(name, known[i].name) == 0) return known[i].kind;
    type = type_base(type);
  }
  return KIND_OTHER;
}

enum kind type_kind(uintptr_t type) {
  // The cache is emptied regularly: classes are freed, and their addresses used for others.
  uint64_t now = clock_ns(CLOCK_MONOTONIC_COARSE);
  if (now >= kinds_until) {
    memset(kinds, 0, sizeof kinds);
    kinds_until = now + NS_PER_SECOND;
  }
  size_t slot = mix64(type) % (sizeof kinds / sizeof *kinds);
  if (kinds[slot].type != type) {
    kinds[slot].kind = kind_find(type);
    kinds[slot].type = type;
  }
  return kinds[slot].kind;
}

// What is known of a code object. Kept only while the chains of one call are followed: later its address may belong to
// another code object.
struct code {
  uintptr_t code, bytecode;
  uint32_t id;
  enum place place;
};
static struct code codes[CHAINS_AT_ONCE];

static const struct code *code_find(uintptr_t address) {
  struct code *code = &codes[mix64(address) % CHAINS_AT_ONCE];
  if (code->code == address) return code;
  *code = (struct code){.code = address, .id = code_record(address)};
  if (!code->id) return code;
  code->place = place_of(code->id, address);
  code->bytecode = address + at->code.bytecode;
  if (python->minor < 11) code->bytecode = pointer_read(code->bytecode) + at->bytes.data;
  return code;
}

// One chain while it is followed: what was read of its current object.
struct step {
  struct await_chain *chain;
  union {
    unsigned char generator[GENERATOR_BYTES];
    uint64_t words[GENERATOR_BYTES / 8];
  };
  unsigned char object[FRAME_OBJECT_BYTES];  // before 3.11: the frame object
  uintptr_t frame;                           // the frame's address, 0 when the object has no frame
  uintptr_t top;                             // address of the place on the value stack that holds what is awaited
  uintptr_t next_code;                       // address of the instruction with which the frame goes on
  uintptr_t awaited;
  uint8_t next[2];  // the opcode and argument of that instruction
  enum place place;
};

INLINE uint64_t word_at(const unsigned char *bytes, size_t offset) {
  uint64_t word;
  memcpy(&word, bytes + offset, sizeof word);
  return word;
}

INLINE const unsigned char *frame_of(const struct step *step) {
  return python->minor < 11 ? step->object : step->generator + at->generator.frame;
}

// Returns the address of the place on a suspended frame's value stack that holds what it awaits, 0 when there is none.
static uintptr_t top_find(const struct step *step) {
  uint64_t top = word_at(frame_of(step), at->frame.top);
  if (!at->frame.top_is_count) return is_plausible(top) ? top - at->frame.awaited : 0;
  bool elsewhere = at->frame.values;
  uintptr_t values = elsewhere ? word_at(frame_of(step), at->frame.values) : step->frame + at->frame.locals;
  int32_t count = (int32_t)top;
  return count > 0 && count < 1 << 16 ? values + (uintptr_t)(count - 1) * 8 : 0;
}

// Adds a generator's frame to the chain's stack. False when the generator is not suspended.
static bool frame_add(struct step *step) {
  const unsigned char *frame = frame_of(step);
  if (at->generator.suspended) {
    int8_t state = (int8_t)(at->frame.state ? frame[at->frame.state] : step->generator[at->generator.state]);
    if (state != at->generator.suspended && state != at->generator.awaiting) return false;
  }
  const struct code *code = code_find(word_at(frame, at->frame.code) & ~(uintptr_t)7);
  if (!code->id) return false;
  int64_t instruction;
  if (python->minor < 11) {
    int32_t last;
    memcpy(&last, frame + at->frame.instruction, sizeof last);
    instruction = last * at->frame.instruction_unit;
  } else {
    instruction = (int64_t)(word_at(frame, at->frame.instruction) - code->bytecode);
  }
  if (instruction < 0 || instruction > INT32_MAX) return false;
  step->chain->stack = record_stack(step->chain->stack, code->id, (int32_t)instruction, 0);
  step->place = code->place;
  step->chain->children |= code->place == PLACE_CHILDREN;
  step->chain->lost |= code->place == PLACE_SERVICE;
  step->top = top_find(step);
  step->next_code = code->bytecode + (uintptr_t)instruction + 2;
  return true;
}

// True when a generator whose frame has been added awaits another one; false when it yields to its caller.
static bool is_awaiting(const struct step *step) {
  if (python->minor >= 13) return (int8_t)step->generator[at->generator.state] == at->generator.awaiting;
  if (python->minor < 11) return step->next[0] == YIELD_FROM;
  bool resume = step->next[0] == RESUME || step->next[0] == (python->minor == 11 ? RESUME_QUICK : INSTRUMENTED_RESUME);
  return resume && (step->next[1] & 3) >= 2;
}

// Reads the current object of each chain, and its frame if it has one.
static void steps_read(struct step *steps, uint32_t count) {
  static struct read reads[CHAINS_AT_ONCE];
  bool objects = python->minor < 11;
  for (uint32_t i = 0; i < count; i++)
    reads[i] = (struct read){
        .address = steps[i].chain->object, .into = steps[i].generator, .size = objects ? HEAD_BYTES : GENERATOR_BYTES};
  memory_read_all(reads, count);
  for (uint32_t i = 0; i < count; i++) {
    struct step *step = &steps[i];
    // The object may be smaller than what is read, and lie at the end of mapped memory.
    if (!reads[i].done && !memory_read(step->chain->object, step->words, HEAD_BYTES)) step->words[OBJECT_TYPE / 8] = 0;
    bool found = type_kind(step->words[OBJECT_TYPE / 8]) == KIND_GENERATOR && (reads[i].done || objects);
    step->frame = !found    ? 0
                  : objects ? step->words[at->generator.frame / 8]
                            : step->chain->object + at->generator.frame;
  }
  if (!objects) return;
  for (uint32_t i = 0; i < count; i++)
    reads[i] = (struct read){.address = steps[i].frame, .into = steps[i].object, .size = FRAME_OBJECT_BYTES};
  memory_read_all(reads, count);
  for (uint32_t i = 0; i < count; i++)
    if (!reads[i].done) steps[i].frame = 0;
}

// Reads what each frame awaits, and the instruction with which it goes on.
static void awaited_read(struct step *steps, uint32_t count) {
  static struct read reads[CHAINS_AT_ONCE * 2];
  for (uint32_t i = 0; i < count; i++) {
    struct step *step = &steps[i];
    step->awaited = 0;
    memset(step->next, 0, sizeof step->next);
    reads[i] = (struct read){.address = step->top, .into = &step->awaited, .size = sizeof step->awaited};
    reads[count + i] = (struct read){.address = step->next_code, .into = step->next, .size = sizeof step->next};
  }
  memory_read_all(reads, python->minor < 13 ? count * 2 : count);
}

// Adds the frame of a chain's current object. False when the chain ends here.
static bool step_take(struct step *step, bool first) {
  if (!step->frame) {
    // Not a coroutine. A wrapper is followed; a task that runs anything else has no frames to show.
    bool wrapper = type_kind(step->words[OBJECT_TYPE / 8]) == KIND_WRAPPER;
    step->chain->lost |= first && !wrapper;
    return wrapper;
  }
  if (frame_add(step)) return true;
  step->chain->lost = true;
  return false;
}

// Moves a chain on to what its frame awaits. False when the chain ends here.
static bool step_advance(struct step *step) {
  if (!step->frame) {
    step->chain->object = step->words[WRAPPED / 8];
    return true;
  }
  step->chain->object = 0;
  if (!is_awaiting(step)) return false;
  step->chain->object = step->awaited & ~(uintptr_t)7;
  if (step->place == PLACE_WAIT_FOR && python->minor < 12)
    step->chain->children |= type_kind(object_type(frame_first_local(step->frame))) == KIND_TASK;
  return true;
}

static void chains_follow_together(struct await_chain *chains, uint32_t count) {
  static struct step steps[CHAINS_AT_ONCE];
  memset(codes, 0, sizeof codes);
  for (uint32_t i = 0; i < count; i++) steps[i].chain = &chains[i];
  for (int depth = 0; count && depth < DEPTH; depth++) {
    steps_read(steps, count);
    uint32_t kept = 0;
    for (uint32_t i = 0; i < count; i++)
      if (step_take(&steps[i], depth == 0)) steps[kept++] = steps[i];
    count = kept;
    awaited_read(steps, count);
    kept = 0;
    for (uint32_t i = 0; i < count; i++)
      if (step_advance(&steps[i])) steps[kept++] = steps[i];
    count = kept;
  }
}

void awaits_follow(struct await_chain *chains, uint32_t count) {
  for (uint32_t i = 0; i < count; i += CHAINS_AT_ONCE)
    chains_follow_together(chains + i, count - i < CHAINS_AT_ONCE ? count - i : CHAINS_AT_ONCE);
}
