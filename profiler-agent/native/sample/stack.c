#include "sample/stack.h"

#include "cpython/codes.h"
#include "cpython/frames.h"
#include "sample/sampler.h"
#include "signals/guard.h"
#include "unwind/modules.h"
#include "unwind/unwind.h"

// Deeper stacks are cut at the outermost end.
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
  bool first;      // nothing has been unwound yet: the program counter is no return address
  bool unwinding;  // the cursor stands on a frame that is known to be correct
  bool outermost;  // unwinding has reached the frame in which the thread began
  bool in_syscall;
  bool switching;  // the thread is inside greenlet's code
};

// Finds the part of the C stack that belongs to the invocation of the eval loop that called greenlet's code. A wrong
// result does no harm, because frames have to agree with it.
static void caller_find(const struct collector *collector, struct walk *walk) {
  enum { STEPS = 32 };
  struct unwind_cursor cursor = collector->cursor;
  struct unwind_step step;
  for (int i = 0; i < STEPS; i++) {
    bool found = interpreter__in_eval(collector->python, cursor.at.pc - 1);
    uintptr_t low = cursor.at.sp;
    if (!unwind_step(&cursor, collector->map, false, &step)) return;
    if (!found) continue;
    walk->caller_low = low;
    walk->caller_high = cursor.at.sp;
    return;
  }
}

// Writes native frames up to the next invocation of the eval loop, and moves the cursor behind it. Sets the range of
// the C stack that this invocation occupies, from `low` up to but not including `high`. False when there is no further
// invocation, or when the way to it is not known.
static bool natives_until_eval(struct collector *collector, uintptr_t *low, uintptr_t *high) {
  struct unwind_step step;
  uint32_t start = collector->count;
  while (!interpreter__in_eval(collector->python, collector->cursor.at.pc - !collector->first)) {
    uintptr_t pc = collector->cursor.at.pc;
    if (collector->natives == NATIVE_MAX) return collector->unwinding = false;
    collector->unwinding = unwind_step(&collector->cursor, collector->map, collector->first, &step);
    if (step.module < 0) modules_want_refresh();
    if (collector->first && step.module >= 0 && module_at((uint32_t)step.module)->kind == MODULE_LIBC)
      collector->in_syscall = after_syscall(pc);
    collector->first = false;
    collector->words[collector->count++] = word_native(step.function ? step.function : pc, step.function, step.module);
    collector->natives++;
    // Greenlet is switching stacks: what lies further out belongs to another greenlet, or did a moment ago.
    if (step.module >= 0 && module_at((uint32_t)step.module)->exchanges_stacks) {
      collector->switching = collector->unwinding;
      return collector->unwinding = false;
    }
    if (!collector->unwinding) {
      collector->outermost = step.outermost;
      return false;
    }
  }
  // With tail calls, each bytecode instruction has a function of its own; the frame called by the eval loop is that
  // function.
  if (collector->python->tail_calls && collector->count > start) collector->count--;
  *low = collector->cursor.at.sp;
  collector->unwinding = unwind_step(&collector->cursor, collector->map, collector->first, &step);
  collector->first = false;
  *high = collector->unwinding ? collector->cursor.at.sp : UINTPTR_MAX;
  return true;
}

// Describes a code object in the ring. Returns its new id, or 0 when the ring has no room.
static uint32_t code_introduce(const struct collector *collector, const struct code_key *key) {
  // Names, and usually line tables, fit into the first size. A larger reservation would be refused too often.
  for (uint32_t room = 96 * 1024; room >= 4096; room /= 4) {
    void *into = ring__reserve(collector->ring, room);
    if (!into) continue;
    uint32_t id = codes_next_id();
    uint32_t size = code_describe(into, room, key, id, collector->python);
    if (!size) return 0;
    ring__publish(collector->ring, size);
    codes_add(key, id);
    return id;
  }
  return 0;
}

// Removes all native frames but those that the innermost Python frame called.
static void keep_leaf_only(struct collector *collector) {
  uint32_t kept = 0;
  while (kept < collector->count && !(collector->words[kept] & WORD_IS_PYTHON)) kept++;
  for (uint32_t i = kept; i < collector->count; i++)
    if (collector->words[i] & WORD_IS_PYTHON) collector->words[kept++] = collector->words[i];
  collector->count = kept;
}

// Collects frames of both kinds. The description of a new code object overwrites the frames collected so far: then the
// rest of the walk only describes code objects, and the caller has to collect again (*again).
static enum stack_result collect(struct collector *collector, struct stack *found, const struct registers *registers,
                                 uintptr_t tstate, bool *again) {
  struct walk walk;
  struct frame frame;
  uintptr_t low = 0, high = 0;
  walk_start(&walk, collector->python, tstate, registers, collector->thread, false);
  if (walk.result == WALK_REJECTED) return STACK_REJECTED;
  bool reached = collector->unwinding && natives_until_eval(collector, &low, &high);
  if (collector->switching && collector->python->minor == 12) {
    walk.switching = true;
    caller_find(collector, &walk);
  }
  if (!reached && !collector->outermost) found->flags |= SAMPLE_NATIVE_INCOMPLETE;
  if (collector->in_syscall) found->flags |= SAMPLE_IN_SYSCALL;
  if (walk.result == WALK_NONE) {
    found->flags |= SAMPLE_NO_PYTHON;
    return STACK_OK;
  }
  while (walk_next(&walk, &frame)) {
    if (collector->pythons == PYTHON_MAX) {
      found->flags |= SAMPLE_CUT;
      break;
    }
    uint32_t id = codes_find(&frame.key);
    if (UNLIKELY(!id)) {
      *again = true;
      if (!code_introduce(collector, &frame.key)) return STACK_REJECTED;
    }
    if (*again) continue;
    if (collector->pythons == 0 && frame.instruction >= 0 && frame.instruction_address)
      guarded_read(frame.instruction_address, &found->opcode, sizeof found->opcode);
    collector->words[collector->count++] = word_python(id, frame.instruction);
    collector->pythons++;
    if (!frame.entry || !collector->unwinding) continue;
    // All frames of this invocation have been written. If the mark proves that it is the unwound one, go on to the
    // next.
    if (frame.mark && (frame.mark < low || frame.mark >= high)) collector->unwinding = false;
    uint32_t before = collector->count;
    if (collector->unwinding && !natives_until_eval(collector, &low, &high) && !collector->outermost)
      collector->count = before;
  }
  if (walk.result == WALK_REJECTED) return STACK_REJECTED;
  // Before 3.11 only a complete stack proves that the numbers of frames and invocations agree.
  if (collector->python->minor < 11 && !collector->outermost && !*again) keep_leaf_only(collector);
  return STACK_OK;
}

static enum stack_result stack_collect_with(const struct module_map *map, struct stack *stack, void **room,
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
        .cursor = {.at = *registers, .stack_low = thread->identity.stack_low, .stack_end = thread->identity.stack_end},
        .first = true,
    };
    collector.unwinding = collector.map != NULL;
    bool again = false;
    *stack = (struct stack){0};
    enum stack_result result = collect(&collector, stack, registers, tstate, &again);
    if (again && result == STACK_OK) continue;
    stack->words = collector.count;
    return result;
  }
  return STACK_REJECTED;
}

enum stack_result stack_collect(struct stack *stack, void **room, uint32_t header, struct ring *ring,
                                const struct thread *thread, const struct interpreter *python,
                                const struct registers *registers, uintptr_t tstate) {
  const struct module_map *map = modules_enter();
  enum stack_result result = stack_collect_with(map, stack, room, header, ring, thread, python, registers, tstate);
  modules_leave();
  return result;
}
