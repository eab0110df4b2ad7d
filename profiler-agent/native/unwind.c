#define _GNU_SOURCE
#include "unwind.h"

#include <string.h>

#include "eh_frame.h"

// A rule packed in 64 bits, so that it can be cached without locks.
static uint64_t rule__pack(const struct rule *self) {
  return (uint64_t)self->kind | (uint64_t)(self->offset / 8) << 3 | (uint64_t)(self->fp_saved / 8) << 23 |
         (uint64_t)self->into << 37;
}

static struct rule rule_unpack(uint64_t bits) {
  return (struct rule){.kind = bits & 7,
                       .offset = (uint32_t)(bits >> 3 & 0xfffff) * 8,
                       .fp_saved = (uint32_t)(bits >> 23 & 0x3fff) * 8,
                       .into = (uint32_t)(bits >> 37)};
}

static bool rule__packable(const struct rule *self) {
  return self->offset % 8 == 0 && self->offset / 8 <= 0xfffff && self->fp_saved % 8 == 0 &&
         self->fp_saved / 8 <= 0x3fff && self->into < 1u << 27;
}

// A rule by program counter. Key and value are stored xored so that a pair written half by one thread and half by
// another does not match (Hyatt, "A lockless transposition table").
#define CACHE (1u << 13)
static struct { _Atomic uint64_t key, value; } cache[CACHE];

static struct rule rule_find(const struct module *module, uintptr_t pc) {
  uint64_t slot = mix64(pc) >> 20 & (CACHE - 1);
  uint64_t value = atomic_load_explicit(&cache[slot].value, memory_order_relaxed);
  uint64_t key = atomic_load_explicit(&cache[slot].key, memory_order_relaxed);
  if ((key ^ value) == pc && key) return rule_unpack(value);
  struct rule rule = eh_frame_rule(module, pc);
  if (!rule__packable(&rule)) rule = (struct rule){0};
  value = rule__pack(&rule);
  atomic_store_explicit(&cache[slot].value, value, memory_order_relaxed);
  atomic_store_explicit(&cache[slot].key, pc ^ value, memory_order_relaxed);
  return rule;
}

bool unwind_step(struct unwind_cursor *cursor, const struct module_map *map, bool first, struct unwind_step *step) {
  // A return address may be the first byte of the next function when the call never returns.
  uintptr_t pc = first ? cursor->at.pc : cursor->at.pc - 1;
  *step = (struct unwind_step){.module = module_map__find(map, pc)};
  if (step->module < 0) return false;
  const struct module *module = module_at((uint32_t)step->module);
  struct rule rule = rule_find(module, pc);
  if (rule.into || rule.kind) step->function = pc - rule.into;
  uintptr_t frame;
  switch (rule.kind) {
    case RULE_SP: frame = cursor->at.sp + rule.offset; break;
    case RULE_FP: frame = cursor->at.fp + rule.offset; break;
    case RULE_PLT: frame = cursor->at.sp + plt_frame(pc); break;
    case RULE_END: step->outermost = true; return false;
    default: return false;
  }
  // Every word read lies between the stack pointer and the end of this thread's own stack.
  if (frame & 7 || frame < cursor->at.sp + 8 || frame > cursor->stack_end) return false;
  if (rule.fp_saved) {
    uintptr_t saved = frame - rule.fp_saved;
    // In an epilogue that has popped it already, the register is the caller's again.
    bool popped = first && saved < cursor->at.sp;
    if (!popped && (saved < cursor->at.sp || saved >= frame)) return false;
    if (!popped) memcpy(&cursor->at.fp, (const void *)saved, sizeof cursor->at.fp);
  }
  memcpy(&cursor->at.pc, (const void *)(frame - 8), sizeof cursor->at.pc);
  cursor->at.sp = frame;
  step->outermost = cursor->at.pc == 0;
  return cursor->at.pc > 4096;
}
