#define _GNU_SOURCE
#include "sample/queue.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cpython/selftest.h"
#include "process/proc_files.h"
#include "threads.h"

// When a thread was off the CPU for less than this between two samples, the kernel is not asked about its queue time:
// reading the file takes some microseconds. The kernel's count is cumulative, so no queue time is lost.
#define LEAST_GAP_NS (200 * 1000ull)
// The same between two looks of the watcher.
#define LEAST_LOOK_GAP_NS (1000 * 1000ull)
// After this many failures in a row the file counts as unreadable. A few failures are normal: a thread that has just
// ended has no such file.
#define FAILURES_MAX 20

static struct stats *stats;
static uint32_t failures;
static bool told_user;

void queue_begin(struct stats *counters) {
  stats = counters;
  failures = 0;
  told_user = false;
}

// The file has three numbers: ns that the thread ran, its queue time in ns, and how often it got a core. All of them
// are 0 in a kernel that does not count (CONFIG_SCHED_INFO).
static bool delay_read(int tid, uint64_t *delay) {
  char text[128];
  if (!proc_file_read(tid, PROC_SCHEDSTAT, text, sizeof text)) return false;
  char *second, *third;
  uint64_t ran = strtoull(text, &second, 10);
  *delay = strtoull(second, &third, 10);
  return third != second && (ran > 0 || strtoull(third, NULL, 10) > 0);
}

bool queue__ask(struct thread *thread) {
  uint64_t delay;
  if (!delay_read(thread->identity.tid, &delay)) {
    failures++;
    return false;
  }
  failures = 0;
  stats->queue_known = true;
  if (!thread->queue.known) {
    thread->queue.known = true;
    // The first count may include queue time from before `began`. Between its creation and its start, the thread only
    // waited for its first core, so that is at most the time between them.
    uint64_t created = thread->identity.began - thread->claimed;
    if (thread->claimed) thread->queue.born_delay = delay < created ? delay : created;
    // And since its start, its queue time is at most its time off the CPU; what exceeds this came before.
    uint64_t cpu = clock_ns(thread_clock(thread->identity.tid)), now = clock_ns(CLOCK_MONOTONIC);
    uint64_t off = now - thread->identity.began - (cpu - thread->identity.began_cpu);
    if (cpu && (int64_t)off >= 0 && delay > off + thread->queue.born_delay) thread->queue.born_delay = delay - off;
  }
  if (delay > thread->queue.delay) thread->queue.delay = delay;
  return true;
}

void queue__begin_main(struct thread *thread) {
  // All of the count comes from before, so queue__ask must not estimate that part.
  thread->queue.known = true;
  if (queue__ask(thread)) thread->queue.born_delay = thread->queue.delay;
}

uint64_t queue__owed(const struct thread *thread) {
  uint64_t owed = thread->queue.delay - thread->queue.born_delay - thread->queue.charged;
  return (int64_t)owed > 0 ? owed : 0;
}

static void charge(struct thread *thread, const struct sample_place *place, uint64_t until, uint64_t wall) {
  // While the self-test has no answer, the place is not known: samples stay in the ring until then.
  if (!wall || selftest_holds()) return;
  // A place that was read with wrong offsets must not be shown.
  static const struct sample_place nowhere;
  if (selftest_contradicted()) place = &nowhere;
  record_queue(&(struct sample_record){
      .thread = thread->id,
      .time = until,
      .wall = wall,
      .stack = place->stack,
      .native = place->native,
      .opcode = place->opcode,
  });
  thread->queue.charged += wall;
  stats->queue += wall;
}

// Remembers up to which moment queue time has been told apart from waiting.
static void explained_until(struct thread *thread, uint64_t until, uint64_t cpu) {
  thread->queue.explained = until;
  thread->queue.explained_cpu = cpu;
}

// How long the thread was off the CPU since that moment, 0 when there was none.
static uint64_t off_cpu(const struct thread *thread, uint64_t until, uint64_t cpu) {
  if (!thread->queue.explained) return 0;
  uint64_t off = until - thread->queue.explained - (cpu - thread->queue.explained_cpu);
  return (int64_t)off > 0 ? off : 0;
}

void queue__charge(struct thread *thread, uint64_t until, uint64_t cpu) {
  charge(thread, &thread->look.place, until, queue__owed(thread));
  explained_until(thread, until, cpu);
}

void queue__charge_sample(struct thread *thread, const struct entry_sample *entry, const struct sample_place *place) {
  uint64_t gap = off_cpu(thread, entry->wall, entry->cpu);
  if (gap >= LEAST_GAP_NS) {
    // One reading of the kernel's file serves all samples that are drained together.
    if (queue__owed(thread) < gap) queue__ask(thread);
    uint64_t owed = queue__owed(thread);
    // The kernel delivers the signal of a tick at which the thread loses its core when the thread has a core again, so
    // the queue time lies before the sample's CPU time.
    charge(thread, place, entry->wall - (entry->cpu - thread->queue.explained_cpu), owed < gap ? owed : gap);
  }
  explained_until(thread, entry->wall, entry->cpu);
}

void queue__look(struct thread *thread, uint64_t now, uint64_t cpu) {
  if (!thread->queue.explained) {
    explained_until(thread, now, cpu);
    return;
  }
  if (off_cpu(thread, now, cpu) < LEAST_LOOK_GAP_NS || !queue__ask(thread)) return;
  queue__charge(thread, now, cpu);
}

void queue_say(void) {
  if (told_user || failures < FAILURES_MAX) return;
  told_user = true;
  record_note(SEVERITY_INFORMATION,
              stats->queue_known
                  ? "The kernel stopped saying how long threads could run but had no core (/proc/self/task/*/schedstat "
                    "cannot be read any more). Such time counts as waiting from then on."
                  : "The kernel does not say how long threads could run but had no core (/proc/self/task/*/schedstat "
                    "cannot be read). Such time counts as waiting.");
}
