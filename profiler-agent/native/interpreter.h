// Which CPython this process runs and where its structures keep what a stack walk needs.
#pragma once
#include "base.h"

// Byte offsets into CPython's structures. From 3.13 the interpreter publishes most of them (_Py_DebugOffsets);
// before, they are constants of each minor version's release build.
struct offsets {
  uint16_t tstate_prev, tstate_next, tstate_interp, tstate_thread_id;
  uint16_t tstate_frame;    // 3.9, 3.10, 3.13+: the frame. 3.11, 3.12: the cframe
  uint16_t cframe_current;  // 3.11, 3.12
  uint16_t frame_previous, frame_code, frame_instruction, frame_owner;
  uint16_t code_filename, code_name, code_qualname, code_first_line, code_table, code_bytecode;
  uint16_t bytes_data, ascii_data, compact_data;
};

struct address_range {
  uintptr_t start, end;
};

#define EVAL_RANGES 4

struct interpreter {
  uint32_t hexversion;  // 0x030B07F0
  int minor;
  char version[64];
  struct offsets at;
  uintptr_t runtime, runtime_end;  // _PyRuntime
  uintptr_t code_type, bytes_type;
  void *(*gilstate_this)(void);     // this thread's state in the main interpreter, GIL held or not
  void *(*thread_state_now)(void);  // the current one (3.12+: of this thread; before: of the GIL's holder)
  int (*is_initialized)(void);
  int (*is_finalizing)(void);
  uintptr_t eval_entry;  // _PyEval_EvalFrameDefault
  // 3.11+: the instructions of its entry that link its first frame in. The compiler orders those stores freely, so in
  // between the chain of frames is not consistent (seen in 3.11 and 3.12, where it crashes naive walkers).
  struct address_range linking;
  struct address_range eval[EVAL_RANGES];
  int eval_count;
};

// Finds CPython in this process. Returns false with *why NULL when there is none (not a Python program), or with one
// sentence for the person when there is one that cannot be sampled.
bool interpreter_find(struct interpreter *self, const char **why);

// Fills in `eval`, once the mapped files are known (modules.h).
void interpreter__find_eval(struct interpreter *self);

// True when a program counter is in the bytecode loop. (signal)
INLINE bool interpreter__in_eval(const struct interpreter *self, uintptr_t pc) {
  for (int i = 0; i < self->eval_count; i++)
    if (pc - self->eval[i].start < self->eval[i].end - self->eval[i].start) return true;
  return false;
}
