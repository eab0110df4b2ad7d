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
// What the program has asked of them, as the kernel would tell it, all but the handlers.
static struct sigaction asked[FAULTS];
// Its handlers of all signals that come to us first.
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

THREAD_LOCAL uint32_t sampling;  // how many times within each other
THREAD_LOCAL bool declines;
THREAD_LOCAL uint32_t waiting;  // which of the faults were sent meanwhile
THREAD_LOCAL siginfo_t sent[FAULTS];

static void send_to(int tid, int number, siginfo_t *info) {
  // The kernel lets nobody but itself say that it was the kernel or a kill.
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

// As if the kernel found the signal blocked, which is the end of whoever faults.
static void block(ucontext_t *context, int number) {
  sigaddset(&context->uc_sigmask, number);
}

// Another thread sent it, or this one did. Returns true when the program's handler is to be called now.
static bool arrive_sent(int number, siginfo_t *info, ucontext_t *context) {
  int which = index_of(number), self = (int)syscall(SYS_gettid);
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
    // The program believes it blocked: now it is, and waits.
    block(context, number);
    send_to(self, number, info);
    return false;
  }
  sighandler_t handler = atomic_load(&handlers[number]);
  if (handler == SIG_DFL) {
    struct sigaction fatal = {.sa_handler = SIG_DFL};
    handlers_real(number, &fatal, NULL);
    send_to(self, number, info);
  }
  return is_function(handler);
}

// What is to be called now for a fault, or for what was sent as one.
static sighandler_t arrive_fault(struct arrival *it) {
  int number = (int)it->number;
  // The watcher reads stacks that change meanwhile, and drops those that do: only samples are worth a word.
  if (guard_recover(it->info, it->context, sampling)) return NULL;
  int error = errno;
  sighandler_t handler = atomic_load(&handlers[number]);
  if (it->info->si_code <= 0) {
    if (!arrive_sent(number, it->info, it->context)) handler = NULL;
  } else if (!is_function(handler) || signals_believes_blocked(number)) {
    // When this returns, the instruction faults again, and the kernel ends the process as it would have done at once.
    block(it->context, number);
    handler = NULL;
  }
  if (handler && asked[index_of(number)].sa_flags & SA_RESETHAND) atomic_store(&handlers[number], SIG_DFL);
  errno = error;
  return handler;
}

// Where the kernel finds no room for a handler, the program is at its end.
static void overflow(struct arrival *it) {
  int error = errno;
  it->handler = NULL;
  if (handlers_is_fault((int)it->number))
    block(it->context, (int)it->number);
  else
    syscall(SYS_tgkill, getpid(), syscall(SYS_gettid), SIGSEGV);
  errno = error;
}

__attribute__((visibility("hidden"), used)) void handlers_arrive(struct arrival *it) {
  int number = (int)it->number;
  it->handler = handlers_is_fault(number) ? arrive_fault(it) : atomic_load(&handlers[number]);
  if (!it->handler || !arrival__has_frame(it) || !signal_stack_holds(it->stack)) return;
  // It asks for an alternate stack, and is on ours: away from there, unless there is nowhere else.
  uintptr_t interrupted = arrival__interrupted(it), limit;
  if (signal_stack_holds(interrupted)) return;
  uintptr_t top = signal_stack_of_program(interrupted, &limit);
  if (!arrival__move(it, top, limit)) overflow(it);
}

// ---- What the program asks to happen ----

// Those of the kernel's flags that are ours, whatever the program asks.
#define OURS (SA_SIGINFO | SA_RESETHAND)

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
    // The kernel leaves out what it does not know, and the C library adds what it needs.
    if (handlers_real(number, &kernel, NULL) != 0 || handlers_real(number, NULL, &now) != 0) return -1;
    now.sa_flags = now.sa_flags & ~OURS | action->sa_flags & OURS;
    // The handler last: whoever arrives now is called with the old ones or with the new ones.
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
  // A vfork child's handlers are its own, and what is known here is its parent's.
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
  // Where nothing is sampled, nothing is watched.
  if (function && signals_ours()) restart_watch_handler(number);
  return 0;
}

int handlers_set(int number, const struct sigaction *action, struct sigaction *old) {
  if (action) memory_handler_comes(number, action->sa_handler);
  // One of a fault in a vfork child is told as it is here.
  bool fault = installed && handlers_is_fault(number) && (signals_in_process() || !action);
  return fault ? set_fault(number, action, old) : set_other(number, action, old);
}

void handlers_install(void) {
  // Those that are there already.
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

static void ignored_are(sighandler_t handler) {
  for (int i = 0; i < FAULTS; i++) {
    if (!installed || atomic_load(&handlers[faults[i]]) != SIG_IGN) continue;
    struct sigaction action = {.sa_handler = handler};
    if (handler != SIG_IGN) action = for_kernel(&asked[i]);
    handlers_real(faults[i], &action, NULL);
  }
}

void handlers_before_exec(void) {
  ignored_are(SIG_IGN);
}

void handlers_after_exec(void) {
  ignored_are(SIG_DFL);
}
