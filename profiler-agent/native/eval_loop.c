// Where the bytecode loop lies in memory.
#include "eh_frame.h"
#include "interpreter.h"
#include "modules.h"

// The distance from stack pointer to frame address at pc, 0 when it is not a constant.
static uint32_t frame_size(const struct module *module, uintptr_t pc) {
  struct rule rule = eh_frame_rule(module, pc);
  return rule.kind == RULE_SP ? rule.offset : 0;
}

struct eval_search {
  struct interpreter *python;
  const struct module *module;
  uint32_t frame_size;
};

// A function whose very first instruction already has the large frame of the bytecode loop is a part of that loop
// that the compiler moved away as unlikely (`.cold`).
static void eval_part_check(uintptr_t start, uintptr_t end, void *context) {
  struct eval_search *search = context;
  struct interpreter *python = search->python;
  if (start == python->eval_entry || python->eval_count == EVAL_RANGES) return;
  if (frame_size(search->module, start) != search->frame_size) return;
  python->eval[python->eval_count++] = (struct address_range){start, end};
}

void interpreter__find_eval(struct interpreter *python) {
  python->eval[0] = (struct address_range){python->eval_entry, python->eval_entry + 1};
  python->eval_count = 1;
  const struct module_map *map = modules_current();
  int index = map ? module_map__find(map, python->eval_entry) : -1;
  if (index < 0) return;
  const struct module *module = module_at((uint32_t)index);
  uintptr_t start, end;
  if (!eh_frame_function(module, python->eval_entry, &start, &end)) return;
  python->eval[0].end = end;
  struct eval_search search = {python, module, frame_size(module, start + (end - start) / 2)};
  // Small frames are shared by many functions; the loop's is large.
  if (search.frame_size >= 128) eh_frame_each_function(module, eval_part_check, &search);
}
