// The objects that the garbage collector knows, newest first. (watcher)
#pragma once
#include "interpreter.h"

// For a recording that is about to begin.
void gc_lists_begin(const struct interpreter *python);

// Passes on the objects that were not there at the last walk, and little by little all others, those of the main
// interpreter; at most so many. Returns how many it has visited, 0 when the collector's lists are not found. Lists that
// change meanwhile end a walk early. *complete: it came to the end of all of them.
uint32_t gc_lists_walk(uint32_t most, void (*visit)(uintptr_t object, uintptr_t type), bool *complete);
