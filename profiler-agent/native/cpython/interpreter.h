// Which CPython this process runs and where its structures keep what a stack walk needs.
#pragma once
#include "base.h"
#include "cpython/offsets.h"

struct address_range {
  uintptr_t start, end;
};

#define EVAL_RANGES 8

struct interpreter {
  uint32_t hexversion;  // 0x030B07F0
  int minor;
  char version[64];
  struct offsets at;
  uintptr_t runtime, runtime_end;  // _PyRuntime
  uintptr_t code_type, bytes_type, frame_type;
  uintptr_t generator_types[3];     // whose objects hold a frame
  uintptr_t none;                   // Py_None
  void *(*gilstate_this)(void);     // this thread's state in the main interpreter, GIL held or not
  void *(*thread_state_now)(void);  // the current one (3.12+: of this thread; before: of the GIL's holder)
  int (*is_initialized)(void);      // and proven to be what it says it is (selftest.h)
  int (*is_finalizing)(void);
  uintptr_t eval_entry;  // _PyEval_EvalFrameDefault
  // 3.11+: the instructions of its entry that link its first frame in. The compiler orders those stores freely, so in
  // between the chain of frames is not consistent (seen in 3.11 and 3.12, where it crashes naive walkers).
  struct address_range linking;
  struct address_range eval[EVAL_RANGES];
  int eval_count;
  bool tail_calls;  // the loop only starts and ends: its instructions are functions that it calls (3.14+, some builds)
};

// Python is in this library, which was loaded after the program began.
void interpreter_is_in(void *handle);
// Anything of Python's by its name, NULL where it has no such thing.
void *interpreter_symbol(const char *name);

// Finds CPython in this process. Returns false with *why NULL when there is none (not a Python program), or with one
// sentence for the person when there is one that cannot be sampled.
bool interpreter_find(struct interpreter *self, const char **why);

// True when a program counter is in the bytecode loop. (signal)
INLINE bool interpreter__in_eval(const struct interpreter *self, uintptr_t pc) {
  for (int i = 0; i < self->eval_count; i++)
    if (pc - self->eval[i].start < self->eval[i].end - self->eval[i].start) return true;
  return false;
}
