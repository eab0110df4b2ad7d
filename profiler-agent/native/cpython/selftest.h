// The self-test: does the agent read the same from memory as Python's C interface returns?
//
// Offsets are chosen by version, but a build that calls itself 3.12 may differ from other builds of 3.12. So the agent
// first has the interpreter run a function of ours as a pending call, on its main thread, where Python's C interface
// may be used. This function reads the stack from memory, as samples do, and compares it with the result of that
// interface. Until it has an answer, stacks are read but not recorded. After a contradiction they are discarded, and no
// more are read.
#pragma once
#include "cpython/interpreter.h"

// Called when the agent starts: from now on python->is_initialized also requires that the self-test has passed.
void selftest_prepare(struct interpreter *python);
// Asks for the comparison if it is due and the calling thread may ask: it was interrupted at `pc`, or opens a file, as
// the main thread does before it runs a script. (signal; program's threads)
void selftest_interrupted(uintptr_t pc);
void selftest_opening_file(void);
// Sets a function to be called on the main thread, with the interpreter lock held, once the self-test has passed.
void selftest_then(void (*then)(const struct interpreter *python));
// Has `call` run there once, as a pending call. (watcher)
void selftest_errand(int (*call)(void *));
// Asks for the comparison if it is due, and takes its answer. True as long as samples must be held back. (watcher)
bool selftest_run(uint64_t now);
// True when the interpreter is initialized and the self-test has not failed. (signal, watcher)
bool selftest_may_look(void);
// True when what is read has to be held back until the self-test has an answer. (watcher)
bool selftest_holds(void);
// True when the self-test has failed. (any thread)
bool selftest_contradicted(void);
// The process ends without an answer: its stacks count if no difference was found. (watcher)
void selftest_give_up_waiting(void);
// Returns a sentence for the user after a contradiction, once; else NULL. (watcher)
const char *selftest_verdict(void);
// True when a thread that runs no Python code may use Python's C interface. False in a forked child until bytecode runs
// again: until then the interpreter replaces its locks, even those that are held. (watcher)
bool selftest_may_call(void);
// A child was forked: a question asked before may never be answered.
void selftest_after_fork(void);
