// The eval loop is one function in C, but may be several pieces of machine code: compilers move parts that they
// consider unlikely elsewhere, as functions of their own in the unwind tables (`.cold`). Such a part may be small, or
// hold all instructions but the entry (gcc 16 without a profile). The pieces are found by their jumps: only pieces of
// the same function jump into the middle of each other.
#include "cpython/eval_loop.h"

#include "unwind/arch.h"
#include "unwind/eh_frame.h"
#include "unwind/modules.h"

// Jumps are searched for without knowing where instructions begin, so a few that are found may be other bytes. A piece
// of the loop has many jumps.
#define JUMPS_MIN 3
#define CANDIDATES_MAX 32
// An eval loop has more bytes than this. When less is found, each bytecode instruction is a function of its own, and
// they call one another (tail calls).
#define LOOP_BYTES_MIN 16384

struct candidate {
  struct address_range range;
  int jumps;
};

// True when a jump leads into the middle of a function: not to its start, or to a start where the stack is not as a
// call leaves it. A jump to an ordinary start may be a tail call by any function.
static bool is_under_way(const struct module *module, uintptr_t start, uintptr_t target) {
  struct rule rule = eh_frame_rule(module, start);
  return target != start || rule.kind != RULE_SP || rule.offset != ENTRY_FRAME;
}

static void parts_add(struct interpreter *python, const struct module *module, struct address_range from) {
  struct candidate candidates[CANDIDATES_MAX];
  int count = 0;
  for (uintptr_t at = from.start; at + JUMP_BYTES <= from.end; at += CODE_ALIGN) {
    uintptr_t target = jump_target((const unsigned char *)at), start, end;
    if (!target || interpreter__in_eval(python, target)) continue;
    if (!eh_frame_function(module, target, &start, &end) || !is_under_way(module, start, target)) continue;
    int i = 0;
    while (i < count && candidates[i].range.start != start) i++;
    if (i == CANDIDATES_MAX) continue;
    if (i == count) candidates[count++] = (struct candidate){.range = {start, end}};
    if (++candidates[i].jumps == JUMPS_MIN && python->eval_count < EVAL_RANGES)
      python->eval[python->eval_count++] = candidates[i].range;
  }
}

void interpreter__find_eval(struct interpreter *python) {
  python->eval[0] = (struct address_range){python->eval_entry, python->eval_entry + 1};
  python->eval_count = 1;
  const struct module_map *map = modules_current();
  int index = map ? module_map__find(map, python->eval_entry) : -1;
  if (index < 0) return;
  const struct module *module = module_at((uint32_t)index);
  uintptr_t start, end, size = 0;
  if (!eh_frame_function(module, python->eval_entry, &start, &end)) return;
  python->eval[0].end = end;
  for (int i = 0; i < python->eval_count; i++) {
    parts_add(python, module, python->eval[i]);
    size += python->eval[i].end - python->eval[i].start;
  }
  python->tail_calls = size < LOOP_BYTES_MIN;
}
