// Finds out which CPython runs in this process and where its structures and functions are. Called when the agent
// starts, by the thread that starts it.
#pragma once
#include "base.h"
#include "cpython/layouts.h"

struct address_range {
  uintptr_t start, end;
};

#define EVAL_RANGES 8

struct interpreter {
  uint32_t hexversion;  // 0x030B07F0
  int minor;
  char version[64];
  struct layout at;
  uintptr_t runtime, runtime_end;  // _PyRuntime
  uintptr_t code_type, bytes_type, frame_type;
  uintptr_t generator_types[3];  // types of objects that hold a frame
  uintptr_t none;                // Py_None
  void *(*gilstate_this)(void);  // returns this thread's state in the main interpreter, with or without the GIL
  // Returns the current state: from 3.12 on this thread's, before that of the GIL's holder.
  void *(*thread_state_now)(void);
  int (*is_initialized)(void);  // not 0: initialized, and the self-test has passed (selftest.h)
  int (*is_finalizing)(void);
  uintptr_t eval_entry;  // _PyEval_EvalFrameDefault
  // 3.11 and later: the instructions at its start that add its first frame to the list. The compiler may order those
  // stores in any way, so meanwhile the list is inconsistent (observed in 3.11 and 3.12; following it would crash).
  struct address_range linking;
  struct address_range eval[EVAL_RANGES];
  int eval_count;
  bool tail_calls;  // its bytecode instructions are functions of their own (some builds of 3.14 and later)
};

// Tells which library has Python when Python was loaded after the program started. `handle` is from dlopen.
void interpreter_is_in(void *handle);
// Returns the address of a symbol of Python, NULL when it has none of this name.
void *interpreter_symbol(const char *name);

// Finds CPython in this process. False with *why == NULL when there is none, and with a sentence for the user in *why
// when there is one that cannot be sampled.
bool interpreter_find(struct interpreter *python, const char **why);

// True when a program counter is in the eval loop. (signal)
INLINE bool interpreter__in_eval(const struct interpreter *python, uintptr_t pc) {
  for (int i = 0; i < python->eval_count; i++)
    if (pc - python->eval[i].start < python->eval[i].end - python->eval[i].start) return true;
  return false;
}
