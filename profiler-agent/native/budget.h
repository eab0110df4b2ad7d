// How often threads are looked at: as often as was asked for, or as seldom as keeps the price of it within the budget.
// (watcher)
#pragma once
#include "base.h"

// At this rate and slower ones the timers of threads see to samples.
#define DEFAULT_INTERVAL_NS (1000 * 1000ull)
// The longest that an interval gets.
#define INTERVAL_MAX_NS (50 * 1000 * 1000ull)

// The watcher begins to look. permille: see struct watcher_settings.
void budget_begin(uint64_t interval_ns, uint32_t permille, uint64_t now);
// It has looked once more. `ticks` is how many signals it has sent so far.
void budget_round(uint64_t now, uint64_t ticks);
// From one look to the next, on average.
uint64_t budget_interval(void);
// What that was on average since it began; 0: it has not been reconsidered yet.
uint64_t budget_reached_ns(void);
