// What the watcher does each time it looks: it looks at the interpreter, at mapped files and at every thread, and
// writes what is due. All functions run on the watcher, except that rounds_begin runs before it. Times are ns of
// CLOCK_MONOTONIC.
#pragma once
#include "base.h"

struct interpreter;
struct watcher_settings;

// A recording begins. Returns the counts that are kept for it.
struct stats *rounds_begin(const struct interpreter *python);
// Lets the self-test go on, and ends sampling when the self-test has failed. True as long as it has neither passed nor
// failed.
bool rounds_ask_interpreter(uint64_t now);
// Makes one round. True when a thread runs.
bool rounds_look(uint64_t now);
// Records what is in the rings, to make room.
void rounds_drain(void);
// Returns the number of signals that the watcher has sent.
uint64_t rounds_ticks(void);
// Makes the last round. `ends`: the program ends.
void rounds_finish(const struct watcher_settings *settings, bool ends);
