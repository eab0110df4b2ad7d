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
#include "unwind/arch.h"
#include "watcher.h"

static const struct interpreter *python;

static void sample_take(struct thread *self, const struct registers *registers, bool by_tick) {
  struct entry_sample sample = {.by_tick = by_tick};
  // What a sandbox forbids to read is left to the watcher (outside.c).
  if (sandbox_allows(SANDBOX_TIME)) sample.wall = clock_ns(CLOCK_MONOTONIC);
  if (sandbox_allows(SANDBOX_CPU_CLOCK)) {
    sample.cpu = clock_ns(CLOCK_THREAD_CPUTIME_ID);
    sample.ticks = ticks_now();
  }

  uintptr_t tstate = thread_state_of(self, true);
  atomic_store_explicit(&self->tstate, tstate, memory_order_relaxed);
  struct stack stack;
  void *into;
  switch (stack_collect(&stack, &into, sizeof sample, self->ring, self, python, registers, tstate)) {
    case STACK_FULL: atomic_fetch_add_explicit(&self->dropped, 1, memory_order_relaxed); return;
    case STACK_REJECTED: atomic_fetch_add_explicit(&self->rejected, 1, memory_order_relaxed); return;
    case STACK_OK: break;
  }
  sample.words = stack.words;
  sample.flags = stack.flags;
  sample.opcode = stack.opcode;
  sample.entry = (struct entry){(uint32_t)(sizeof sample + stack.words * sizeof(uint64_t)), ENTRY_SAMPLE};
  memcpy(into, &sample, sizeof sample);
  ring__publish(self->ring, sample.entry.size);
  if (ring__fills(self->ring, sample.entry.size)) watcher_wake();
}

// In a handler of a fault another fault would be the end, also one that could be recovered.
static bool may_sample(const ucontext_t *context) {
  return signal_stack_has_room(&context->uc_stack) && !sigismember(&context->uc_sigmask, SIGSEGV) &&
         !sigismember(&context->uc_sigmask, SIGBUS);
}

// Longer than this no handler runs: the thread lost its core.
#define SPENT_MAX_NS 200000

static void spent_since(struct thread *self, uint64_t began) {
  uint64_t spent = clock_ns(CLOCK_MONOTONIC) - began;
  atomic_fetch_add_explicit(&self->handler_ns, spent < SPENT_MAX_NS ? spent : SPENT_MAX_NS, memory_order_relaxed);
}

static void on_signal(int signal, siginfo_t *info, void *context) {
  (void)signal;
  int saved = errno;
  handlers_sampling(true);
  struct thread *self = thread_self();
  // From this thread's own timer, or from the watcher. Whoever else sends this signal is not answered.
  bool ours = info->si_code == SI_TKILL || (info->si_code == SI_TIMER && info->si_value.sival_ptr == self);
  struct registers registers = registers_read(context);
  if (ours)
    restart_interrupted_call(context);
  else
    signals_answer(info);
  if (self && ours && atomic_load(&self->phase) == THREAD_LIVE && may_sample(context)) {
    // Strict mode forbids even the instruction that reads the time.
    uint64_t began = info->si_code == SI_TKILL && sandbox_allows(SANDBOX_TIME) ? clock_ns(CLOCK_MONOTONIC) : 0;
    selftest_interrupted(registers.pc);
    // The C library's functions that the handler uses are hooked.
    bool inside = memory_local.inside;
    memory_local.inside = true;
    atomic_store_explicit(&self->in_handler, true, memory_order_relaxed);
    sample_take(self, &registers, info->si_code == SI_TIMER);
    atomic_store_explicit(&self->in_handler, false, memory_order_relaxed);
    memory_local.inside = inside;
    if (began) spent_since(self, began);
    atomic_store_explicit(&self->ticked, false, memory_order_release);
  }
  handlers_sampling(false);
  errno = saved;
}

int sampler_install(const struct interpreter *found) {
  python = found;
  return signals_install(on_signal);
}
