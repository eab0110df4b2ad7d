#define _GNU_SOURCE
#include "interpreter.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arch.h"

// Include/cpython/pystate.h, Include/internal/pycore_frame.h and Include/cpython/code.h of each minor version, as
// offsetof() gives them on LP64 release builds. tstate_frame of 3.11 and 3.12 is the cframe.
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
    .cframe_current = 8,
    .frame_previous = 48,
    .frame_code = 32,
    .frame_instruction = 56,
    .frame_owner = 69,
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
    .cframe_current = 0,
    .frame_previous = 8,
    .frame_code = 0,
    .frame_instruction = 56,
    .frame_owner = 70,
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

// Where each offset sits inside _Py_DebugOffsets (Include/internal/pycore_runtime.h of 3.13). The table grows in the
// middle between minor versions, so each one needs its own.
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

static bool offsets_from_debug(struct offsets *at, const char *table, const struct debug_layout *in,
                               uint32_t hexversion, const char **why) {
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
  // PyCompactUnicodeObject adds utf8_length and utf8 to PyASCIIObject.
  at->compact_data = at->ascii_data + 16;
  return true;
}

// "3.11.7 (main, …" → 0x030B0700. Before 3.11 there is no Py_Version to read.
static uint32_t hexversion_parse(const char *text) {
  unsigned major = 0, minor = 0, micro = 0;
  if (sscanf(text, "%u.%u.%u", &major, &minor, &micro) != 3) return 0;
  return major << 24 | minor << 16 | micro << 8 | 0xf0;
}

// The entry block of the bytecode loop is straight-line code. Its frame becomes visible with one store to the thread
// state; the stores that complete it follow within the block, if not before.
#define ENTRY_BYTES 512
#define LINKING_BYTES (self->minor == 12 ? 160 : 96)

static struct address_range linking_find(const struct interpreter *self) {
  const unsigned char *code = (const unsigned char *)self->eval_entry;
  for (uintptr_t i = 0; i + 4 <= ENTRY_BYTES; i += CODE_ALIGN) {
    if (is_store_at(code + i, self->at.tstate_frame))
      return (struct address_range){self->eval_entry + i + 1, self->eval_entry + i + LINKING_BYTES};
  }
  return (struct address_range){self->eval_entry, self->eval_entry + ENTRY_BYTES};
}

static void *symbol(const char *name) {
  return dlsym(RTLD_DEFAULT, name);
}

bool interpreter_find(struct interpreter *self, const char **why) {
  *why = NULL;
  memset(self, 0, sizeof *self);
  const char *(*get_version)(void) = symbol("Py_GetVersion");
  if (!get_version) return false;
  const char *version = get_version();
  snprintf(self->version, sizeof self->version, "%s", version);
  const unsigned long *exact = symbol("Py_Version");
  self->hexversion = exact ? (uint32_t)*exact : hexversion_parse(version);
  self->minor = (int)(self->hexversion >> 16 & 0xff);

  self->runtime = (uintptr_t)symbol("_PyRuntime");
  self->code_type = (uintptr_t)symbol("PyCode_Type");
  self->bytes_type = (uintptr_t)symbol("PyBytes_Type");
  self->eval_entry = (uintptr_t)symbol("_PyEval_EvalFrameDefault");
  self->gilstate_this = symbol("PyGILState_GetThisThreadState");
  self->thread_state_now = symbol(self->minor >= 13 ? "PyThreadState_GetUnchecked" : "_PyThreadState_UncheckedGet");
  self->is_initialized = symbol("Py_IsInitialized");
  self->is_finalizing = symbol(self->minor >= 13 ? "Py_IsFinalizing" : "_Py_IsFinalizing");
  if (symbol("PyPyDict_New")) {
    *why = "PyPy is not supported by the native engine. Choose a CPython 3.9 to 3.13 interpreter.";
    return false;
  }
  if (self->hexversion >> 24 != 3 || self->minor < 9 || self->minor > 13) {
    *why = "This version of Python is not supported by the native engine. Choose CPython 3.9 to 3.13.";
    return false;
  }
  if (!self->runtime || !self->code_type || !self->bytes_type || !self->eval_entry || !self->gilstate_this ||
      !self->thread_state_now || !self->is_initialized || !self->is_finalizing) {
    *why = "This Python does not export the symbols the native engine reads. Choose another build of CPython.";
    return false;
  }
  // The extent of _PyRuntime: futexes inside it are the interpreter's own locks.
  self->runtime_end = self->runtime + 0x80000;
  Dl_info info;
  const void *extra = NULL;
  if (dladdr1((void *)self->runtime, &info, (void **)&extra, RTLD_DL_SYMENT) && extra) {
    uint64_t size;
    memcpy(&size, (const char *)extra + 16, 8);  // Elf64_Sym.st_size
    self->runtime_end = self->runtime + size;
  }

  static const struct offsets *const by_minor[] = {&offsets_39, &offsets_310, &offsets_311, &offsets_312};
  if (self->minor <= 12) {
    self->at = *by_minor[self->minor - 9];
  } else if (!offsets_from_debug(&self->at, (const char *)self->runtime, &layout_313, self->hexversion, why)) {
    return false;
  }
  if (self->minor >= 11) self->linking = linking_find(self);
  return true;
}
