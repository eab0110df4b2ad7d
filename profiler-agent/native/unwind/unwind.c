#define _GNU_SOURCE
#include "unwind/unwind.h"

#include <string.h>

#include "signals/guard.h"
#include "unwind/eh_frame.h"

// A rule packed into 64 bits, so that it can be cached without a lock: 2 + 16 + 12 + 12 + 22 bits.
static uint64_t rule__pack(const struct rule *rule) {
  return (uint64_t)rule->kind | (uint64_t)(rule->offset / 8) << 2 | (uint64_t)(rule->fp_saved / 8) << 18 |
         (uint64_t)(rule->return_saved / 8) << 30 | (uint64_t)(rule->into / CODE_ALIGN) << 42;
}

static struct rule rule_unpack(uint64_t bits) {
  return (struct rule){.kind = bits & 3,
                       .offset = (uint32_t)(bits >> 2 & 0xffff) * 8,
                       .fp_saved = (uint32_t)(bits >> 18 & 0xfff) * 8,
                       .return_saved = (uint32_t)(bits >> 30 & 0xfff) * 8,
                       .into = (uint32_t)(bits >> 42) * CODE_ALIGN};
}

static bool rule__packable(const struct rule *rule) {
  return (rule->offset | rule->fp_saved | rule->return_saved) % 8 == 0 && rule->into % CODE_ALIGN == 0 &&
         rule->offset / 8 <= 0xffff && rule->fp_saved / 8 <= 0xfff && rule->return_saved / 8 <= 0xfff &&
         rule->into / CODE_ALIGN < 1u << 22;
}

// Rules by program counter and module, because other code may be loaded at the address of unloaded code. The key is
// stored xored with the value, so that a pair written by two threads at once matches no key (Hyatt, "A lockless
// transposition table").
#define CACHE_BITS 13
#define CACHE (1u << CACHE_BITS)
static struct { _Atomic uint64_t key, value; } cache[CACHE];

static struct rule rule_find(const struct module *module, uintptr_t pc) {
  uint64_t slot = pc * 0x9e3779b97f4a7c15ull >> (64 - CACHE_BITS), wanted = pc ^ module->salt;
  uint64_t value = atomic_load_explicit(&cache[slot].value, memory_order_relaxed);
  uint64_t key = atomic_load_explicit(&cache[slot].key, memory_order_relaxed);
  if ((key ^ value) == wanted && key) return rule_unpack(value);
  struct rule rule = eh_frame_rule(module, pc);
  // Very large frames and functions do not fit into 64 bits, so they are looked up every time.
  if (!rule__packable(&rule)) return rule;
  value = rule__pack(&rule);
  atomic_store_explicit(&cache[slot].value, value, memory_order_relaxed);
  atomic_store_explicit(&cache[slot].key, wanted ^ value, memory_order_relaxed);
  return rule;
}

// Reads a word saved at a distance below `frame`, the frame's end, if it is not below `low`.
static bool saved_read(uintptr_t low, uintptr_t frame, uint32_t below, uintptr_t *into) {
  uintptr_t saved = frame - below;
  return saved >= low && saved < frame && guarded_read(saved, into, sizeof *into);
}

bool unwind_step(struct unwind_cursor *cursor, const struct module_map *map, bool first, struct unwind_step *step) {
  // When a call never returns, its return address may be in the next function.
  uintptr_t pc = first ? cursor->at.pc : cursor->at.pc - CODE_ALIGN;
  *step = (struct unwind_step){.module = module_map__find(map, pc)};
  if (step->module < 0) return false;
  const struct module *module = module_at((uint32_t)step->module);
  struct rule rule = rule_find(module, pc);
  if (rule.into || rule.kind) step->function = pc - rule.into;
  // Code may use the stack pointer for something else, or have switched to another stack. A frame pointer may still
  // lead to the thread's own stack.
  bool own = cursor->at.sp - cursor->stack_low < cursor->stack_end - cursor->stack_low;
  uintptr_t low = own ? cursor->at.sp : cursor->stack_low, frame;
  switch (rule.kind) {
    case RULE_SP:
      if (!own) return false;
      frame = cursor->at.sp + rule.offset;
      break;
    case RULE_FP: frame = cursor->at.fp + rule.offset; break;
    case RULE_END: step->outermost = true; return false;
    default: return false;
  }
  // All words that are read lie between the stack pointer and the end of the thread's own stack.
  if (frame & 7 || frame < low || frame > cursor->stack_end) return false;
  // In an epilogue that has already popped the frame pointer, the register has the caller's value.
  bool popped = first && own && frame - rule.fp_saved < cursor->at.sp;
  uintptr_t caller = first ? cursor->at.link : 0, pair[2];
  if (LIKELY(!popped && rule.fp_saved == rule.return_saved + 8 && rule.return_saved)) {
    // Saved side by side, as in functions with a frame pointer.
    if (frame - rule.fp_saved < low || !guarded_read(frame - rule.fp_saved, pair, sizeof pair)) return false;
    cursor->at.fp = pair[0];
    caller = pair[1];
  } else {
    if (rule.fp_saved && !popped && !saved_read(low, frame, rule.fp_saved, &cursor->at.fp)) return false;
    if (rule.return_saved && !saved_read(low, frame, rule.return_saved, &caller)) return false;
  }
  cursor->at.pc = pointer_strip(caller);
  cursor->at.sp = frame;
  step->outermost = cursor->at.pc == 0;
  // A frame that does not match its table gives an arbitrary address: one that cannot be code is rejected.
  return cursor->at.pc > 4096 && cursor->at.pc < ADDRESS_LIMIT;
}
