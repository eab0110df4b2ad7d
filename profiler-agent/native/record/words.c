// Converts frames from the rings to ids in the recording.
//
// Successive stacks usually differ in their innermost frames only. The ids of the frames of the last stack are kept,
// which saves a look-up in a large table for each. They are kept for BEGINNINGS different outermost frames, so that
// threads that begin differently, such as a main thread and a pool, do not replace each other's ids.
#include "record/words.h"

#include "record/records.h"
#include "sample/ring.h"
#include "sample/stack.h"

struct kept {
  uint64_t word;
  uint32_t stack, native;  // ids of the frames from the outermost to this one
};
#define BEGINNINGS 4u
static struct kept kept_stacks[BEGINNINGS][STACK_WORDS_MAX];
static uint32_t depths[BEGINNINGS];

void words_forget(void) {
  for (uint32_t i = 0; i < BEGINNINGS; i++) depths[i] = 0;
}

void words_record(const uint64_t *words, uint32_t count, uint32_t *stack, uint32_t *native) {
  uint32_t which = count ? mix64(words[count - 1]) % BEGINNINGS : 0, depth = depths[which], same = 0;
  struct kept *kept = kept_stacks[which];
  while (same < count && same < depth && kept[same].word == words[count - 1 - same]) same++;
  *stack = same ? kept[same - 1].stack : 0;
  *native = same ? kept[same - 1].native : 0;
  for (depth = same; depth < count; depth++) {
    uint64_t word = words[count - 1 - depth];
    if (word & WORD_IS_PYTHON) {
      *stack = record_stack(*stack, word_code(word), word_instruction(word), *native);
      *native = 0;
    } else {
      *native = record_native(*native, word);
    }
    kept[depth] = (struct kept){word, *stack, *native};
  }
  depths[which] = depth;
}
