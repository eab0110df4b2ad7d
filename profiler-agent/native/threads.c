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

// From this many threads on, new ones get smaller rings.
#define MANY_THREADS 64

static struct thread *slots[THREADS_MAX];
static _Atomic uint32_t slot_count;
static _Atomic bool claiming;
static _Atomic bool refused;
static _Atomic int alive;  // claimed slots of threads that have not finished
THREAD_LOCAL struct thread *own_slot;

uint32_t threads_count(void) {
  return atomic_load_explicit(&slot_count, memory_order_acquire);
}

struct thread *thread_at(uint32_t index) {
  return slots[index];
}

struct thread *thread_self(void) {
  return own_slot;
}

int threads_any_live(void) {
  for (uint32_t i = 0; i < threads_count(); i++)
    if (atomic_load(&slots[i]->phase) == THREAD_LIVE) return slots[i]->identity.tid;
  return 0;
}

struct thread *thread_claim(void) {
  struct thread *found = NULL;
  // A spin lock: held during this function only, by threads that create others.
  while (atomic_exchange_explicit(&claiming, true, memory_order_acquire)) {
  }
  uint32_t used = threads_count();
  for (uint32_t i = 0; i < used && !found; i++) {
    int expected = THREAD_FREE;
    if (atomic_compare_exchange_strong(&slots[i]->phase, &expected, THREAD_STARTING)) found = slots[i];
  }
  if (!found && used < THREADS_MAX) {
    size_t size = sizeof(struct thread) + 63 & ~(size_t)63;
    uint32_t ring = used < MANY_THREADS ? RING_SIZE : RING_SIZE_OF_MANY;
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
      atomic_store_explicit(&slot_count, used + 1, memory_order_release);
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

void thread__unclaim(struct thread *thread) {
  atomic_fetch_sub(&alive, 1);
  atomic_store(&thread->phase, THREAD_FREE);
}

static _Atomic int timer_signal;
static uint64_t timer_interval;

void threads_use_timer(int signal, uint64_t interval_ns) {
  timer_signal = signal;
  // With an interval of a tick or less, every tick should take a sample. A period of a whole tick would miss some: when
  // a thread sleeps between two ticks, it has used less than a tick of CPU time at the second one, so the timer would
  // not have expired yet. A short period costs nothing, because the kernel checks these timers at ticks only.
  timer_interval = interval_ns > tick_ns() ? interval_ns : tick_ns() / 100;
}

static int stopped_signal;

// By system calls: the C library would create a helper thread for some kinds of notification. Returns the kernel's id
// of the timer, −1 on failure.
static int timer_create_for(const struct thread *thread, int signal) {
  if (!signal || !sandbox_allows(SANDBOX_THREAD)) return -1;
  struct sigevent event = {.sigev_notify = SIGEV_THREAD_ID, .sigev_signo = signal};
  event.sigev_value.sival_ptr = (void *)thread;
  event._sigev_un._tid = thread->identity.tid;
  int timer;
  if (syscall(SYS_timer_create, thread_clock(thread->identity.tid), &event, &timer) != 0) {
    signals_are_refused(errno);
    return -1;
  }
  struct timespec every = {(time_t)(timer_interval / NS_PER_SECOND), (long)(timer_interval % NS_PER_SECOND)};
  struct itimerspec setting = {.it_interval = every, .it_value = every};
  if (syscall(SYS_timer_settime, timer, 0, &setting, NULL) == 0) return timer;
  syscall(SYS_timer_delete, timer);
  return -1;
}

// Exchanges the timer's id and deletes the old timer: the thread does so when it ends, others when they change the
// signal.
static void thread__use_timer(struct thread *thread, int timer) {
  // Where a sandbox forbids this, the watcher deletes the timer when it releases the slot.
  if (!sandbox_allows(SANDBOX_THREAD)) return;
  int before = atomic_exchange(&thread->timer, timer);
  if (before >= 0) syscall(SYS_timer_delete, before);
}

static void thread__start_timer(struct thread *thread) {
  int signal;
  do {
    signal = atomic_load(&timer_signal);
    thread__use_timer(thread, timer_create_for(thread, signal));
  } while (signal != atomic_load(&timer_signal));  // changed meanwhile
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
    struct thread *thread = slots[i];
    if (atomic_load(&thread->phase) == THREAD_LIVE && thread->timer >= 0)
      syscall(SYS_timer_settime, thread->timer, 0, &never, NULL);
  }
}

void threads_resume_timers(void) {
  threads_change_signal(stopped_signal);
}

bool threads_in_handler(void) {
  for (uint32_t i = 0; i < threads_count(); i++)
    if (slots[i] != own_slot && atomic_load(&slots[i]->handler.running)) return true;
  return false;
}

int threads_alive(void) {
  return atomic_load(&alive);
}

void thread__stop_sampling(struct thread *thread) {
  atomic_store(&thread->handler.unsampled, true);
  thread__use_timer(thread, -1);
  // A signal that the watcher is sending at this moment then stays pending, and no handler runs.
  uint64_t mask = 1ull << (signals_ours() - 1);
  if (signals_ours()) syscall(SYS_rt_sigprocmask, SIG_BLOCK, &mask, NULL, sizeof mask);
}

void thread__sample_again(struct thread *thread) {
  uint64_t mask = 1ull << (signals_ours() - 1);
  if (signals_ours()) syscall(SYS_rt_sigprocmask, SIG_UNBLOCK, &mask, NULL, sizeof mask);
  atomic_store(&thread->handler.unsampled, false);
  thread__start_timer(thread);
}

// Returns the kernel's id of the calling thread. Where a sandbox forbids asking for it, it is taken out of the id of
// the thread's CPU clock, which the C library computes without a system call.
static int own_tid(void) {
  clockid_t clock;
  if (sandbox_allows(SANDBOX_THREAD)) return (int)syscall(SYS_gettid);
  return pthread_getcpuclockid(pthread_self(), &clock) == 0 && clock < 0 ? ~(clock >> 3) : 0;
}

void thread__begin(struct thread *thread) {
  extern void *__libc_stack_end;
  thread->identity.tid = own_tid();
  thread->identity.is_first = thread->identity.tid == process_id();
  atomic_store(&thread->timer, -1);
  thread->identity.pthread = pthread_self();
  thread->identity.stack_low = thread->identity.stack_end = 0;
  bool allowed = sandbox_allows(SANDBOX_THREAD);
  if (thread->identity.is_first) {
    // For the main thread, pthread_getattr_np would read /proc/self/maps; the loader has kept what is needed.
    thread->identity.stack_end = (uintptr_t)__libc_stack_end;
    thread->identity.stack_low = modules_stack_low(thread->identity.stack_end);
  } else if (!allowed) {
    // pthread_getattr_np makes a system call that is not allowed here. The thread's descriptor is at the end of its
    // stack.
    thread->identity.stack_end = (uintptr_t)pthread_self();
  } else {
    pthread_attr_t attributes;
    void *stack;
    size_t size;
    if (pthread_getattr_np(pthread_self(), &attributes) == 0) {
      if (pthread_attr_getstack(&attributes, &stack, &size) == 0) {
        thread->identity.stack_low = (uintptr_t)stack;
        thread->identity.stack_end = (uintptr_t)stack + size;
      }
      pthread_attr_destroy(&attributes);
    }
  }
  if (allowed) signal_stack_begin(thread->signal_stack);
  own_slot = thread;
  if (sandbox_allows(SANDBOX_TIME)) thread->identity.began = clock_ns(CLOCK_MONOTONIC);
  if (sandbox_allows(SANDBOX_CPU_CLOCK)) thread->identity.began_cpu = clock_ns(CLOCK_THREAD_CPUTIME_ID);
  atomic_store(&thread->handler.unsampled, !sandbox_allows(SANDBOX_RETURN));
  atomic_store_explicit(&thread->phase, THREAD_LIVE, memory_order_release);
  thread__start_timer(thread);
}

bool thread__finish(struct thread *thread) {
  own_slot = NULL;
  thread__use_timer(thread, -1);
  struct entry_end *end = ring__reserve(thread->ring, sizeof *end);
  if (end) {
    *end = (struct entry_end){.entry = {sizeof *end, ENTRY_END}};
    if (sandbox_allows(SANDBOX_TIME)) end->wall = clock_ns(CLOCK_MONOTONIC);
    if (sandbox_allows(SANDBOX_CPU_CLOCK)) end->cpu = clock_ns(CLOCK_THREAD_CPUTIME_ID);
    ring__publish(thread->ring, sizeof *end);
  }
  if (sandbox_allows(SANDBOX_THREAD)) signal_stack_end();
  atomic_store_explicit(&thread->phase, THREAD_ENDED, memory_order_release);
  return atomic_fetch_sub(&alive, 1) == 1;
}

void thread__release(struct thread *thread) {
  // A sandbox may have kept the thread from deleting its timer.
  thread__use_timer(thread, -1);
  struct ring *ring = thread->ring;
  void *signal_stack = thread->signal_stack;
  atomic_store(&ring->head, 0);
  atomic_store(&ring->tail, 0);
  memset((char *)thread + sizeof thread->phase, 0, sizeof *thread - sizeof thread->phase);
  thread->ring = ring;
  thread->signal_stack = signal_stack;
  atomic_store_explicit(&thread->phase, THREAD_FREE, memory_order_release);
}

void threads_after_fork(void) {
  struct thread *me = own_slot;
  atomic_store(&claiming, false);
  for (uint32_t i = 0; i < threads_count(); i++) {
    // A forked child inherits no timers.
    atomic_store(&slots[i]->timer, -1);
    if (slots[i] == me) continue;
    atomic_store(&slots[i]->phase, THREAD_ENDED);
    thread__release(slots[i]);
  }
  atomic_store(&alive, me ? 1 : 0);
  if (!me) return;
  uintptr_t stack_low = me->identity.stack_low, stack_end = me->identity.stack_end;
  bool has_trampoline = me->launch.has_trampoline;
  thread__release(me);
  me->launch.has_trampoline = has_trampoline;
  atomic_store(&me->phase, THREAD_STARTING);
  thread__begin(me);
  // The forking thread keeps its stack; only its kernel id has become that of the process.
  me->identity.stack_low = stack_low;
  me->identity.stack_end = stack_end;
}
