#define _GNU_SOURCE
#include "cpython/interpreter.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "unwind/arch.h"

// "3.11.7 (main, …" → 0x030B07F0, "3.10.0rc2+ (…" → 0x030A00C2. Py_Version exists from 3.11 on only.
static uint32_t hexversion_parse(const char *text) {
  unsigned major = 0, minor = 0, micro = 0, serial = 0;
  int length = 0;
  if (sscanf(text, "%u.%u.%u%n", &major, &minor, &micro, &length) != 3) return 0;
  const char *level = text + length;
  unsigned release = *level == 'a' ? 0xa : *level == 'b' ? 0xb : *level == 'r' ? 0xc : 0xf;
  if (release != 0xf) serial = (unsigned)atoi(level + (release == 0xc ? 2 : 1));
  return major << 24 | minor << 16 | micro << 8 | release << 4 | (serial & 0xf);
}

static void *library;  // the library that has Python, NULL: the program itself has

void interpreter_is_in(void *handle) {
  library = handle;
}

void *interpreter_symbol(const char *name) {
  return dlsym(library ? library : RTLD_DEFAULT, name);
}

// Returns why a version or build is refused, NULL when it is supported.
static const char *refusal(uint32_t hexversion) {
  uint32_t minor = hexversion >> 16 & 0xff;
  if (interpreter_symbol("PyPyDict_New"))
    return "PyPy is not supported by the native engine. Choose " KNOWN_VERSIONS ".";
  if (hexversion >> 24 != 3 || minor < OLDEST_MINOR || minor > NEWEST_MINOR)
    return "This version of Python is not supported by the native engine. Choose " KNOWN_VERSIONS ".";
  if ((hexversion >> 4 & 0xf) < 0xc)
    return "This is an alpha or beta of Python, whose structures still change, so the native engine leaves it alone. "
           "Choose a release or a release candidate.";
  // Only debug builds count the references to all objects.
  if (interpreter_symbol("_Py_RefTotal"))
    return "This is a debug build of Python, which the native engine does not support. Choose the regular build.";
  return NULL;
}

// The eval loop starts with a block without jumps. One store to the thread state makes its frame visible; the stores
// that complete the frame come before it or within `linking_bytes` after it.
#define ENTRY_BYTES 512

static struct address_range linking_find(const struct interpreter *python) {
  const unsigned char *code = (const unsigned char *)python->eval_entry;
  for (uintptr_t i = 0; i + 4 <= ENTRY_BYTES; i += CODE_ALIGN) {
    if (is_store_at(code + i, python->at.tstate.frame))
      return (struct address_range){python->eval_entry + i + 1, python->eval_entry + i + python->at.linking_bytes};
  }
  return (struct address_range){python->eval_entry, python->eval_entry + ENTRY_BYTES};
}

bool interpreter_find(struct interpreter *python, const char **why) {
  *why = NULL;
  memset(python, 0, sizeof *python);
  const char *(*get_version)(void) = interpreter_symbol("Py_GetVersion");
  if (!get_version) return false;
  const char *version = get_version();
  snprintf(python->version, sizeof python->version, "%s", version);
  const unsigned long *exact = interpreter_symbol("Py_Version");
  python->hexversion = exact ? (uint32_t)*exact : hexversion_parse(version);
  python->minor = (int)(python->hexversion >> 16 & 0xff);
  *why = refusal(python->hexversion);
  if (*why) return false;

  python->runtime = (uintptr_t)interpreter_symbol("_PyRuntime");
  python->code_type = (uintptr_t)interpreter_symbol("PyCode_Type");
  python->bytes_type = (uintptr_t)interpreter_symbol("PyBytes_Type");
  python->frame_type = (uintptr_t)interpreter_symbol("PyFrame_Type");
  python->generator_types[0] = (uintptr_t)interpreter_symbol("PyGen_Type");
  python->generator_types[1] = (uintptr_t)interpreter_symbol("PyCoro_Type");
  python->generator_types[2] = (uintptr_t)interpreter_symbol("PyAsyncGen_Type");
  python->none = (uintptr_t)interpreter_symbol("_Py_NoneStruct");
  python->eval_entry = (uintptr_t)interpreter_symbol("_PyEval_EvalFrameDefault");
  python->gilstate_this = interpreter_symbol("PyGILState_GetThisThreadState");
  python->thread_state_now =
      interpreter_symbol(python->minor >= 13 ? "PyThreadState_GetUnchecked" : "_PyThreadState_UncheckedGet");
  python->is_initialized = interpreter_symbol("Py_IsInitialized");
  python->is_finalizing = interpreter_symbol(python->minor >= 13 ? "Py_IsFinalizing" : "_Py_IsFinalizing");
  if (!python->runtime || !python->code_type || !python->bytes_type || !python->frame_type || !python->none ||
      !python->generator_types[0] || !python->generator_types[1] || !python->generator_types[2] ||
      !python->eval_entry || !python->gilstate_this || !python->thread_state_now || !python->is_initialized ||
      !python->is_finalizing) {
    *why = "This Python does not export the symbols the native engine reads. Choose another build of CPython.";
    return false;
  }
  // The extent of _PyRuntime: its size in the symbol table, or else a guess.
  python->runtime_end = python->runtime + 0x80000;
  Dl_info info;
  const void *extra = NULL;
  if (dladdr1((void *)python->runtime, &info, (void **)&extra, RTLD_DL_SYMENT) && extra) {
    uint64_t size;
    memcpy(&size, (const char *)extra + 16, 8);  // Elf64_Sym.st_size
    python->runtime_end = python->runtime + size;
  }

  if (!layout_find(&python->at, python->hexversion, (const char *)python->runtime, why)) return false;
  if (python->at.linking_bytes) python->linking = linking_find(python);
  return true;
}
