// Finds the PyThreadState that a thread runs: a thread has one in every interpreter in which it has run. States are
// addresses; 0 stands for none.
#pragma once
#include "cpython/interpreter.h"
#include "threads.h"

// Called when the agent starts, before any other function here.
void thread_states_use(const struct interpreter *python);
// Returns the state of the calling thread, which is `thread`, or 0. `early`: also before the self-test has passed
// (selftest.h). (signal)
uintptr_t thread_state_of(const struct thread *thread, bool early);
// Returns the state in which a thread runs code of a sub-interpreter. 0 when it runs none, or several nested ones.
// Reads memory with calls of the kernel where they are allowed. (signal, watcher)
uintptr_t thread_state_inner(pthread_t thread);
// Returns the first state in the main interpreter's list. (watcher)
uintptr_t thread_states_first(void);
// True when a state has a frame. (signal, watcher)
bool thread_state_runs(uintptr_t state);
