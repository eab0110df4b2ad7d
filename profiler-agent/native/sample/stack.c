#include "sample/stack.h"

#include "cpython/codes.h"
#include "cpython/frames.h"
#include "sample/sampler.h"
#include "signals/guard.h"
#include "unwind/modules.h"
#include "unwind/unwind.h"

// Deeper stacks are cut at their outermost end.
#define PYTHON_MAX 2048
#define NATIVE_MAX 1536
_Static_assert(PYTHON_MAX + NATIVE_MAX <= STACK_WORDS_MAX, "both kinds fit");

struct collector {
  const struct interpreter *python;
  const struct thread *thread;
  struct ring *ring;
  uint64_t *words;
  uint32_t count, pythons, natives;
  const struct module_map *map;
  struct unwind_cursor cursor;
  bool first;      // nothing has been unwound yet: the program counter is exact
  bool unwinding;  // the cursor stands on a frame that is known to be right
  bool outermost;  // it has come to where the thread began
  bool in_syscall;
  bool switching;  // the thread is inside greenlet's code
};

// What the invocation of the bytecode loop that called greenlet's code has of the C stack. It is only believed where
// something else agrees with it.
static void caller_find(const struct collector *self, struct walk *walk) {
  enum { STEPS = 32 };
  struct unwind_cursor cursor = self->cursor;
  struct unwind_step step;
  for (int i = 0; i < STEPS; i++) {
    bool found = interpreter__in_eval(self->python, cursor.at.pc - 1);
    uintptr_t low = cursor.at.sp;
    if (!unwind_step(&cursor, self->map, false, &step)) return;
    if (!found) continue;
    walk->caller_low = low;
    walk->caller_high = cursor.at.sp;
    return;
  }
}

// Writes native frames up to the next invocation of the bytecode loop, and moves behind that. Its part of the C stack
// is
// [*low, *high). False when there is none, or the way to it is not known.
static bool natives_until_eval(struct collector *self, uintptr_t *low, uintptr_t *high) {
  struct unwind_step step;
  uint32_t start = self->count;
  while (!interpreter__in_eval(self->python, self->cursor.at.pc - !self->first)) {
    uintptr_t pc = self->cursor.at.pc;
    if (self->natives == NATIVE_MAX) return self->unwinding = false;
    self->unwinding = unwind_step(&self->cursor, self->map, self->first, &step);
    if (step.module < 0) modules_want_refresh();
    if (self->first && step.module >= 0 && module_at((uint32_t)step.module)->kind == MODULE_LIBC)
      self->in_syscall = after_syscall(pc);
    self->first = false;
    self->words[self->count++] = word_native(step.function ? step.function : pc, step.function, step.module);
    self->natives++;
    // What lies behind it on the C stack is another greenlet's, or was a moment ago.
    if (step.module >= 0 && module_at((uint32_t)step.module)->exchanges_stacks) {
      self->switching = self->unwinding;
      return self->unwinding = false;
    }
    if (!self->unwinding) {
      self->outermost = step.outermost;
      return false;
    }
  }
  // What such a loop calls is an instruction's own code, as much a part of it as any.
  if (self->python->tail_calls && self->count > start) self->count--;
  *low = self->cursor.at.sp;
  self->unwinding = unwind_step(&self->cursor, self->map, self->first, &step);
  self->first = false;
  *high = self->unwinding ? self->cursor.at.sp : UINTPTR_MAX;
  return true;
}

// Puts a description of a code object in the ring. Returns its id, 0 when the ring has no room for it.
static uint32_t code_introduce(const struct collector *self, const struct code_key *key) {
  // A reservation as large as the ring allows is refused too often; names fit in this, and tables as a rule.
  for (uint32_t room = 96 * 1024; room >= 4096; room /= 4) {
    void *into = ring__reserve(self->ring, room);
    if (!into) continue;
    uint32_t id = codes_next_id();
    uint32_t size = code_describe(into, room, key, id, self->python);
    if (!size) return 0;
    ring__publish(self->ring, size);
    codes_add(key, id);
    return id;
  }
  return 0;
}

// Leaves out all native frames but those on top of the innermost Python frame.
static void keep_leaf_only(struct collector *self) {
  uint32_t kept = 0;
  while (kept < self->count && !(self->words[kept] & WORD_IS_PYTHON)) kept++;
  for (uint32_t i = kept; i < self->count; i++)
    if (self->words[i] & WORD_IS_PYTHON) self->words[kept++] = self->words[i];
  self->count = kept;
}

// Both kinds of frames, once through. When a code object is new its description takes the room of the frames: from then
// on nothing is written, and the caller has to start again (*again).
static enum stack_result collect(struct collector *self, struct stack *found, const struct registers *registers,
                                 uintptr_t tstate, bool *again) {
  struct walk walk;
  struct frame frame;
  uintptr_t low = 0, high = 0;
  walk_start(&walk, self->python, tstate, registers, self->thread, false);
  if (walk.result == WALK_REJECTED) return STACK_REJECTED;
  bool reached = self->unwinding && natives_until_eval(self, &low, &high);
  if (self->switching && self->python->minor == 12) {
    walk.switching = true;
    caller_find(self, &walk);
  }
  if (!reached && !self->outermost) found->flags |= SAMPLE_NATIVE_INCOMPLETE;
  if (self->in_syscall) found->flags |= SAMPLE_IN_SYSCALL;
  if (walk.result == WALK_NONE) {
    found->flags |= SAMPLE_NO_PYTHON;
    return STACK_OK;
  }
  while (walk_next(&walk, &frame)) {
    if (self->pythons == PYTHON_MAX) {
      found->flags |= SAMPLE_CUT;
      break;
    }
    uint32_t id = codes_find(&frame.key);
    if (UNLIKELY(!id)) {
      *again = true;
      if (!code_introduce(self, &frame.key)) return STACK_REJECTED;
    }
    if (*again) continue;
    if (self->pythons == 0 && frame.instruction >= 0 && frame.instruction_address)
      guarded_read(frame.instruction_address, &found->opcode, sizeof found->opcode);
    self->words[self->count++] = word_python(id, frame.instruction);
    self->pythons++;
    if (!frame.entry || !self->unwinding) continue;
    // All frames of this invocation have been seen. If it is the one that was unwound, go on to the next.
    if (frame.mark && (frame.mark < low || frame.mark >= high)) self->unwinding = false;
    uint32_t before = self->count;
    if (self->unwinding && !natives_until_eval(self, &low, &high) && !self->outermost) self->count = before;
  }
  if (walk.result == WALK_REJECTED) return STACK_REJECTED;
  // Without marks only the whole stack proves that every invocation had its frame.
  if (self->python->minor < 11 && !self->outermost && !*again) keep_leaf_only(self);
  return STACK_OK;
}

static enum stack_result stack_collect_with(const struct module_map *map, struct stack *self, void **room,
                                            uint32_t header, struct ring *ring, const struct thread *thread,
                                            const struct interpreter *python, const struct registers *registers,
                                            uintptr_t tstate) {
  for (int attempt = 0; attempt < 2; attempt++) {
    *room = ring__reserve(ring, header + STACK_WORDS_MAX * (uint32_t)sizeof(uint64_t));
    if (!*room) return STACK_FULL;
    struct collector collector = {
        .python = python,
        .thread = thread,
        .ring = ring,
        .words = (uint64_t *)((char *)*room + header),
        .map = map,
        .cursor = {.at = *registers, .stack_low = thread->stack_low, .stack_end = thread->stack_end},
        .first = true,
    };
    collector.unwinding = collector.map != NULL;
    bool again = false;
    *self = (struct stack){0};
    enum stack_result result = collect(&collector, self, registers, tstate, &again);
    if (again && result == STACK_OK) continue;
    self->words = collector.count;
    return result;
  }
  return STACK_REJECTED;
}

enum stack_result stack_collect(struct stack *self, void **room, uint32_t header, struct ring *ring,
                                const struct thread *thread, const struct interpreter *python,
                                const struct registers *registers, uintptr_t tstate) {
  const struct module_map *map = modules_enter();
  enum stack_result result = stack_collect_with(map, self, room, header, ring, thread, python, registers, tstate);
  modules_leave();
  return result;
}
