// Resident memory of the process, as the kernel counts it.
#pragma once
#include "base.h"

// Records it when the last time was long ago. `now` is ns of CLOCK_MONOTONIC. (watcher)
void footprint_look(uint64_t now);
