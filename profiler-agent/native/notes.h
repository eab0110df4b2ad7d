// What the person who profiles a program has to know of the run. (watcher)
#pragma once
#include "base.h"

struct watcher_settings;

// For a recording that is about to begin.
void notes_begin(void);
// Writes what has not been said yet.
void notes_write(void);
// Writes that, and what is only known at the end.
void notes_write_last(const struct watcher_settings *settings);
