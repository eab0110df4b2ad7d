// The interpreter lock (GIL), read from outside by the watcher.
#pragma once
#include "cpython/interpreter.h"

// True when a thread sleeps to get the lock of its interpreter. `call` and `argument` are the system call in which it
// sleeps and that call's first argument; `tstate` is its thread state, 0 when not known.
bool gil_is_awaited(const struct interpreter *python, uintptr_t tstate, long call, uintptr_t argument);
