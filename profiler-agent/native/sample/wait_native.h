// Where in compiled code a thread sleeps, read from outside. (watcher)
#pragma once
#include "cpython/interpreter.h"
#include "threads.h"

// Where the kernel found a thread: the registers that it tells others of, and the system call that it sleeps in.
struct sleep_place {
  long call;  // −1: not known
  uintptr_t argument, sp, pc;
};

struct wait_native {
  uint32_t native;  // in the recording, 0 = not known
  bool incomplete;  // the bytecode loop that called it was not reached
};

// The frames from the bytecode loop to the system call. The caller checks afterwards that the thread did not run
// meanwhile.
struct wait_native wait_native_read(const struct sleep_place *place, const struct thread *thread,
                                    const struct interpreter *python);
