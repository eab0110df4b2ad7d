#define _GNU_SOURCE
#include "sample/sampler.h"

#include <errno.h>
#include <string.h>

#include "cpython/selftest.h"
#include "cpython/thread_state.h"
#include "memory/memory.h"
#include "sample/stack.h"
#include "sandbox/sandbox.h"
#include "signals/guard.h"
#include "signals/handlers.h"
#include "signals/restart.h"
#include "signals/signal_stack.h"
#include "signals/signals.h"
#include "threads.h"
#include "unwind/arch.h"
#include "watcher.h"

static const struct interpreter *python;

static void sample_take(struct thread *thread, const struct registers *registers, bool by_tick) {
  struct entry_sample sample = {.by_tick = by_tick};
  // The watcher fills in clocks that a sandbox forbids reading here (outside.c).
  if (sandbox_allows(SANDBOX_TIME)) sample.wall = clock_ns(CLOCK_MONOTONIC);
  if (sandbox_allows(SANDBOX_CPU_CLOCK)) {
    sample.cpu = clock_ns(CLOCK_THREAD_CPUTIME_ID);
    sample.ticks = ticks_now();
  }

  uintptr_t tstate = thread_state_of(thread, true);
  atomic_store_explicit(&thread->handler.tstate, tstate, memory_order_relaxed);
  struct stack stack;
  void *into;
  switch (stack_collect(&stack, &into, sizeof sample, thread->ring, thread, python, registers, tstate)) {
    case STACK_FULL: atomic_fetch_add_explicit(&thread->handler.dropped, 1, memory_order_relaxed); return;
    case STACK_REJECTED: atomic_fetch_add_explicit(&thread->handler.rejected, 1, memory_order_relaxed); return;
    case STACK_OK: break;
  }
  sample.words = stack.words;
  sample.flags = stack.flags;
  sample.opcode = stack.opcode;
  sample.entry = (struct entry){(uint32_t)(sizeof sample + stack.words * sizeof(uint64_t)), ENTRY_SAMPLE};
  memcpy(into, &sample, sizeof sample);
  ring__publish(thread->ring, sample.entry.size);
  if (ring__fills(thread->ring, sample.entry.size)) watcher_wake();
}

// While the program handles SIGSEGV or SIGBUS, these signals are blocked, and a failed read by our handler could not be
// recovered: it would end the process.
static bool may_sample(const ucontext_t *context) {
  return signal_stack_has_room(&context->uc_stack) && !sigismember(&context->uc_sigmask, SIGSEGV) &&
         !sigismember(&context->uc_sigmask, SIGBUS);
}

// A longer time in the handler means that the thread lost its core meanwhile.
#define SPENT_MAX_NS 200000

static void time_spent_add(struct thread *thread, uint64_t began) {
  uint64_t spent = clock_ns(CLOCK_MONOTONIC) - began;
  atomic_fetch_add_explicit(&thread->handler.spent, spent < SPENT_MAX_NS ? spent : SPENT_MAX_NS, memory_order_relaxed);
}

static void on_signal(int signal, siginfo_t *info, void *context) {
  (void)signal;
  int saved = errno;
  handlers_sampling(true);
  struct thread *thread = thread_self();
  // Only a signal from this thread's own timer or from the watcher asks for a sample.
  bool ours = info->si_code == SI_TKILL || (info->si_code == SI_TIMER && info->si_value.sival_ptr == thread);
  struct registers registers = registers_read(context);
  if (ours)
    restart_interrupted_call(context);
  else
    signals_answer(info);
  if (thread && ours && atomic_load(&thread->phase) == THREAD_LIVE && may_sample(context)) {
    // A seccomp filter in strict mode ends a process that reads the time, even without a system call.
    uint64_t began = info->si_code == SI_TKILL && sandbox_allows(SANDBOX_TIME) ? clock_ns(CLOCK_MONOTONIC) : 0;
    selftest_interrupted(registers.pc);
    // The handler uses functions of the C library that the agent interposes: they must not count as the program's.
    bool inside = memory_local.inside;
    memory_local.inside = true;
    atomic_store_explicit(&thread->handler.running, true, memory_order_relaxed);
    sample_take(thread, &registers, info->si_code == SI_TIMER);
    atomic_store_explicit(&thread->handler.running, false, memory_order_relaxed);
    memory_local.inside = inside;
    if (began) time_spent_add(thread, began);
    atomic_store_explicit(&thread->handler.ticked, false, memory_order_release);
  }
  handlers_sampling(false);
  errno = saved;
}

int sampler_install(const struct interpreter *found) {
  python = found;
  return signals_install(on_signal);
}
