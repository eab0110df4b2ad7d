// The objects that the garbage collector knows, newest first. (watcher)
#pragma once
#include "cpython/interpreter.h"

// For a recording that is about to begin.
void gc_lists_begin(const struct interpreter *python);

// Passes on the objects that were not there at the last walk, and little by little all others, those of the main
// interpreter; at most so many, and of those that were passed on before at most most_again. Returns how many it has
// visited, 0 when the collector's lists are not found. Lists that change meanwhile end a walk early. *complete: all
// have been passed on.
uint32_t gc_lists_walk(uint32_t most, uint32_t most_again, void (*visit)(uintptr_t object, uintptr_t type),
                       bool *complete);
