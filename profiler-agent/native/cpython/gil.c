#include "cpython/gil.h"

#include <sys/syscall.h>

#include "cpython/objects.h"

// Size of struct _gil_runtime_state, from 3.9 to 3.15. Threads sleep on its condition variables and mutexes.
#define GIL_BYTES 208
// Offset of this structure on LP64 release builds: before 3.12 in _PyRuntime; from 3.12 on in the interpreter, as a
// pointer to the lock that it uses (PyInterpreterState.ceval.gil).
static const uint16_t gil_of[] = {352, 352, 360, 384, 16, 16, 16};

bool gil_is_awaited(const struct interpreter *python, uintptr_t tstate, long call, uintptr_t argument) {
  if (call != SYS_futex) return false;
  uintptr_t at = gil_of[python->minor - OLDEST_MINOR], gil = python->runtime + at;
  if (python->minor >= 12) gil = pointer_read(pointer_read(tstate + python->at.tstate_interp) + at);
  return gil && argument - gil < GIL_BYTES;
}
