#include "cpython/layouts.h"

#include <string.h>

// Offsets on LP64 release builds of the version that each entry names: `offsetof` with its headers. `task` was found by
// a search for known pointers in tasks, `linking_bytes` in the machine code. From 3.13 on the interpreter publishes
// many offsets, and its own numbers replace those here (`published`, below).

// 3.9.18: Include/cpython/{pystate,frameobject,code,object,tupleobject,unicodeobject}.h,
// Include/{funcobject,genobject}.h, Include/internal/pycore_{interp,runtime}.h, Objects/dict-common.h.
static const struct layout layout_39 = {
    .runtime = {.gil = 352},
    .interpreter = {.next = 0, .threads = 8, .modules = 856},
    .tstate = {.next = 8, .interp = 16, .thread_id = 176, .frame = 24},
    .frame =
        {.previous = 24, .code = 32, .instruction = 104, .instruction_unit = 1, .locals = 360, .top = 72, .awaited = 8},
    .generator = {.frame = 16},
    .code = {.filename = 104, .name = 112, .first_line = 40, .table = 120, .bytecode = 48, .names = 64},
    .function = {.code = 16},
    .bytes = {.data = 32},
    .str = {.ascii = 48, .compact = 72},
    .tuple = {.items = 24},
    .keys = {.size = 8, .entries = 32, .indices = 40},
    .task = {.state = 80, .waiter = 144, .coroutine = 152},
    .greenlet = {.stack = 72},
};

// 3.10.13: the same files.
static const struct layout layout_310 = {
    .runtime = {.gil = 352},
    .interpreter = {.next = 0, .threads = 8, .modules = 856},
    .tstate = {.next = 8, .interp = 16, .thread_id = 176, .frame = 24},
    .frame = {.previous = 24,
              .code = 32,
              .instruction = 96,
              .instruction_unit = 2,
              .locals = 352,
              .state = 108,
              .values = 64,
              .top = 80,
              .top_is_count = true},
    .generator = {.frame = 16, .suspended = -1, .awaiting = -1},
    .code = {.filename = 104, .name = 112, .first_line = 40, .table = 120, .bytecode = 48, .names = 64},
    .function = {.code = 48},
    .bytes = {.data = 32},
    .str = {.ascii = 48, .compact = 72},
    .tuple = {.items = 24},
    .keys = {.size = 8, .entries = 32, .indices = 40},
    .task = {.state = 88, .waiter = 152, .coroutine = 160},
    .greenlet = {.stack = 72},
};

// 3.11.7: Include/cpython/{pystate,code,object,tupleobject,funcobject,genobject,unicodeobject}.h,
// Include/internal/pycore_{interp,runtime,frame,dict}.h.
static const struct layout layout_311 = {
    .runtime = {.gil = 360},
    .interpreter = {.next = 0, .threads = 16, .modules = 888},
    .tstate = {.next = 8, .interp = 16, .thread_id = 152, .frame = 56, .root = 336, .chunk = 296},
    .cframe = {.current = 8},
    .frame = {.previous = 48,
              .code = 32,
              .instruction = 56,
              .owner = 69,
              .is_entry = 68,
              .locals = 72,
              .top = 64,
              .top_is_count = true},
    .generator = {.frame = 80, .state = 75, .suspended = -1, .awaiting = -1},
    .code =
        {.filename = 112, .name = 120, .qualname = 128, .first_line = 72, .table = 136, .bytecode = 184, .names = 32},
    .function = {.code = 48},
    .bytes = {.data = 32},
    .str = {.ascii = 48, .compact = 72},
    .tuple = {.items = 24},
    .keys = {.index_bytes = 9, .kind = 10, .entries = 24, .indices = 32},
    .attributes = {.dict = 24, .values = 32, .cached_keys = 872},
    .task = {.state = 88, .waiter = 128, .coroutine = 136},
    .greenlet = {.stack = 56},
    .linking_bytes = 96,
};

// 3.12.1: the same files.
static const struct layout layout_312 = {
    .interpreter = {.next = 0, .threads = 72, .modules = 944, .gil = 384},
    .tstate = {.next = 8, .interp = 16, .thread_id = 136, .frame = 56, .root = 272, .chunk = 232},
    .cframe = {.current = 0},
    .frame = {.previous = 8,
              .code = 0,
              .instruction = 56,
              .owner = 70,
              .object = 48,
              .locals = 72,
              .top = 64,
              .top_is_count = true},
    .generator = {.frame = 72, .state = 67, .suspended = -1, .awaiting = -1},
    .code =
        {.filename = 112, .name = 120, .qualname = 128, .first_line = 68, .table = 136, .bytecode = 192, .names = 32},
    .function = {.code = 48},
    .bytes = {.data = 32},
    .str = {.ascii = 40, .compact = 56},
    .integer = {.tag_bits = 3},
    .tuple = {.items = 24},
    .keys = {.index_bytes = 9, .kind = 10, .entries = 24, .indices = 32},
    .attributes = {.dict = 24, .dict_or_values = true, .cached_keys = 880},
    .task = {.state = 88, .waiter = 128, .coroutine = 136},
    .greenlet = {.stack = 56},
    .linking_bytes = 160,
};

// 3.13.0: the same files.
static const struct layout layout_313 = {
    .interpreter = {.next = 7264, .threads = 7344, .modules = 7656, .gil = 16},
    .tstate = {.next = 8, .interp = 16, .thread_id = 152, .frame = 72, .chunk = 232},
    .frame = {.previous = 8, .code = 0, .instruction = 56, .owner = 70, .locals = 72, .top = 64, .top_is_count = true},
    .generator = {.frame = 72, .state = 67, .suspended = -2, .awaiting = -1},
    .code =
        {.filename = 112, .name = 120, .qualname = 128, .first_line = 68, .table = 136, .bytecode = 200, .names = 32},
    .function = {.code = 48},
    .bytes = {.data = 32},
    .str = {.ascii = 40, .compact = 56},
    .integer = {.tag_bits = 3},
    .tuple = {.items = 24},
    .keys = {.index_bytes = 9, .kind = 10, .entries = 24, .indices = 32},
    .attributes = {.dict = 24, .first = 8, .cached_keys = 880},
    .task = {.state = 96, .waiter = 112, .coroutine = 120},
    .greenlet = {.stack = 56},
    .linking_bytes = 96,
};

// 3.14.10: the same, but for Include/internal/pycore_{interp_structs,interpframe_structs}.h. The numbers that the
// interpreter publishes were read from a running one.
static const struct layout layout_314 = {
    .interpreter = {.next = 7272, .threads = 7344, .modules = 7688, .gil = 16},
    .tstate = {.next = 8, .interp = 16, .thread_id = 152, .frame = 72, .chunk = 232},
    .frame = {.previous = 8, .code = 0, .instruction = 56, .owner = 74, .locals = 80, .top = 64, .awaited = 8},
    .generator = {.frame = 72, .state = 67, .suspended = -2, .awaiting = -1},
    .code =
        {.filename = 112, .name = 120, .qualname = 128, .first_line = 68, .table = 136, .bytecode = 208, .names = 32},
    .function = {.code = 48},
    .bytes = {.data = 32},
    .str = {.ascii = 40, .compact = 56},
    .integer = {.tag_bits = 3},
    .tuple = {.items = 32},
    .keys = {.index_bytes = 9, .kind = 10, .entries = 24, .indices = 32},
    .attributes = {.dict = 24, .first = 8, .cached_keys = 880},
    .task = {.state = 104, .waiter = 120, .coroutine = 128, .node = 152},
    .greenlet = {.stack = 56},
    .linking_bytes = 96,
};

// 3.15.2: as for 3.14.
static const struct layout layout_315 = {
    .interpreter = {.next = 7264, .threads = 7336, .modules = 7592, .gil = 16},
    .tstate = {.next = 8, .interp = 16, .thread_id = 176, .frame = 72, .chunk = 256},
    .frame = {.previous = 8, .code = 0, .instruction = 56, .owner = 74, .locals = 80, .top = 64, .awaited = 16},
    .generator = {.frame = 72, .state = 67, .suspended = 1, .awaiting = 2},
    .code =
        {.filename = 112, .name = 120, .qualname = 128, .first_line = 68, .table = 136, .bytecode = 208, .names = 32},
    .function = {.code = 48},
    .bytes = {.data = 32},
    .str = {.ascii = 40, .compact = 56},
    .integer = {.tag_bits = 3},
    .tuple = {.items = 32},
    .keys = {.index_bytes = 9, .kind = 10, .entries = 24, .indices = 32},
    .attributes = {.dict = 24, .first = 8, .cached_keys = 888},
    .task = {.state = 104, .waiter = 120, .coroutine = 128, .node = 152},
    .greenlet = {.stack = 56},
    .linking_bytes = 96,
};

static const struct layout *const layouts[] = {&layout_39,  &layout_310, &layout_311, &layout_312,
                                               &layout_313, &layout_314, &layout_315};

// Where the offsets that the interpreter publishes stand in its table, _Py_DebugOffsets, in bytes
// (Include/internal/pycore_runtime.h of 3.13, pycore_debug_offsets.h from 3.14 on). New minor versions insert members,
// so each one needs its own entry.
#define FIRST_PUBLISHED 13
static const struct layout published_313 = {
    .interpreter = {.next = 64, .threads = 72, .modules = 88},
    .tstate = {.next = 168, .interp = 176, .frame = 184, .thread_id = 192},
    .frame = {.previous = 232, .code = 240, .instruction = 248, .owner = 264},
    .code = {.filename = 280, .name = 288, .qualname = 296, .table = 304, .first_line = 312, .bytecode = 344},
    .bytes = {.data = 528},
    .str = {.ascii = 560},
};
static const struct layout published_314 = {
    .interpreter = {.next = 64, .threads = 72, .modules = 96},
    .tstate = {.next = 192, .interp = 200, .frame = 208, .thread_id = 216},
    .frame = {.previous = 256, .code = 264, .instruction = 272, .owner = 288},
    .code = {.filename = 320, .name = 328, .qualname = 336, .table = 344, .first_line = 352, .bytecode = 384},
    .bytes = {.data = 608},
    .str = {.ascii = 640},
};
static const struct layout published_315 = {
    .interpreter = {.next = 64, .threads = 72, .modules = 96},
    .tstate = {.next = 192, .interp = 200, .frame = 208, .thread_id = 240},
    .frame = {.previous = 320, .code = 328, .instruction = 336, .owner = 352},
    .code = {.filename = 384, .name = 392, .qualname = 400, .table = 408, .first_line = 416, .bytecode = 448},
    .bytes = {.data = 704},
    .str = {.ascii = 736},
};
static const struct layout *const published[] = {&published_313, &published_314, &published_315};

// Replaces an offset by the one that is published at a position of the table. False when that exceeds `limit`.
static bool offset_read(uint16_t *offset, const char *table, uint16_t position, uint64_t limit) {
  uint64_t value;
  memcpy(&value, table + position, sizeof value);
  if (value <= limit) *offset = (uint16_t)value;
  return value <= limit;
}

static bool published_read(struct layout *layout, const char *table, uint32_t hexversion, const char **why) {
  const struct layout *positions = published[(hexversion >> 16 & 0xff) - FIRST_PUBLISHED];
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
  bool plausible = true;
#define READ(field, limit) plausible &= offset_read(&layout->field, table, positions->field, limit)
  // PyInterpreterState is the only one of these structures that is larger than 4096 bytes.
  READ(interpreter.next, UINT16_MAX);
  READ(interpreter.threads, UINT16_MAX);
  READ(interpreter.modules, UINT16_MAX);
  READ(tstate.next, 4096);
  READ(tstate.interp, 4096);
  READ(tstate.frame, 4096);
  READ(tstate.thread_id, 4096);
  READ(frame.previous, 4096);
  READ(frame.code, 4096);
  READ(frame.instruction, 4096);
  READ(frame.owner, 4096);
  READ(code.filename, 4096);
  READ(code.name, 4096);
  READ(code.qualname, 4096);
  READ(code.table, 4096);
  READ(code.first_line, 4096);
  READ(code.bytecode, 4096);
  READ(bytes.data, 4096);
  READ(str.ascii, 4096);
#undef READ
  // PyCompactUnicodeObject is a PyASCIIObject followed by utf8_length and utf8.
  layout->str.compact = layout->str.ascii + 16;
  if (!plausible) *why = "This Python's debug offsets are not plausible, so the native engine leaves it alone.";
  return plausible;
}

// test/agent/stacks/selftest.test.ts builds agents with a wrong offset.
#ifndef LAYOUT_MISTAKE
#define LAYOUT_MISTAKE(layout)
#endif

bool layout_find(struct layout *layout, uint32_t hexversion, const char *runtime, const char **why) {
  uint32_t minor = hexversion >> 16 & 0xff;
  *layout = *layouts[minor - OLDEST_MINOR];
  bool found = minor < FIRST_PUBLISHED || published_read(layout, runtime, hexversion, why);
  LAYOUT_MISTAKE(layout);
  return found;
}
