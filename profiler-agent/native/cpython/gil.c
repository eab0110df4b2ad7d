#include "cpython/gil.h"

#include <sys/syscall.h>

#include "cpython/objects.h"

// struct _gil_runtime_state: its condition variables and mutexes are what threads sleep on. The same from 3.9 to 3.15.
#define GIL_BYTES 208
// Where it is, as offsetof() gives it on LP64 release builds: in _PyRuntime up to 3.11; from 3.12 every interpreter has
// a pointer to the one it uses (PyInterpreterState.ceval.gil).
static const uint16_t gil_of[] = {352, 352, 360, 384, 16, 16, 16};

bool gil_is_awaited(const struct interpreter *python, uintptr_t tstate, long call, uintptr_t argument) {
  if (call != SYS_futex) return false;
  uintptr_t at = gil_of[python->minor - OLDEST_MINOR], gil = python->runtime + at;
  if (python->minor >= 12) gil = pointer_read(pointer_read(tstate + python->at.tstate_interp) + at);
  return gil && argument - gil < GIL_BYTES;
}
