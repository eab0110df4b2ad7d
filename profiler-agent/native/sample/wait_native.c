#include "sample/wait_native.h"

#include "record/records.h"
#include "signals/guard.h"
#include "unwind/modules.h"
#include "unwind/unwind.h"

#define FRAMES_MAX 256
// When the frame pointer is not known, this many places within this many bytes of the stack are tried.
#define GUESSES_MAX 32
#define GUESS_BYTES 2048

// The frames of a sleeping thread, innermost first.
struct chain {
  uint32_t count;
  bool complete;  // the chain reaches the eval loop
  uint64_t words[FRAMES_MAX];
};

// Adds frames outwards from the cursor. Leaves the cursor at the first frame whose caller is not found.
static void chain__follow(struct chain *chain, struct unwind_cursor *cursor, const struct module_map *map,
                          const struct interpreter *python) {
  while (chain->count < FRAMES_MAX &&
         !(chain->complete = interpreter__in_eval(python, cursor->at.pc - !!chain->count))) {
    struct unwind_cursor caller = *cursor;
    struct unwind_step step;
    bool found = unwind_step(&caller, map, chain->count == 0, &step);
    chain->words[chain->count++] = step.function ? step.function | WORD_IS_FUNCTION : cursor->at.pc;
    if (!found) return;
    *cursor = caller;
  }
}

// The kernel does not tell the frame pointer. Unwinding a frame that needs it works once an inner frame has saved it on
// the stack. Otherwise every pair of words on the stack that may be a saved frame pointer and a return address is tried
// in turn: the right one leads to the eval loop.
static void chain__guess(struct chain *chain, const struct unwind_cursor *cursor, const struct module_map *map,
                         const struct interpreter *python) {
  static struct chain tried;
  uintptr_t end = cursor->at.sp + GUESS_BYTES < cursor->stack_end ? cursor->at.sp + GUESS_BYTES : cursor->stack_end;
  int guesses = 0;
  for (uintptr_t at = cursor->at.sp; at + 16 <= end && guesses < GUESSES_MAX; at += 8) {
    uintptr_t pair[2];  // a saved frame pointer and a return address
    if (!guarded_read(at, pair, sizeof pair)) return;
    if (pair[0] <= at || pair[0] >= cursor->stack_end || pair[0] & 7 || module_map__find(map, pair[1]) < 0) continue;
    guesses++;
    struct unwind_cursor guess = *cursor;
    guess.at.fp = at;
    tried = *chain;
    tried.count--;
    chain__follow(&tried, &guess, map, python);
    if (!tried.complete) continue;
    *chain = tried;
    return;
  }
}

struct wait_native wait_native_read(const struct sleep_place *place, const struct thread *thread,
                                    const struct interpreter *python) {
  static struct chain chain;
  struct wait_native found = {0};
  const struct module_map *map = modules_current();
  if (!map || place->call < 0) return found;
  // The thread may wake up and end meanwhile: reads then fail, or the caller discards what was read.
  struct unwind_cursor cursor = {.at = {.pc = place->pc, .sp = place->sp},
                                 .stack_low = thread->identity.stack_low,
                                 .stack_end = thread->identity.stack_end};
  chain.count = 0;
  chain__follow(&chain, &cursor, map, python);
  bool is_ours = place->sp - thread->identity.stack_low < thread->identity.stack_end - thread->identity.stack_low;
  if (!chain.complete && cursor.at.fp == 0 && chain.count && is_ours) chain__guess(&chain, &cursor, map, python);
  found.incomplete = !chain.complete;
  uint32_t count = chain.count;
  // With tail calls, each bytecode instruction has a function of its own; the frame called by the eval loop is that
  // function.
  if (python->tail_calls && chain.complete && count) count--;
  while (count--) found.native = record_native(found.native, chain.words[count]);
  return found;
}
