// Walks the objects that the garbage collector tracks, newest first. All functions run on the watcher.
#pragma once
#include "cpython/interpreter.h"

// A recording begins.
void gc_lists_begin(const struct interpreter *python);

// Calls `visit` for objects of the main interpreter: those that are new since the last walk, and, a few at each walk,
// all older ones. Visits at most `most` objects, and at most `most_again` of those that were visited before. Returns
// how many objects were visited, 0 when the collector's lists are not found. A walk ends early when a list changes
// meanwhile. *complete: every object has been visited at least once.
uint32_t gc_lists_walk(uint32_t most, uint32_t most_again, void (*visit)(uintptr_t object, uintptr_t type),
                       bool *complete);
