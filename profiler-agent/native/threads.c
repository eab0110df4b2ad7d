#define _GNU_SOURCE
#include "threads.h"

#include <errno.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "process/process.h"
#include "sandbox/sandbox.h"
#include "signals/signal_stack.h"
#include "signals/signals.h"
#include "unwind/modules.h"

// Threads alive at once from which on they get smaller rings.
#define MANY 64

static struct thread *slots[THREADS_MAX];
static _Atomic uint32_t count;
static _Atomic bool claiming;
static _Atomic bool refused;
static _Atomic int alive;  // slots claimed by threads that have not finished
THREAD_LOCAL struct thread *mine;

uint32_t threads_count(void) {
  return atomic_load_explicit(&count, memory_order_acquire);
}

struct thread *thread_at(uint32_t index) {
  return slots[index];
}

struct thread *thread_self(void) {
  return mine;
}

int threads_any_live(void) {
  for (uint32_t i = 0; i < threads_count(); i++)
    if (atomic_load(&slots[i]->phase) == THREAD_LIVE) return slots[i]->tid;
  return 0;
}

struct thread *thread_claim(void) {
  struct thread *found = NULL;
  // Held for the length of this function only, by threads that are being created.
  while (atomic_exchange_explicit(&claiming, true, memory_order_acquire)) {
  }
  uint32_t used = threads_count();
  for (uint32_t i = 0; i < used && !found; i++) {
    int expected = THREAD_FREE;
    if (atomic_compare_exchange_strong(&slots[i]->phase, &expected, THREAD_STARTING)) found = slots[i];
  }
  if (!found && used < THREADS_MAX) {
    size_t size = sizeof(struct thread) + 63 & ~(size_t)63;
    uint32_t ring = used < MANY ? RING_SIZE : RING_SIZE_OF_MANY;
    size_t stack = signal_stack_size();
    char *memory = pages_alloc(stack + size + sizeof(struct ring) + ring);
    if (memory) {
      signal_stack_protect(memory);
      void *signal_stack = memory;
      memory += stack;
      found = (struct thread *)memory;
      found->signal_stack = signal_stack;
      found->ring = (struct ring *)(memory + size);
      found->ring->size = ring;
      atomic_store(&found->phase, THREAD_STARTING);
      slots[used] = found;
      atomic_store_explicit(&count, used + 1, memory_order_release);
    }
  }
  atomic_store_explicit(&claiming, false, memory_order_release);
  if (found) {
    found->claimed = clock_ns(CLOCK_MONOTONIC);
    atomic_fetch_add(&alive, 1);
  } else {
    atomic_store(&refused, true);
  }
  return found;
}

bool threads_refused(void) {
  return atomic_load_explicit(&refused, memory_order_relaxed);
}

void thread__unclaim(struct thread *self) {
  atomic_fetch_sub(&alive, 1);
  atomic_store(&self->phase, THREAD_FREE);
}

static _Atomic int timer_signal;
static uint64_t timer_interval;

void threads_use_timer(int signal, uint64_t interval_ns) {
  timer_signal = signal;
  // One that is not longer than a tick wants every tick. A timer is not looked at between them, but what is left of its
  // interval would keep it from a tick that meets a thread soon after the last one, as where it has slept in between.
  timer_interval = interval_ns > tick_ns() ? interval_ns : tick_ns() / 100;
}

static int stopped_signal;

// Straight system calls: the C library's would add a helper thread for some kinds of notification. Returns the kernel's
// id, −1 when there is none.
static int timer_create_for(const struct thread *it, int signal) {
  if (!signal || !sandbox_allows(SANDBOX_THREAD)) return -1;
  struct sigevent event = {.sigev_notify = SIGEV_THREAD_ID, .sigev_signo = signal};
  event.sigev_value.sival_ptr = (void *)it;
  event._sigev_un._tid = it->tid;
  int timer;
  if (syscall(SYS_timer_create, thread_clock(it->tid), &event, &timer) != 0) {
    signals_are_refused(errno);
    return -1;
  }
  struct timespec every = {(time_t)(timer_interval / NS_PER_SECOND), (long)(timer_interval % NS_PER_SECOND)};
  struct itimerspec setting = {.it_interval = every, .it_value = every};
  if (syscall(SYS_timer_settime, timer, 0, &setting, NULL) == 0) return timer;
  syscall(SYS_timer_delete, timer);
  return -1;
}

// Whoever takes the id deletes it: the thread that ends, or the one that changes the signal.
static void thread__use_timer(struct thread *it, int timer) {
  // Then the watcher does.
  if (!sandbox_allows(SANDBOX_THREAD)) return;
  int before = atomic_exchange(&it->timer, timer);
  if (before >= 0) syscall(SYS_timer_delete, before);
}

static void thread__start_timer(struct thread *it) {
  int signal;
  do {
    signal = atomic_load(&timer_signal);
    thread__use_timer(it, timer_create_for(it, signal));
  } while (signal != atomic_load(&timer_signal));  // it was changed meanwhile
}

void threads_change_signal(int signal) {
  timer_signal = signal;
  for (uint32_t i = 0; i < threads_count(); i++) {
    if (atomic_load(&slots[i]->phase) != THREAD_LIVE) continue;
    thread__start_timer(slots[i]);
  }
}

void threads_stop_timers(void) {
  if (timer_signal) stopped_signal = timer_signal;
  timer_signal = 0;
  static const struct itimerspec never;
  for (uint32_t i = 0; i < threads_count(); i++) {
    struct thread *it = slots[i];
    if (atomic_load(&it->phase) == THREAD_LIVE && it->timer >= 0)
      syscall(SYS_timer_settime, it->timer, 0, &never, NULL);
  }
}

void threads_resume_timers(void) {
  threads_change_signal(stopped_signal);
}

bool threads_in_handler(void) {
  for (uint32_t i = 0; i < threads_count(); i++)
    if (slots[i] != mine && atomic_load(&slots[i]->in_handler)) return true;
  return false;
}

int threads_alive(void) {
  return atomic_load(&alive);
}

void thread__stop_sampling(struct thread *self) {
  atomic_store(&self->unsampled, true);
  thread__use_timer(self, -1);
  // One that the watcher is just sending waits for ever.
  uint64_t mask = 1ull << (signals_ours() - 1);
  if (signals_ours()) syscall(SYS_rt_sigprocmask, SIG_BLOCK, &mask, NULL, sizeof mask);
}

void thread__sample_again(struct thread *self) {
  uint64_t mask = 1ull << (signals_ours() - 1);
  if (signals_ours()) syscall(SYS_rt_sigprocmask, SIG_UNBLOCK, &mask, NULL, sizeof mask);
  atomic_store(&self->unsampled, false);
  thread__start_timer(self);
}

// The calling thread's id, which the C library knows. (Its clock is named after it.)
static int own_tid(void) {
  clockid_t clock;
  if (sandbox_allows(SANDBOX_THREAD)) return (int)syscall(SYS_gettid);
  return pthread_getcpuclockid(pthread_self(), &clock) == 0 && clock < 0 ? ~(clock >> 3) : 0;
}

void thread__begin(struct thread *self) {
  extern void *__libc_stack_end;
  self->tid = own_tid();
  self->is_first = self->tid == process_id();
  atomic_store(&self->timer, -1);
  self->pthread = pthread_self();
  self->stack_low = self->stack_end = 0;
  bool allowed = sandbox_allows(SANDBOX_THREAD);
  if (self->is_first) {
    // pthread_getattr_np would read /proc/self/maps for the main thread; the loader has kept what is needed.
    self->stack_end = (uintptr_t)__libc_stack_end;
    self->stack_low = modules_stack_low(self->stack_end);
  } else if (!allowed) {
    // It asks on which processors the thread may run. The thread's own data lies at the end of its stack.
    self->stack_end = (uintptr_t)pthread_self();
  } else {
    pthread_attr_t attributes;
    void *stack;
    size_t size;
    if (pthread_getattr_np(pthread_self(), &attributes) == 0) {
      if (pthread_attr_getstack(&attributes, &stack, &size) == 0) {
        self->stack_low = (uintptr_t)stack;
        self->stack_end = (uintptr_t)stack + size;
      }
      pthread_attr_destroy(&attributes);
    }
  }
  if (allowed) signal_stack_begin(self->signal_stack);
  mine = self;
  if (sandbox_allows(SANDBOX_TIME)) self->began = clock_ns(CLOCK_MONOTONIC);
  if (sandbox_allows(SANDBOX_CPU_CLOCK)) self->began_cpu = clock_ns(CLOCK_THREAD_CPUTIME_ID);
  atomic_store(&self->unsampled, !sandbox_allows(SANDBOX_RETURN));
  atomic_store_explicit(&self->phase, THREAD_LIVE, memory_order_release);
  thread__start_timer(self);
}

bool thread__finish(struct thread *self) {
  mine = NULL;
  thread__use_timer(self, -1);
  struct entry_end *end = ring__reserve(self->ring, sizeof *end);
  if (end) {
    *end = (struct entry_end){.entry = {sizeof *end, ENTRY_END}};
    if (sandbox_allows(SANDBOX_TIME)) end->wall = clock_ns(CLOCK_MONOTONIC);
    if (sandbox_allows(SANDBOX_CPU_CLOCK)) end->cpu = clock_ns(CLOCK_THREAD_CPUTIME_ID);
    ring__publish(self->ring, sizeof *end);
  }
  if (sandbox_allows(SANDBOX_THREAD)) signal_stack_end();
  atomic_store_explicit(&self->phase, THREAD_ENDED, memory_order_release);
  return atomic_fetch_sub(&alive, 1) == 1;
}

void thread__release(struct thread *self) {
  // A sandbox may have kept the thread from doing so.
  thread__use_timer(self, -1);
  struct ring *ring = self->ring;
  void *signal_stack = self->signal_stack;
  atomic_store(&ring->head, 0);
  atomic_store(&ring->tail, 0);
  memset((char *)self + sizeof self->phase, 0, sizeof *self - sizeof self->phase);
  self->ring = ring;
  self->signal_stack = signal_stack;
  atomic_store_explicit(&self->phase, THREAD_FREE, memory_order_release);
}

void threads_after_fork(void) {
  struct thread *me = mine;
  atomic_store(&claiming, false);
  for (uint32_t i = 0; i < threads_count(); i++) {
    // A forked child has no timers.
    atomic_store(&slots[i]->timer, -1);
    if (slots[i] == me) continue;
    atomic_store(&slots[i]->phase, THREAD_ENDED);
    thread__release(slots[i]);
  }
  atomic_store(&alive, me ? 1 : 0);
  if (!me) return;
  uintptr_t stack_low = me->stack_low, stack_end = me->stack_end;
  bool has_trampoline = me->has_trampoline;
  thread__release(me);
  me->has_trampoline = has_trampoline;
  atomic_store(&me->phase, THREAD_STARTING);
  thread__begin(me);
  // The forking thread keeps its stack, whichever it was; only its kernel id became the process's.
  me->stack_low = stack_low;
  me->stack_end = stack_end;
}
