#include "budget.h"

#include "memory/memory_notes.h"
#include "observe.h"

// How often the interval is adapted.
#define BUDGET_NS (100 * 1000 * 1000ull)

static uint64_t asked_for;
static uint32_t permille;
static uint64_t interval;  // between two looks, at present
// When the interval was last adapted: the time, the CPU clocks of the watcher and of the process, and what counted
// then.
static struct { uint64_t time, agent, process, memory, ticks, handlers, rounds; } before;
static uint64_t reached_sum, reached_count;  // sum and number of the intervals so far

void budget_begin(uint64_t interval_ns, uint32_t wanted_permille, uint64_t now) {
  asked_for = interval_ns;
  permille = wanted_permille;
  interval = permille ? interval_ns * 4 : interval_ns;
  before.time = now;
  before.agent = 0;
  before.process = clock_ns(CLOCK_PROCESS_CPUTIME_ID);
  before.memory = memory_drained_ns();
  before.ticks = before.rounds = reached_sum = reached_count = 0;
  before.handlers = observer_handler_ns();
}

uint64_t budget_interval(void) {
  return interval;
}

uint64_t budget_reached_ns(void) {
  return reached_count ? reached_sum / reached_count : 0;
}

// Cost of interrupting a thread from another core, besides what the handler measures itself. An upper estimate for
// virtual machines.
#define SIGNAL_COST_NS 10000

// Adapts the interval so that looking takes no more than its share of the program's CPU time, or of one core. The cost
// of a wake-up is measured because it differs by a factor of ten between machines: 3 µs on bare metal, 30 µs and more
// where every timer interrupt leaves a virtual machine.
static void interval_adapt(uint64_t now, uint64_t sent) {
  uint64_t passed = now - before.time;
  if (passed < BUDGET_NS || !permille) return;
  uint64_t agent = clock_ns(CLOCK_THREAD_CPUTIME_ID), process = clock_ns(CLOCK_PROCESS_CPUTIME_ID);
  // Memory has a budget of its own.
  uint64_t memory = memory_drained_ns(), own = agent - before.agent - (memory - before.memory);
  uint64_t handlers = observer_handler_ns();
  uint64_t signals = (sent - before.ticks) * SIGNAL_COST_NS + handlers - before.handlers;
  uint64_t cost = (own + signals) / (before.rounds + 1);
  uint64_t program = process - before.process - (agent - before.agent);
  // A program that mostly waits is looked at as often as one that keeps a core busy.
  uint64_t wanted = cost * passed * 1000 / ((program > passed ? program : passed) * permille);
  if (wanted < asked_for) wanted = asked_for;
  if (wanted > INTERVAL_MAX_NS) wanted = INTERVAL_MAX_NS;
  // Go half way only, because a single measurement of the cost may be far off.
  interval = (interval + wanted) / 2;
  reached_sum += interval;
  reached_count++;
  before.time = now;
  before.agent = agent;
  before.process = process;
  before.memory = memory;
  before.ticks = sent;
  before.handlers = handlers;
  before.rounds = 0;
}

void budget_round(uint64_t now, uint64_t ticks) {
  before.rounds++;
  interval_adapt(now, ticks);
}
