// The offsets that a stack walk needs, for each version of CPython.
#pragma once
#include "base.h"

// Offsets in bytes in CPython's structures. From 3.13 on the interpreter publishes most of them (_Py_DebugOffsets).
// Before that, they are constants of each minor version's release build. A field that a version lacks has 0.
struct offsets {
  uint16_t tstate_prev, tstate_next, tstate_interp, tstate_thread_id;
  uint16_t tstate_frame;     // 3.9, 3.10, 3.13 and later: the frame; 3.11, 3.12: the cframe
  uint16_t tstate_root;      // 3.11, 3.12: the cframe for when no Python code runs
  uint16_t tstate_chunk;     // 3.11 and later: the newest chunk of the data stack
  uint16_t cframe_current;   // 3.11, 3.12
  uint16_t generator_frame;  // 3.11 and later
  uint16_t frame_previous, frame_code, frame_instruction, frame_owner;
  uint16_t code_filename, code_name, code_qualname, code_first_line, code_table, code_bytecode;
  uint16_t bytes_data, ascii_data, compact_data;
};

// The supported versions: 3.9 to 3.15.
#define OLDEST_MINOR 9
#define NEWEST_MINOR 15
#define KNOWN_VERSIONS "CPython 3.9 to 3.15"

// Fills in the offsets of a supported version. `runtime` points to its _PyRuntime. False, with a sentence for the user
// in *why, when what the interpreter publishes contradicts its version. Called once, by the thread that starts the
// agent.
bool offsets_find(struct offsets *offsets, uint32_t hexversion, const char *runtime, const char **why);
