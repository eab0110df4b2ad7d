// The bytecode loop is one function, but not one piece: compilers move what they take for unlikely elsewhere, as a
// function of its own in the unwind tables (`.cold`). How much that is differs: nothing that matters, or all
// instructions but the entry (gcc 16 without a profile). The pieces jump to one another, and nobody else jumps into the
// middle of a function.
#include "cpython/eval_loop.h"

#include "unwind/arch.h"
#include "unwind/eh_frame.h"
#include "unwind/modules.h"

// Bytes are read without knowing where instructions begin, so a few jumps may be none. A part has many.
#define JUMPS_MIN 3
#define CANDIDATES 32
// A bytecode loop is larger than this. Where it is not, its instructions are functions that call one another instead.
#define LOOP_BYTES_MIN 16384

struct candidate {
  struct address_range range;
  int jumps;
};

// A jump to the start of a function may be the last thing that another one does, but not into one that is under way.
static bool is_under_way(const struct module *module, uintptr_t start, uintptr_t target) {
  struct rule rule = eh_frame_rule(module, start);
  return target != start || rule.kind != RULE_SP || rule.offset != ENTRY_FRAME;
}

static void parts_add(struct interpreter *python, const struct module *module, struct address_range from) {
  struct candidate candidates[CANDIDATES];
  int count = 0;
  for (uintptr_t at = from.start; at + JUMP_BYTES <= from.end; at += CODE_ALIGN) {
    uintptr_t target = jump_target((const unsigned char *)at), start, end;
    if (!target || interpreter__in_eval(python, target)) continue;
    if (!eh_frame_function(module, target, &start, &end) || !is_under_way(module, start, target)) continue;
    int i = 0;
    while (i < count && candidates[i].range.start != start) i++;
    if (i == CANDIDATES) continue;
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
