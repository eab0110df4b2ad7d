#define _GNU_SOURCE
#include "signals/signals.h"

#include <errno.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "late.h"
#include "originals.h"
#include "process/process.h"
#include "sandbox/sandbox.h"
#include "signals/guard.h"
#include "signals/handlers.h"
#include "threads.h"

static _Atomic int ours;
static _Atomic bool sending;  // the watcher may be sending a signal with the number that `ours` had
static int process;           // process id; a vfork child shares this memory, but has signals of its own
static void (*on_signal)(int, siginfo_t *, void *);
static struct sigaction pretended;  // what the program has set for our signal

// Masks of the calling thread. `believed`: the believed signals (signals.h).
THREAD_LOCAL uint64_t believed;
THREAD_LOCAL uint64_t held;    // those of them that are blocked after all, because one was sent
THREAD_LOCAL bool is_blocked;  // our signal is blocked, because it would have no stack

// The C library's function of this name.
#define REAL(name) ((__typeof__(&name))real(&real_##name, #name))
#define REAL_OF(name) static void *real_##name
REAL_OF(sigprocmask);
REAL_OF(pthread_sigmask);

static void *real(void **known, const char *name) {
  if (UNLIKELY(!*known)) *known = original(name);
  return *known;
}

static uint64_t bit(int number) {
  return number ? 1ull << (number - 1) : 0;
}

static uint64_t unblockable(void) {
  return bit(signals_ours()) | (guard_active() ? bit(SIGSEGV) | bit(SIGBUS) : 0);
}

// The first word of a set is the kernel's mask.
static uint64_t word_of(const sigset_t *set) {
  uint64_t word;
  memcpy(&word, set, sizeof word);
  return word;
}

static void word_set(sigset_t *set, uint64_t word) {
  memcpy(set, &word, sizeof word);
}

static sigset_t only(int number) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, number);
  return set;
}

// ---- Which signal ----

// Takes a free signal. Returns its number, 0 when there is none.
static int take(void) {
  for (int candidate = SIGRTMAX - 3; candidate > SIGRTMIN; candidate--) {
    struct sigaction old;
    if (handlers_real(candidate, NULL, &old) != 0 || old.sa_handler != SIG_DFL) continue;
    struct sigaction action = {.sa_sigaction = on_signal, .sa_flags = SA_SIGINFO | SA_RESTART | SA_ONSTACK};
    sigfillset(&action.sa_mask);
    // Reads of the handler may fault (guard.h).
    sigdelset(&action.sa_mask, SIGSEGV);
    sigdelset(&action.sa_mask, SIGBUS);
    if (handlers_real(candidate, &action, NULL) == 0) return candidate;
  }
  return 0;
}

int signals_install(void (*handler)(int, siginfo_t *, void *)) {
  if (signals_ours()) return signals_ours();
  on_signal = handler;
  process = getpid();
  // Functions that may be called from a handler of the program are looked up now.
  REAL(sigprocmask), REAL(pthread_sigmask);
  atomic_store(&ours, take());
  if (!signals_ours()) return 0;
  handlers_install();
  // The program that started this one may have left these signals blocked.
  sigset_t mask;
  REAL(pthread_sigmask)(SIG_BLOCK, NULL, &mask);
  signals_begin(word_of(&mask));
  return signals_ours();
}

int signals_ours(void) {
  return atomic_load(&ours);
}

bool signals_send(int tid) {
  atomic_store(&sending, true);
  int number = signals_ours();
  bool sent = number && syscall(SYS_tgkill, getpid(), tid, number) == 0;
  if (number && !sent) signals_are_refused(errno);
  atomic_store(&sending, false);
  return sent;
}

static _Atomic bool lacks_room;

void signals_are_refused(int error) {
  if (error == EAGAIN) atomic_store(&lacks_room, true);
}

bool signals_lack_room(void) {
  return atomic_load_explicit(&lacks_room, memory_order_relaxed);
}

void signals_after_fork(void) {
  if (sandbox_allows(SANDBOX_PID)) process = getpid();
  atomic_store(&sending, false);
}

// Takes another signal, because the program wants this one for itself.
static void make_way(int number) {
  int next = take();
  atomic_store(&ours, next);
  threads_change_signal(next);
  // The watcher never waits for anybody, but may be about to send the old signal. Sleeping lets it run; sched_yield
  // would not, where this thread has a real-time priority.
  static const struct timespec moment = {.tv_nsec = 20000};
  while (atomic_load(&sending)) syscall(SYS_nanosleep, &moment, NULL);
  // Ignoring a signal makes the kernel discard those that are pending.
  struct sigaction ignore = {.sa_handler = SIG_IGN};
  handlers_real(number, &ignore, NULL);
  sigset_t mask = only(number);
  if (believed & bit(number)) REAL(pthread_sigmask)(SIG_BLOCK, &mask, NULL);
  believed &= ~bit(number);
  mask = only(next);
  if (next) REAL(pthread_sigmask)(SIG_UNBLOCK, &mask, NULL);
}

void signals_answer(const siginfo_t *info) {
  bool foreign =
      info->si_code == SI_USER || info->si_code == SI_QUEUE || (info->si_code == SI_TKILL && info->si_pid != process);
  if (!foreign || pretended.sa_handler != SIG_DFL) return;
  struct sigaction fatal = {.sa_handler = SIG_DFL};
  handlers_real(info->si_signo, &fatal, NULL);
  syscall(SYS_tgkill, getpid(), syscall(SYS_gettid), info->si_signo);
}

// ---- Settings of the program ----

static bool is_function(void (*handler)(int)) {
  return handler != SIG_DFL && handler != SIG_IGN;
}

EXPORT int sigaction(int number, const struct sigaction *action, struct sigaction *old) {
  late_look();
  if (number != signals_ours() || !number || !signals_in_process()) return handlers_set(number, action, old);
  struct sigaction before = pretended;
  if (action) {
    if (is_function(action->sa_handler)) {
      make_way(number);
      pretended = (struct sigaction){.sa_handler = SIG_DFL};
      sigaction(number, action, NULL);
    } else {
      pretended = *action;
    }
  }
  if (old) *old = before;
  return 0;
}

// ---- Masks of threads ----

// Signals that the kernel itself blocks and unblocks, as while a handler runs.
static uint64_t blocked_by_kernel(uint64_t kernel) {
  uint64_t by_us = held | (is_blocked ? bit(signals_ours()) : 0);
  return kernel & unblockable() & ~by_us;
}

static uint64_t kernel_mask(void) {
  sigset_t now;
  sigemptyset(&now);
  REAL(pthread_sigmask)(SIG_BLOCK, NULL, &now);
  return word_of(&now);
}

static int mask_change(__typeof__(&pthread_sigmask) change, int how, const sigset_t *set, sigset_t *old) {
  uint64_t hidden = unblockable();
  if (!signals_ours() || !signals_in_process()) return change(how, set, old);
  uint64_t before = believed & hidden, after = before, kept = held;
  sigset_t changed, was;
  sigemptyset(&was);
  if (set) {
    changed = *set;
    uint64_t named = word_of(set) & hidden;
    // While a handler runs, the kernel goes on blocking these.
    if (named && how != SIG_UNBLOCK) kept |= blocked_by_kernel(kernel_mask());
    after = how == SIG_BLOCK ? before | named & ~kept : how == SIG_UNBLOCK ? before & ~named : named & ~kept;
    after |= held & (how == SIG_BLOCK ? before : how == SIG_UNBLOCK ? before & ~named : named);
    uint64_t kernel = word_of(set) & ~hidden | (how == SIG_UNBLOCK ? named : named & kept);
    if (is_blocked) kernel = how == SIG_UNBLOCK ? kernel & ~bit(signals_ours()) : kernel | bit(signals_ours());
    word_set(&changed, kernel);
  }
  // A pending signal may be delivered before `change` returns, so the new values are set first.
  uint64_t believed_before = believed, held_before = held;
  believed = after;
  held &= after;
  int result = change(how, set ? &changed : NULL, &was);
  if (result != 0) {
    believed = believed_before;
    held = held_before;
    return result;
  }
  if (!old) return 0;
  uint64_t by_us = held_before | (is_blocked ? bit(signals_ours()) : 0);
  *old = was;
  word_set(old, word_of(&was) & ~(hidden & by_us) | before);
  return 0;
}

EXPORT int pthread_sigmask(int how, const sigset_t *set, sigset_t *old) {
  return mask_change(REAL(pthread_sigmask), how, set, old);
}

EXPORT int sigprocmask(int how, const sigset_t *set, sigset_t *old) {
  return mask_change(REAL(sigprocmask), how, set, old);
}

uint64_t signals_believed(void) {
  return believed | blocked_by_kernel(kernel_mask());
}

bool signals_believes_blocked(int number) {
  return believed & bit(number);
}

bool signals_hold(int number) {
  held |= believed & bit(number);
  return held & bit(number);
}

void signals_begin(uint64_t blocked) {
  sigset_t mask;
  sigemptyset(&mask);
  word_set(&mask, unblockable());
  believed = blocked & unblockable();
  held = 0;
  REAL(pthread_sigmask)(SIG_UNBLOCK, &mask, NULL);
}

void signals_pause(void) {
  sigset_t mask = only(signals_ours());
  is_blocked = true;
  REAL(pthread_sigmask)(SIG_BLOCK, &mask, NULL);
}

void signals_go_on(void) {
  sigset_t mask = only(signals_ours());
  is_blocked = false;
  REAL(pthread_sigmask)(SIG_UNBLOCK, &mask, NULL);
}

bool signals_in_process(void) {
  // A sandbox may forbid getpid: then a forked child counts as its parent.
  return sandbox_allows(SANDBOX_PID) ? process == getpid() : process && !process_is_borrowed();
}

void signals_before_exec(void) {
  sigset_t mask;
  sigemptyset(&mask);
  word_set(&mask, believed);
  if (believed) REAL(pthread_sigmask)(SIG_BLOCK, &mask, NULL);
  handlers_before_exec();
}

void signals_after_exec(void) {
  handlers_after_exec();
  if (!is_blocked) signals_begin(believed);
}
