// Frames as the rings have them, as ids of the recording.
//
// One stack differs from the one before in its innermost frames, as a rule: the ids of the others are kept, which
// spares a look-up in a table that leaves the cache for each.
#include "recording.h"
#include "ring.h"
#include "stack.h"

static struct {
  uint64_t word;
  uint32_t stack, native;  // with the frames from the outermost to this one
} kept[STACK_WORDS_MAX];
static uint32_t depth;

void words_forget(void) {
  depth = 0;
}

void words_record(const uint64_t *words, uint32_t count, uint32_t *stack, uint32_t *native) {
  uint32_t same = 0;
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
    kept[depth].word = word;
    kept[depth].stack = *stack;
    kept[depth].native = *native;
  }
}
