// Where in compiled code a thread sleeps. The watcher reads it from outside.
#pragma once
#include "cpython/interpreter.h"
#include "threads.h"

// What the kernel tells about a sleeping thread (/proc/self/task/TID/syscall): its system call, with the first
// argument, and two registers.
struct sleep_place {
  long call;                   // the number of the system call, −1: not known
  uintptr_t argument, sp, pc;  // the call's first argument, the stack pointer and the program counter
};

struct wait_native {
  uint32_t native;  // id of the chain of native frames in the recording, 0: not known
  bool incomplete;  // the eval loop that called it was not reached
};

// Records the native frames from the eval loop to the system call. The caller checks afterwards that the thread did not
// run meanwhile; otherwise the result is meaningless.
struct wait_native wait_native_read(const struct sleep_place *place, const struct thread *thread,
                                    const struct interpreter *python);
