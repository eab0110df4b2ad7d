#include "cpython/offsets.h"

#include <string.h>

// Offsets on LP64 release builds of each minor version, from Include/cpython/pystate.h, Include/internal/pycore_frame.h
// and Include/cpython/code.h. In 3.11 and 3.12 tstate_frame is the cframe.
static const struct offsets offsets_39 = {
    .tstate_prev = 0,
    .tstate_next = 8,
    .tstate_interp = 16,
    .tstate_thread_id = 176,
    .tstate_frame = 24,
    .frame_previous = 24,
    .frame_code = 32,
    .frame_instruction = 104,
    .code_filename = 104,
    .code_name = 112,
    .code_first_line = 40,
    .code_table = 120,
    .code_bytecode = 48,
    .bytes_data = 32,
    .ascii_data = 48,
    .compact_data = 72,
};
static const struct offsets offsets_310 = {
    .tstate_prev = 0,
    .tstate_next = 8,
    .tstate_interp = 16,
    .tstate_thread_id = 176,
    .tstate_frame = 24,
    .frame_previous = 24,
    .frame_code = 32,
    .frame_instruction = 96,
    .code_filename = 104,
    .code_name = 112,
    .code_first_line = 40,
    .code_table = 120,
    .code_bytecode = 48,
    .bytes_data = 32,
    .ascii_data = 48,
    .compact_data = 72,
};
static const struct offsets offsets_311 = {
    .tstate_prev = 0,
    .tstate_next = 8,
    .tstate_interp = 16,
    .tstate_thread_id = 152,
    .tstate_frame = 56,
    .tstate_root = 336,
    .tstate_chunk = 296,
    .cframe_current = 8,
    .frame_previous = 48,
    .frame_code = 32,
    .frame_instruction = 56,
    .frame_owner = 69,
    .generator_frame = 80,
    .code_filename = 112,
    .code_name = 120,
    .code_qualname = 128,
    .code_first_line = 72,
    .code_table = 136,
    .code_bytecode = 184,
    .bytes_data = 32,
    .ascii_data = 48,
    .compact_data = 72,
};
static const struct offsets offsets_312 = {
    .tstate_prev = 0,
    .tstate_next = 8,
    .tstate_interp = 16,
    .tstate_thread_id = 136,
    .tstate_frame = 56,
    .tstate_root = 272,
    .tstate_chunk = 232,
    .cframe_current = 0,
    .frame_previous = 8,
    .frame_code = 0,
    .frame_instruction = 56,
    .frame_owner = 70,
    .generator_frame = 72,
    .code_filename = 112,
    .code_name = 120,
    .code_qualname = 128,
    .code_first_line = 68,
    .code_table = 136,
    .code_bytecode = 192,
    .bytes_data = 32,
    .ascii_data = 40,
    .compact_data = 56,
};

// Where each offset is in _Py_DebugOffsets (Include/internal/pycore_runtime.h of 3.13, pycore_debug_offsets.h from 3.14
// on). New minor versions insert fields, so each one needs its own table.
struct debug_layout {
  uint16_t tstate_prev, tstate_next, tstate_interp, tstate_frame, tstate_thread_id;
  uint16_t frame_previous, frame_code, frame_instruction, frame_owner;
  uint16_t code_filename, code_name, code_qualname, code_table, code_first_line, code_bytecode;
  uint16_t bytes_data, ascii_size;
};
static const struct debug_layout layout_313 = {
    .tstate_prev = 160,
    .tstate_next = 168,
    .tstate_interp = 176,
    .tstate_frame = 184,
    .tstate_thread_id = 192,
    .frame_previous = 232,
    .frame_code = 240,
    .frame_instruction = 248,
    .frame_owner = 264,
    .code_filename = 280,
    .code_name = 288,
    .code_qualname = 296,
    .code_table = 304,
    .code_first_line = 312,
    .code_bytecode = 344,
    .bytes_data = 528,
    .ascii_size = 560,
};
static const struct debug_layout layout_314 = {
    .tstate_prev = 184,
    .tstate_next = 192,
    .tstate_interp = 200,
    .tstate_frame = 208,
    .tstate_thread_id = 216,
    .frame_previous = 256,
    .frame_code = 264,
    .frame_instruction = 272,
    .frame_owner = 288,
    .code_filename = 320,
    .code_name = 328,
    .code_qualname = 336,
    .code_table = 344,
    .code_first_line = 352,
    .code_bytecode = 384,
    .bytes_data = 608,
    .ascii_size = 640,
};
static const struct debug_layout layout_315 = {
    .tstate_prev = 184,
    .tstate_next = 192,
    .tstate_interp = 200,
    .tstate_frame = 208,
    .tstate_thread_id = 240,
    .frame_previous = 320,
    .frame_code = 328,
    .frame_instruction = 336,
    .frame_owner = 352,
    .code_filename = 384,
    .code_name = 392,
    .code_qualname = 400,
    .code_table = 408,
    .code_first_line = 416,
    .code_bytecode = 448,
    .bytes_data = 704,
    .ascii_size = 736,
};

static bool from_debug(struct offsets *at, const char *table, const struct debug_layout *in, uint32_t hexversion,
                       const char **why) {
  uint64_t version, free_threaded;
  memcpy(&version, table + 8, 8);
  memcpy(&free_threaded, table + 16, 8);
  if (memcmp(table, "xdebugpy", 8) != 0 || version != hexversion) {
    *why =
        "This Python does not publish its debug offsets the way its version should, so the native engine "
        "leaves it alone. A release build of CPython works.";
    return false;
  }
  if (free_threaded) {
    *why = "Free-threaded builds of Python are not supported yet. Choose the regular build of this version.";
    return false;
  }
#define READ(field, position)                                                                        \
  do {                                                                                               \
    uint64_t value;                                                                                  \
    memcpy(&value, table + (position), 8);                                                           \
    if (value > 4096) {                                                                              \
      *why = "This Python's debug offsets are not plausible, so the native engine leaves it alone."; \
      return false;                                                                                  \
    }                                                                                                \
    at->field = (uint16_t)value;                                                                     \
  } while (0)
  READ(tstate_prev, in->tstate_prev);
  READ(tstate_next, in->tstate_next);
  READ(tstate_interp, in->tstate_interp);
  READ(tstate_frame, in->tstate_frame);
  READ(tstate_thread_id, in->tstate_thread_id);
  READ(frame_previous, in->frame_previous);
  READ(frame_code, in->frame_code);
  READ(frame_instruction, in->frame_instruction);
  READ(frame_owner, in->frame_owner);
  READ(code_filename, in->code_filename);
  READ(code_name, in->code_name);
  READ(code_qualname, in->code_qualname);
  READ(code_table, in->code_table);
  READ(code_first_line, in->code_first_line);
  READ(code_bytecode, in->code_bytecode);
  READ(bytes_data, in->bytes_data);
  READ(ascii_data, in->ascii_size);
#undef READ
  // Not published. The self-test checks them before any sample counts (selftest.c).
  at->tstate_chunk = (hexversion >> 16 & 0xff) < 15 ? 232 : 256;
  at->generator_frame = 72;
  // PyCompactUnicodeObject is a PyASCIIObject followed by utf8_length and utf8.
  at->compact_data = at->ascii_data + 16;
  return true;
}

// test/agent/stacks/selftest.test.ts builds agents with a wrong offset.
#ifndef OFFSETS_MISTAKE
#define OFFSETS_MISTAKE(offsets)
#endif

bool offsets_find(struct offsets *offsets, uint32_t hexversion, const char *runtime, const char **why) {
  static const struct offsets *const constant[] = {&offsets_39, &offsets_310, &offsets_311, &offsets_312};
  static const struct debug_layout *const published[] = {&layout_313, &layout_314, &layout_315};
  uint32_t minor = hexversion >> 16 & 0xff;
  bool found = minor < 13 || from_debug(offsets, runtime, published[minor - 13], hexversion, why);
  if (minor < 13) *offsets = *constant[minor - OLDEST_MINOR];
  OFFSETS_MISTAKE(offsets);
  return found;
}
