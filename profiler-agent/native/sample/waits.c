#include "sample/waits.h"

#include "loops/tasks.h"
#include "sample/early.h"
#include "sample/queue.h"
#include "sample/sampler.h"
#include "threads.h"

// The wait of an event loop is divided among its tasks: into at most one sample for each AWAIT_NS, and at most
// AWAITS_WRITTEN.
#define AWAIT_NS (1000 * 1000ull)
#define AWAITS_WRITTEN 64

static struct stats *stats;

void waits_begin(struct stats *counters) {
  stats = counters;
}

uint64_t wait__owed(const struct thread *thread, uint64_t until, uint64_t cpu) {
  uint64_t busy = cpu - thread->identity.began_cpu + thread->queue.delay - thread->queue.born_delay;
  uint64_t owed = until - thread->identity.began - busy - thread->wait.charged;
  // Clocks are read one after the other, and the thread may have begun after `until`.
  return (int64_t)owed > 0 ? owed : 0;
}

void wait__charge(struct thread *thread, uint64_t until, uint64_t wall) {
  thread->wait.written = until;
  thread->wait.postponed = 0;
  if (!wall) return;
  struct await_slice slices[AWAITS_WRITTEN] = {{thread->wait.known ? thread->wait.stack : 0, wall}};
  uint32_t count = 1;
  // No more samples than a thread has that runs: one for each AWAIT_NS.
  if (thread->wait.awaits && thread->wait.awaits->thread == thread->id && thread->wait.awaits->count) {
    uint64_t most = 1 + slices[0].wall / AWAIT_NS;
    count = awaits_divide(thread->wait.awaits, slices[0].wall, slices,
                          most < AWAITS_WRITTEN ? (uint32_t)most : AWAITS_WRITTEN);
  }
  struct sample_record sample = {
      .thread = thread->id,
      .flags = thread->wait.gil ? SAMPLE_GIL : SAMPLE_WAITING,
      .time = until - wall,
  };
  // The native frames are those of the thread, not of a loop's tasks.
  if (count == 1 && slices[0].stack == thread->wait.stack && thread->wait.native) {
    sample.native = thread->wait.native;
    sample.opcode = thread->wait.opcode;
    if (thread->wait.incomplete) sample.flags |= SAMPLE_NATIVE_INCOMPLETE;
  }
  if (!thread->wait.known) sample.flags |= SAMPLE_NO_PYTHON;
  // The tasks wait at the same time, but the samples of a thread must not overlap.
  for (uint32_t i = 0; i < count; i++) {
    sample.stack = slices[i].stack;
    sample.wall = slices[i].wall;
    sample.time += slices[i].wall;
    early_sample(&sample);
    stats->samples++;
  }
  thread->wait.charged += wall;
}

void wait__over(struct thread *thread, uint64_t now, uint64_t cpu) {
  queue__ask(thread);
  if (thread->wait.waiting && thread->look.at > thread->wait.written)
    wait__charge(thread, thread->look.at, wait__owed(thread, thread->look.at, thread->look.cpu));
  queue__charge(thread, now - (cpu - thread->look.cpu), thread->look.cpu);
}

// One half goes to the first wait, the rest to the second. Giving all of it to one of them would be as fair on average,
// but noisier.
void wait__share(struct thread *thread, uint64_t now, uint64_t cpu) {
  uint64_t owed = wait__owed(thread, now, cpu);
  if (!thread->wait.known || !thread->wait.charged) return;
  wait__charge(thread, thread->wait.written + owed / 2, owed / 2);
  thread->wait.postponed = owed - owed / 2;
  thread->wait.postponed_at = now;
}

void wait__finish(struct thread *thread, uint64_t now, uint64_t cpu) {
  queue__ask(thread);
  queue__charge(thread, now, cpu);
  uint64_t owed = wait__owed(thread, now, cpu);
  if (!thread->wait.waiting && thread->wait.postponed) {
    // When this was postponed, the kernel may not have counted the last queue time yet.
    wait__charge(thread, thread->wait.postponed_at, thread->wait.postponed < owed ? thread->wait.postponed : owed);
    owed = wait__owed(thread, now, cpu);
  }
  if (thread->wait.waiting) {
    wait__charge(thread, now, owed);
  } else if (owed) {
    // Since the thread was last seen to run, it may have waited anywhere or had no core: this time belongs to no line.
    record_sample(&(struct sample_record){
        .thread = thread->id,
        .flags = SAMPLE_WAITING | SAMPLE_NO_PYTHON | SAMPLE_REMAINDER,
        .time = now,
        .wall = owed,
    });
    thread->wait.charged += owed;
  }
}
