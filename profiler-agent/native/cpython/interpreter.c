#define _GNU_SOURCE
#include "cpython/interpreter.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "unwind/arch.h"

// "3.11.7 (main, …" → 0x030B07F0, "3.10.0rc2+ (…" → 0x030A00C2. Before 3.11 there is no Py_Version to read.
static uint32_t hexversion_parse(const char *text) {
  unsigned major = 0, minor = 0, micro = 0, serial = 0;
  int length = 0;
  if (sscanf(text, "%u.%u.%u%n", &major, &minor, &micro, &length) != 3) return 0;
  const char *level = text + length;
  unsigned release = *level == 'a' ? 0xa : *level == 'b' ? 0xb : *level == 'r' ? 0xc : 0xf;
  if (release != 0xf) serial = (unsigned)atoi(level + (release == 0xc ? 2 : 1));
  return major << 24 | minor << 16 | micro << 8 | release << 4 | (serial & 0xf);
}

static void *library;  // that has Python, where it is not the program's own

void interpreter_is_in(void *handle) {
  library = handle;
}

void *interpreter_symbol(const char *name) {
  return dlsym(library ? library : RTLD_DEFAULT, name);
}

// Why a version or a build is refused, or NULL when it is known.
static const char *refusal(uint32_t hexversion) {
  uint32_t minor = hexversion >> 16 & 0xff;
  if (interpreter_symbol("PyPyDict_New"))
    return "PyPy is not supported by the native engine. Choose " KNOWN_VERSIONS ".";
  if (hexversion >> 24 != 3 || minor < OLDEST_MINOR || minor > NEWEST_MINOR)
    return "This version of Python is not supported by the native engine. Choose " KNOWN_VERSIONS ".";
  if ((hexversion >> 4 & 0xf) < 0xc)
    return "This is an alpha or beta of Python, whose structures still change, so the native engine leaves it alone. "
           "Choose a release or a release candidate.";
  // Only debug builds count all references.
  if (interpreter_symbol("_Py_RefTotal"))
    return "This is a debug build of Python, which the native engine does not support. Choose the regular build.";
  return NULL;
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

bool interpreter_find(struct interpreter *self, const char **why) {
  *why = NULL;
  memset(self, 0, sizeof *self);
  const char *(*get_version)(void) = interpreter_symbol("Py_GetVersion");
  if (!get_version) return false;
  const char *version = get_version();
  snprintf(self->version, sizeof self->version, "%s", version);
  const unsigned long *exact = interpreter_symbol("Py_Version");
  self->hexversion = exact ? (uint32_t)*exact : hexversion_parse(version);
  self->minor = (int)(self->hexversion >> 16 & 0xff);
  *why = refusal(self->hexversion);
  if (*why) return false;

  self->runtime = (uintptr_t)interpreter_symbol("_PyRuntime");
  self->code_type = (uintptr_t)interpreter_symbol("PyCode_Type");
  self->bytes_type = (uintptr_t)interpreter_symbol("PyBytes_Type");
  self->frame_type = (uintptr_t)interpreter_symbol("PyFrame_Type");
  self->generator_types[0] = (uintptr_t)interpreter_symbol("PyGen_Type");
  self->generator_types[1] = (uintptr_t)interpreter_symbol("PyCoro_Type");
  self->generator_types[2] = (uintptr_t)interpreter_symbol("PyAsyncGen_Type");
  self->none = (uintptr_t)interpreter_symbol("_Py_NoneStruct");
  self->eval_entry = (uintptr_t)interpreter_symbol("_PyEval_EvalFrameDefault");
  self->gilstate_this = interpreter_symbol("PyGILState_GetThisThreadState");
  self->thread_state_now =
      interpreter_symbol(self->minor >= 13 ? "PyThreadState_GetUnchecked" : "_PyThreadState_UncheckedGet");
  self->is_initialized = interpreter_symbol("Py_IsInitialized");
  self->is_finalizing = interpreter_symbol(self->minor >= 13 ? "Py_IsFinalizing" : "_Py_IsFinalizing");
  if (!self->runtime || !self->code_type || !self->bytes_type || !self->frame_type || !self->none ||
      !self->generator_types[0] || !self->generator_types[1] || !self->generator_types[2] || !self->eval_entry ||
      !self->gilstate_this || !self->thread_state_now || !self->is_initialized || !self->is_finalizing) {
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

  if (!offsets_find(&self->at, self->hexversion, (const char *)self->runtime, why)) return false;
  if (self->minor >= 11) self->linking = linking_find(self);
  return true;
}
