// How often the watcher looks at threads: as often as was asked for, or less often if that would cost more than the
// budget. All functions run on the watcher.
#pragma once
#include "base.h"

// At this interval and longer ones, the timers of threads cause the samples, not the watcher.
#define DEFAULT_INTERVAL_NS (1000 * 1000ull)
// The longest interval.
#define INTERVAL_MAX_NS (50 * 1000 * 1000ull)

// The watcher begins, at `now` in ns. `permille` is the budget, see struct watcher_settings.
void budget_begin(uint64_t interval_ns, uint32_t permille, uint64_t now);
// The watcher has looked once more. `ticks`: the number of signals that it has sent so far.
void budget_round(uint64_t now, uint64_t ticks);
// Returns the time from one look to the next at present, in ns on average.
uint64_t budget_interval(void);
// Returns the average of that time since the watcher began, in ns. 0: it was not adapted yet.
uint64_t budget_reached_ns(void);
