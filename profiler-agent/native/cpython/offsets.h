// Where each version of CPython keeps what a stack walk needs.
#pragma once
#include "base.h"

// Byte offsets into CPython's structures. From 3.13 the interpreter publishes most of them (_Py_DebugOffsets);
// before, they are constants of each minor version's release build.
struct offsets {
  uint16_t tstate_prev, tstate_next, tstate_interp, tstate_thread_id;
  uint16_t tstate_frame;     // 3.9, 3.10, 3.13+: the frame. 3.11, 3.12: the cframe
  uint16_t tstate_root;      // 3.11, 3.12: the cframe of no invocation
  uint16_t tstate_chunk;     // 3.11+: the newest chunk of the data stack
  uint16_t cframe_current;   // 3.11, 3.12
  uint16_t generator_frame;  // 3.11+
  uint16_t frame_previous, frame_code, frame_instruction, frame_owner;
  uint16_t code_filename, code_name, code_qualname, code_first_line, code_table, code_bytecode;
  uint16_t bytes_data, ascii_data, compact_data;
};

// The versions that are known: 3.9 to 3.15.
#define OLDEST_MINOR 9
#define NEWEST_MINOR 15
#define KNOWN_VERSIONS "CPython 3.9 to 3.15"

// Fills in the offsets of a version that is known; `runtime` is its _PyRuntime. Returns false, with one sentence for
// the person in *why, when the interpreter says something else of itself than its version should.
bool offsets_find(struct offsets *self, uint32_t hexversion, const char *runtime, const char **why);
