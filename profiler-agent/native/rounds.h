// What the watcher does each time it looks: at the interpreter, at mapped files, at every thread, and at what is to be
// written now and then. (watcher)
#pragma once
#include "base.h"

struct interpreter;
struct watcher_settings;

// For a recording that is about to begin. Returns the counts that are kept of it.
struct stats *rounds_begin(const struct interpreter *python);
// Asks the interpreter whether it is what it says it is; if not, nothing is sampled any more. Returns true as long as
// it has not answered.
bool rounds_ask_interpreter(uint64_t now);
// One round. Returns true when some thread runs.
bool rounds_look(uint64_t now);
// Makes room in every ring.
void rounds_drain(void);
// How many signals were sent.
uint64_t rounds_ticks(void);
// The last round. `ends`: the program does, too.
void rounds_finish(const struct watcher_settings *settings, bool ends);
