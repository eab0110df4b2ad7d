// The interpreter lock, seen from outside. (watcher)
#pragma once
#include "cpython/interpreter.h"

// True when a system call that a thread sleeps in, with its first argument, is the wait for the lock of the interpreter
// that the thread belongs to (`tstate`, 0 when it is not known).
bool gil_is_awaited(const struct interpreter *python, uintptr_t tstate, long call, uintptr_t argument);
