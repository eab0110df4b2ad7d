// Notes for the user about the run. All functions run on the watcher; notes_begin before it runs.
#pragma once
#include "base.h"

struct watcher_settings;

// A recording begins.
void notes_begin(void);
// Writes notes that are due and have not been written.
void notes_write(void);
// At the end: does the same, and writes notes about the whole run.
void notes_write_last(const struct watcher_settings *settings);
