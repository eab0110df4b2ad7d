// Is what the agent reads what Python says?
//
// Structures are known by version, but not every build that calls itself 3.12 need be one. So the first thing that is
// asked of an interpreter is to run a function of ours, on its main thread, as a pending call: where Python's own C
// interface may be used. There the stack is read as samples will be, from memory, and compared with what that interface
// says. Until then stacks are read, but nobody hears of them; after a contradiction they are forgotten, and none is
// read any more.
#pragma once
#include "cpython/interpreter.h"

// From now on the interpreter counts as initialized when it also has passed.
void selftest_prepare(struct interpreter *python);
// A thread was interrupted, or opens a file, as the main thread does before it runs a script: asks when the moment is
// right. (signal)
void selftest_interrupted(uintptr_t pc);
void selftest_opening_file(void);
// Has a function called on the main thread, with the interpreter lock held, as soon as the interpreter has passed.
void selftest_then(void (*then)(const struct interpreter *python));
// Has a function called there once more, when the moment is right. (watcher)
void selftest_errand(int (*call)(void *));
// Asks when it is time to ask. Returns true as long as it is too early to sample. (watcher)
bool selftest_run(uint64_t now);
// Whether the interpreter runs and has not contradicted. (signal)
bool selftest_may_look(void);
// Whether what is seen has to be held back until the answer comes. (watcher)
bool selftest_holds(void);
bool selftest_contradicted(void);
// The process is over: no answer will come, so the version alone has to do. (watcher)
void selftest_give_up_waiting(void);
// After a contradiction: one sentence for the person, once; NULL otherwise. (watcher)
const char *selftest_verdict(void);
// Whether a thread that runs no Python may use Python's C interface. Not so in a forked child: there the interpreter
// makes its locks anew, even those that somebody holds, until bytecode runs again. (watcher)
bool selftest_may_call(void);
// In a forked child: what was asked before may never be answered.
void selftest_after_fork(void);
