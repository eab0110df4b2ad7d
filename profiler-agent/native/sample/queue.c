#define _GNU_SOURCE
#include "sample/queue.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cpython/selftest.h"
#include "process/proc_files.h"

// A thread that was off its CPU for less than this between two samples is not asked about: reading the kernel's file
// takes some microseconds. The kernel's count is cumulative, so nothing is lost.
#define LEAST_GAP_NS (200 * 1000ull)
// The same for a thread that is only looked at.
#define LEAST_LOOK_GAP_NS (1000 * 1000ull)
// After so many failures in a row the file is taken to be unreadable; a thread that has just ended has none either.
#define FAILURES_SAID 20

static struct stats *stats;
static uint32_t failures;
static bool said;

void queue_begin(struct stats *counters) {
  stats = counters;
  failures = 0;
  said = false;
}

// Three numbers: ns that the thread ran, ns that it could run but had no core, and how often it got one. All of them
// are 0 in a kernel that does not count (CONFIG_SCHED_INFO).
static bool delay_read(int tid, uint64_t *delay) {
  char text[128];
  if (!proc_file_read(tid, PROC_SCHEDSTAT, text, sizeof text)) return false;
  char *second, *third;
  uint64_t ran = strtoull(text, &second, 10);
  *delay = strtoull(second, &third, 10);
  return third != second && (ran > 0 || strtoull(third, NULL, 10) > 0);
}

bool queue__ask(struct thread *it) {
  uint64_t delay;
  if (!delay_read(it->tid, &delay)) {
    failures++;
    return false;
  }
  failures = 0;
  stats->queue_known = true;
  if (!it->delay_known) {
    it->delay_known = true;
    // Before it begins, a thread that is created waits for its first core and for nothing else.
    uint64_t created = it->began - it->claimed;
    if (it->claimed) it->born_delay = delay < created ? delay : created;
    // It cannot have had no core for more than it was off the CPU since then.
    uint64_t cpu = clock_ns(thread_clock(it->tid)), now = clock_ns(CLOCK_MONOTONIC);
    uint64_t off = now - it->began - (cpu - it->began_cpu);
    if (cpu && (int64_t)off >= 0 && delay > off + it->born_delay) it->born_delay = delay - off;
  }
  if (delay > it->delay) it->delay = delay;
  return true;
}

void queue__begin_main(struct thread *it) {
  it->delay_known = true;
  if (queue__ask(it)) it->born_delay = it->delay;
}

uint64_t queue__owed(const struct thread *it) {
  uint64_t owed = it->delay - it->born_delay - it->queued;
  return (int64_t)owed > 0 ? owed : 0;
}

static void charge(struct thread *it, const struct met *place, uint64_t until, uint64_t wall) {
  // Where the thread is will be known when its samples are written.
  if (!wall || selftest_holds()) return;
  // What was read by a mistaken idea of the interpreter is no place.
  static const struct met nowhere;
  if (selftest_contradicted()) place = &nowhere;
  record_queue(&(struct sample_record){
      .thread = it->id,
      .time = until,
      .wall = wall,
      .stack = place->stack,
      .native = place->native,
      .opcode = place->opcode,
  });
  it->queued += wall;
  stats->queue += wall;
}

// From here on time off the CPU is not explained yet.
static void explained(struct thread *it, uint64_t until, uint64_t cpu) {
  it->explained = until;
  it->explained_cpu = cpu;
}

// How long the thread was off the CPU since then.
static uint64_t off_cpu(const struct thread *it, uint64_t until, uint64_t cpu) {
  if (!it->explained) return 0;
  uint64_t off = until - it->explained - (cpu - it->explained_cpu);
  return (int64_t)off > 0 ? off : 0;
}

void queue__charge(struct thread *it, uint64_t until, uint64_t cpu) {
  charge(it, &it->place, until, queue__owed(it));
  explained(it, until, cpu);
}

void queue__charge_sample(struct thread *it, const struct entry_sample *entry, const struct met *place) {
  uint64_t gap = off_cpu(it, entry->wall, entry->cpu);
  if (gap >= LEAST_GAP_NS) {
    // What is known covers all samples that are read in one go.
    if (queue__owed(it) < gap) queue__ask(it);
    uint64_t owed = queue__owed(it);
    // The tick at which a thread loses its core is answered when it has one again, so the time lies before the sample.
    charge(it, place, entry->wall - (entry->cpu - it->explained_cpu), owed < gap ? owed : gap);
  }
  explained(it, entry->wall, entry->cpu);
}

void queue__look(struct thread *it, uint64_t now, uint64_t cpu) {
  if (!it->explained) {
    explained(it, now, cpu);
    return;
  }
  if (off_cpu(it, now, cpu) < LEAST_LOOK_GAP_NS || !queue__ask(it)) return;
  queue__charge(it, now, cpu);
}

void queue_say(void) {
  if (said || failures < FAILURES_SAID) return;
  said = true;
  record_note(SEVERITY_INFORMATION,
              stats->queue_known
                  ? "The kernel stopped saying how long threads could run but had no core (/proc/self/task/*/schedstat "
                    "cannot be read any more). Such time counts as waiting from then on."
                  : "The kernel does not say how long threads could run but had no core (/proc/self/task/*/schedstat "
                    "cannot be read). Such time counts as waiting.");
}
