// Which PyThreadState a thread runs: it has one in every interpreter that it has been in.
#pragma once
#include "cpython/interpreter.h"
#include "threads.h"

void thread_states_use(const struct interpreter *python);
// The calling thread's Python state, or 0. `early`: even if the interpreter has not proven yet what it is (selftest.h).
// (signal)
uintptr_t thread_state_of(const struct thread *self, bool early);
// The state in which a thread runs code of a sub-interpreter, 0 when it runs none, or in several of them, one inside
// the other. Read through the kernel. (signal)
uintptr_t thread_state_inner(pthread_t thread);
// The first of the main interpreter's states. (watcher)
uintptr_t thread_states_first(void);
// Whether there is a frame in a state. Read through the kernel. (signal)
bool thread_state_runs(uintptr_t state);
