#define _GNU_SOURCE
#include "signals/handlers.h"

#include <errno.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#include "memory/memory_handlers.h"
#include "originals.h"
#include "signals/guard.h"
#include "signals/restart.h"
#include "signals/signal_frame.h"
#include "signals/signal_stack.h"
#include "signals/signals.h"
#include "threads.h"

#define FAULTS 2
static const int faults[FAULTS] = {SIGSEGV, SIGBUS};
// What the program has set for these signals, as the kernel would return it; the handlers are in `handlers`.
static struct sigaction asked[FAULTS];
// The program's handlers of all signals that come to us first.
static _Atomic(sighandler_t) handlers[_NSIG];
static bool installed;

static int index_of(int number) {
  return number == SIGSEGV ? 0 : 1;
}

static bool is_function(sighandler_t handler) {
  return handler != SIG_DFL && handler != SIG_IGN;
}

int handlers_real(int number, const struct sigaction *action, struct sigaction *old) {
  static __typeof__(&sigaction) real;
  if (UNLIKELY(!real)) real = (__typeof__(real))original("sigaction");
  return real(number, action, old);
}

// ---- A signal arrives ----

THREAD_LOCAL uint32_t sampling;  // depth of nested samples
THREAD_LOCAL bool declines;      // this is the watcher
THREAD_LOCAL uint32_t waiting;   // bits of the faults that were sent meanwhile
THREAD_LOCAL siginfo_t sent[FAULTS];

static void send_to(int tid, int number, siginfo_t *info) {
  // The kernel allows only itself to claim that a signal came from the kernel or from kill.
  if (syscall(SYS_rt_tgsigqueueinfo, getpid(), tid, number, info) != 0) syscall(SYS_tgkill, getpid(), tid, number);
}

void handlers_sampling(bool begins) {
  sampling += begins ? 1 : -1u;
  if (LIKELY(sampling || !waiting)) return;
  for (int i = 0; i < FAULTS; i++)
    if (waiting & 1u << i) send_to((int)syscall(SYS_gettid), faults[i], &sent[i]);
  waiting = 0;
}

void handlers_decline(void) {
  declines = true;
}

// As if the kernel had found the signal blocked: for a fault, that ends the process.
static void block(ucontext_t *context, int number) {
  sigaddset(&context->uc_sigmask, number);
}

// Handles a fault that another thread, or this one, sent. True when the program's handler is to be called now.
static bool arrive_sent(int number, siginfo_t *info, ucontext_t *context) {
  int which = index_of(number), tid = (int)syscall(SYS_gettid);
  if (sampling) {
    sent[which] = *info;
    waiting |= 1u << which;
    return false;
  }
  if (declines) {
    int other = threads_any_live();
    if (other) send_to(other, number, info);
    return false;
  }
  if (signals_hold(number)) {
    // The program believes that the signal is blocked: block it now, so that it waits.
    block(context, number);
    send_to(tid, number, info);
    return false;
  }
  sighandler_t handler = atomic_load(&handlers[number]);
  if (handler == SIG_DFL) {
    struct sigaction fatal = {.sa_handler = SIG_DFL};
    handlers_real(number, &fatal, NULL);
    send_to(tid, number, info);
  }
  return is_function(handler);
}

// Returns the handler to call for a fault, or for a signal sent as one; NULL: none.
static sighandler_t arrive_fault(struct arrival *arrival) {
  int number = (int)arrival->number;
  // The watcher reads stacks that change meanwhile, so its faults are normal: only those of samples are counted.
  if (guard_recover(arrival->info, arrival->context, sampling)) return NULL;
  int error = errno;
  sighandler_t handler = atomic_load(&handlers[number]);
  if (arrival->info->si_code <= 0) {
    if (!arrive_sent(number, arrival->info, arrival->context)) handler = NULL;
  } else if (!is_function(handler) || signals_believes_blocked(number)) {
    // The instruction faults again after the return, and the kernel ends the process as it would have done at once.
    block(arrival->context, number);
    handler = NULL;
  }
  if (handler && asked[index_of(number)].sa_flags & SA_RESETHAND) atomic_store(&handlers[number], SIG_DFL);
  errno = error;
  return handler;
}

// There is no room for the handler's frame: the program ends, as it would without us.
static void overflow(struct arrival *arrival) {
  int error = errno;
  arrival->handler = NULL;
  if (handlers_is_fault((int)arrival->number))
    block(arrival->context, (int)arrival->number);
  else
    syscall(SYS_tgkill, getpid(), syscall(SYS_gettid), SIGSEGV);
  errno = error;
}

__attribute__((visibility("hidden"), used)) void handlers_arrive(struct arrival *arrival) {
  int number = (int)arrival->number;
  arrival->handler = handlers_is_fault(number) ? arrive_fault(arrival) : atomic_load(&handlers[number]);
  if (!arrival->handler || !arrival__has_frame(arrival) || !signal_stack_holds(arrival->stack)) return;
  // This handler asks for an alternate stack, and the kernel has put it on ours. It is moved, unless the interrupted
  // code itself ran there.
  uintptr_t interrupted = arrival__interrupted(arrival), limit;
  if (signal_stack_holds(interrupted)) return;
  uintptr_t top = signal_stack_of_program(interrupted, &limit);
  if (!arrival__move(arrival, top, limit)) overflow(arrival);
}

// ---- Settings of the program ----

// Flags that we set or clear, whatever the program asks for.
#define OUR_FLAGS (SA_SIGINFO | SA_RESETHAND)

static struct sigaction for_kernel(const struct sigaction *action) {
  struct sigaction kernel = *action;
  kernel.sa_sigaction = handlers_entry;
  kernel.sa_flags = (kernel.sa_flags | SA_SIGINFO) & ~SA_RESETHAND;
  return kernel;
}

static int set_fault(int number, const struct sigaction *action, struct sigaction *old) {
  struct sigaction *known = &asked[index_of(number)], before = *known, now;
  before.sa_handler = atomic_load(&handlers[number]);
  if (action) {
    struct sigaction kernel = for_kernel(action);
    // The kernel removes unknown flags, and the C library adds flags that it needs.
    if (handlers_real(number, &kernel, NULL) != 0 || handlers_real(number, NULL, &now) != 0) return -1;
    now.sa_flags = now.sa_flags & ~OUR_FLAGS | action->sa_flags & OUR_FLAGS;
    // The handler is set last: a signal that arrives now runs the old settings or the new ones.
    *known = now;
    atomic_store(&handlers[number], action->sa_handler);
  }
  if (old) *old = before;
  return 0;
}

static int set_other(int number, const struct sigaction *action, struct sigaction *old) {
  bool known = number > 0 && number < _NSIG, function = action && is_function(action->sa_handler);
  sighandler_t handler = known ? atomic_load(&handlers[number]) : NULL;
  struct sigaction kernel, before;
  // The handlers of a vfork child are its own, but `handlers` is its parent's.
  bool mine = known && function && action->sa_flags & SA_ONSTACK && signals_ours() && signals_in_process();
  if (mine) {
    kernel = *action;
    kernel.sa_sigaction = handlers_entry;
    atomic_store(&handlers[number], action->sa_handler);
  }
  int result = handlers_real(number, mine ? &kernel : action, &before);
  if (result != 0 && mine) atomic_store(&handlers[number], handler);
  if (result != 0) return result;
  if (before.sa_sigaction == handlers_entry) before.sa_handler = handler;
  if (old) *old = before;
  // Without sampling, no call is interrupted.
  if (function && signals_ours()) restart_watch_handler(number);
  return 0;
}

int handlers_set(int number, const struct sigaction *action, struct sigaction *old) {
  if (action) memory_handler_comes(number, action->sa_handler);
  // In a vfork child, asking for a fault's handler is answered here, too.
  bool fault = installed && handlers_is_fault(number) && (signals_in_process() || !action);
  return fault ? set_fault(number, action, old) : set_other(number, action, old);
}

void handlers_install(void) {
  // Handlers that the program has set already.
  for (int number = 1; number < _NSIG; number++) {
    struct sigaction before;
    if (handlers_is_fault(number) || number == signals_ours() || handlers_real(number, NULL, &before) != 0) continue;
    if (is_function(before.sa_handler)) set_other(number, &before, NULL);
  }
  for (int i = 0; i < FAULTS; i++) {
    struct sigaction before;
    if (handlers_real(faults[i], NULL, &before) != 0) return;
    asked[i] = before;
    atomic_store(&handlers[faults[i]], before.sa_handler);
    struct sigaction kernel = for_kernel(&before);
    if (handlers_real(faults[i], &kernel, NULL) != 0) return;
  }
  installed = true;
  guard_use(true);
}

void handlers_look(void) {
  if (!installed) return;
  bool ours = true;
  for (int i = 0; i < FAULTS; i++) {
    struct sigaction now;
    ours &= handlers_real(faults[i], NULL, &now) == 0 && now.sa_sigaction == handlers_entry;
  }
  if (ours != guard_active()) guard_use(ours);
}

// Sets what the kernel does with the faults that the program ignores: SIG_IGN, or our handler.
static void ignored_faults_set(sighandler_t handler) {
  for (int i = 0; i < FAULTS; i++) {
    if (!installed || atomic_load(&handlers[faults[i]]) != SIG_IGN) continue;
    struct sigaction action = {.sa_handler = handler};
    if (handler != SIG_IGN) action = for_kernel(&asked[i]);
    handlers_real(faults[i], &action, NULL);
  }
}

void handlers_before_exec(void) {
  ignored_faults_set(SIG_IGN);
}

void handlers_after_exec(void) {
  ignored_faults_set(SIG_DFL);
}
