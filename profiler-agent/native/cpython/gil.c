#include "cpython/gil.h"

#include <sys/syscall.h>

#include "cpython/objects.h"

bool gil_is_awaited(const struct interpreter *python, uintptr_t tstate, long call, uintptr_t argument) {
  if (call != SYS_futex) return false;
  const struct layout *at = &python->at;
  uintptr_t gil = at->runtime.gil ? python->runtime + at->runtime.gil
                                  : pointer_read(pointer_read(tstate + at->tstate.interp) + at->interpreter.gil);
  // Threads sleep on the lock's condition variables and mutexes.
  return gil && argument - gil < GIL_BYTES;
}
