#define _GNU_SOURCE
#include "process/children.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base.h"
#include "originals.h"
#include "record/records.h"

#define ENDED_MAX 256
#define SENT_MAX 64

enum { ENDED_FREE, ENDED_TAKEN, ENDED_READY };
static struct ended {
  _Atomic int state;
  int pid, signal;
  bool ours;
} ended[ENDED_MAX];

// The last signals that the program sent, each with the process id (of a group when not positive) above the signal; 0:
// none.
static _Atomic uint64_t sent[SENT_MAX];
static _Atomic uint32_t sent_next;

static void sent_remember(pid_t pid, int signal) {
  if (signal <= 0) return;
  uint32_t at = atomic_fetch_add_explicit(&sent_next, 1, memory_order_relaxed) % SENT_MAX;
  atomic_store_explicit(&sent[at], (uint64_t)(uint32_t)pid << 32 | (uint32_t)signal, memory_order_relaxed);
}

static bool sent_by_us(pid_t pid, int signal) {
  for (int i = 0; i < SENT_MAX; i++) {
    uint64_t one = atomic_load_explicit(&sent[i], memory_order_relaxed);
    pid_t to = (pid_t)(one >> 32);
    // Which group an ended process was in is not known any more, so a signal to any group counts.
    if ((int)(uint32_t)one == signal && (to == pid || to <= 0)) return true;
  }
  return false;
}

// When no entry is free, the child is not recorded: the reader then knows less, but nothing wrong.
static void ended_remember(pid_t pid, int signal) {
  for (int i = 0; i < ENDED_MAX; i++) {
    int free = ENDED_FREE;
    if (!atomic_compare_exchange_strong(&ended[i].state, &free, ENDED_TAKEN)) continue;
    ended[i].pid = pid;
    ended[i].signal = signal;
    ended[i].ours = sent_by_us(pid, signal);
    atomic_store(&ended[i].state, ENDED_READY);
    return;
  }
}

void children_write(void) {
  for (int i = 0; i < ENDED_MAX; i++) {
    if (atomic_load(&ended[i].state) != ENDED_READY) continue;
    record_child_end(ended[i].pid, ended[i].signal, ended[i].ours);
    atomic_store(&ended[i].state, ENDED_FREE);
  }
}

void children_after_fork(void) {
  for (int i = 0; i < ENDED_MAX; i++) atomic_store(&ended[i].state, ENDED_FREE);
  for (int i = 0; i < SENT_MAX; i++) atomic_store(&sent[i], 0);
}

// ---- Functions that the program calls ----

static __typeof__(waitpid) *real_waitpid;
static __typeof__(wait) *real_wait;
static __typeof__(wait3) *real_wait3;
static __typeof__(wait4) *real_wait4;
static __typeof__(waitid) *real_waitid;
static __typeof__(kill) *real_kill;
static __typeof__(killpg) *real_killpg;

void children_prepare(void) {
  real_waitpid = original("waitpid");
  real_wait = original("wait");
  real_wait3 = original("wait3");
  real_wait4 = original("wait4");
  real_waitid = original("waitid");
  real_killpg = original("killpg");
  real_kill = original("kill");
}

static void be_prepared(void) {
  originals_prepare(real_kill, children_prepare);
}

// Only a child that the call returned has a status.
static pid_t waited(pid_t pid, const int *status) {
  if (pid > 0 && WIFSIGNALED(*status)) ended_remember(pid, WTERMSIG(*status));
  return pid;
}

EXPORT pid_t waitpid(pid_t pid, int *status, int options) {
  be_prepared();
  int own;
  if (!status) status = &own;
  return waited(real_waitpid(pid, status, options), status);
}

EXPORT pid_t wait(int *status) {
  be_prepared();
  int own;
  if (!status) status = &own;
  return waited(real_wait(status), status);
}

EXPORT pid_t wait3(int *status, int options, struct rusage *usage) {
  be_prepared();
  int own;
  if (!status) status = &own;
  return waited(real_wait3(status, options, usage), status);
}

EXPORT pid_t wait4(pid_t pid, int *status, int options, struct rusage *usage) {
  be_prepared();
  int own;
  if (!status) status = &own;
  return waited(real_wait4(pid, status, options, usage), status);
}

EXPORT int waitid(idtype_t kind, id_t id, siginfo_t *info, int options) {
  be_prepared();
  int result = real_waitid(kind, id, info, options);
  bool told = result == 0 && info && options & WEXITED && info->si_signo == SIGCHLD;
  if (told && (info->si_code == CLD_KILLED || info->si_code == CLD_DUMPED))
    ended_remember(info->si_pid, info->si_status);
  return result;
}

// Remembered before the signal is sent: when the call returns, the child may have ended, and another thread may have
// waited for it already.
EXPORT int kill(pid_t pid, int signal) {
  be_prepared();
  sent_remember(pid, signal);
  return real_kill(pid, signal);
}

EXPORT int killpg(pid_t group, int signal) {
  be_prepared();
  sent_remember(-group, signal);
  return real_killpg(group, signal);
}
