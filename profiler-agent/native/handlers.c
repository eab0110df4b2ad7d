#define _GNU_SOURCE
#include "handlers.h"

#include <dlfcn.h>
#include <errno.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#include "guard.h"
#include "restart.h"
#include "signals.h"
#include "threads.h"

#define FAULTS 2
static const int faults[FAULTS] = {SIGSEGV, SIGBUS};
// What the program has asked of them, as the kernel would tell it.
static struct {
  _Atomic(sighandler_t) handler;
  struct sigaction action;  // all but the handler
} asked[FAULTS];
static bool installed;

static int index_of(int number) {
  return number == SIGSEGV ? 0 : 1;
}

static bool is_function(sighandler_t handler) {
  return handler != SIG_DFL && handler != SIG_IGN;
}

int handlers_real(int number, const struct sigaction *action, struct sigaction *old) {
  static __typeof__(&sigaction) real;
  if (UNLIKELY(!real)) real = (__typeof__(real))dlsym(RTLD_NEXT, "sigaction");
  return real(number, action, old);
}

// ---- A signal arrives ----

// What handlers_entry keeps: it calls handlers_arrive, and then goes on to `handler` as if the kernel had, or returns
// from the signal when there is none.
struct arrival {
  sighandler_t handler;
  uintptr_t stack;
  ucontext_t *context;
  siginfo_t *info;
  uintptr_t number;
};

// Called by the kernel in place of a handler of the program's, with what that one is to be called with.
void handlers_entry(int number, siginfo_t *info, void *context) __attribute__((visibility("hidden")));

#if defined(__x86_64__)

__asm__(
    ".pushsection .text\n"
    ".balign 16\n"
    ".globl handlers_entry\n"
    ".hidden handlers_entry\n"
    ".type handlers_entry, %function\n"
    "handlers_entry:\n"
    ".cfi_startproc\n"
    "  lea (%rsp), %rax\n"
    "  push %rdi\n"
    "  push %rsi\n"
    "  push %rdx\n"
    "  push %rax\n"
    "  push $0\n"
    ".cfi_adjust_cfa_offset 40\n"
    "  mov %rsp, %rdi\n"
    "  call handlers_arrive\n"
    "  pop %r11\n"
    "  pop %rax\n"
    "  pop %rdx\n"
    "  pop %rsi\n"
    "  pop %rdi\n"
    ".cfi_adjust_cfa_offset -40\n"
    "  mov %rax, %rsp\n"
    "  xor %eax, %eax\n"
    "  test %r11, %r11\n"
    "  jz 1f\n"
    "  jmp *%r11\n"
    "1: ret\n"
    ".cfi_endproc\n"
    ".size handlers_entry, . - handlers_entry\n"
    ".popsection\n");

#elif defined(__aarch64__)

__asm__(
    ".pushsection .text\n"
    ".balign 16\n"
    ".globl handlers_entry\n"
    ".hidden handlers_entry\n"
    ".type handlers_entry, %function\n"
    "handlers_entry:\n"
    ".cfi_startproc\n"
    "  mov x9, sp\n"
    "  sub sp, sp, #64\n"
    ".cfi_adjust_cfa_offset 64\n"
    "  stp xzr, x9, [sp]\n"
    "  stp x2, x1, [sp, #16]\n"
    "  stp x0, x30, [sp, #32]\n"
    ".cfi_rel_offset x30, 40\n"
    "  str x29, [sp, #48]\n"
    "  mov x0, sp\n"
    "  bl handlers_arrive\n"
    "  ldp x16, x9, [sp]\n"
    "  ldp x2, x1, [sp, #16]\n"
    "  ldp x0, x30, [sp, #32]\n"
    "  ldr x29, [sp, #48]\n"
    "  mov sp, x9\n"
    ".cfi_adjust_cfa_offset -64\n"
    ".cfi_restore x30\n"
    "  cbz x16, 1f\n"
    "  br x16\n"
    "1: ret\n"
    ".cfi_endproc\n"
    ".size handlers_entry, . - handlers_entry\n"
    ".popsection\n");

#endif

THREAD_LOCAL bool sampling, declines;
THREAD_LOCAL uint32_t waiting;  // which of the faults were sent meanwhile
THREAD_LOCAL siginfo_t sent[FAULTS];

static void send_to(int tid, int number, siginfo_t *info) {
  // The kernel lets nobody but itself say that it was the kernel or a kill.
  if (syscall(SYS_rt_tgsigqueueinfo, getpid(), tid, number, info) != 0) syscall(SYS_tgkill, getpid(), tid, number);
}

void handlers_sampling(bool begins) {
  sampling = begins;
  if (LIKELY(begins || !waiting)) return;
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
  sighandler_t handler = atomic_load(&asked[which].handler);
  if (handler == SIG_DFL) {
    struct sigaction fatal = {.sa_handler = SIG_DFL};
    handlers_real(number, &fatal, NULL);
    send_to(self, number, info);
  }
  return is_function(handler);
}

__attribute__((visibility("hidden"), used)) void handlers_arrive(struct arrival *it) {
  int number = (int)it->number, which = index_of(number);
  if (guard_recover(it->info, it->context)) return;
  int error = errno;
  sighandler_t handler = atomic_load(&asked[which].handler);
  if (it->info->si_code <= 0) {
    if (!arrive_sent(number, it->info, it->context)) handler = NULL;
  } else if (!is_function(handler) || signals_believes_blocked(number)) {
    // When this returns, the instruction faults again, and the kernel ends the process as it would have done at once.
    block(it->context, number);
    handler = NULL;
  }
  if (handler && asked[which].action.sa_flags & SA_RESETHAND) atomic_store(&asked[which].handler, SIG_DFL);
  it->handler = handler;
  errno = error;
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
  int which = index_of(number);
  struct sigaction before = asked[which].action, now;
  before.sa_handler = atomic_load(&asked[which].handler);
  if (action) {
    struct sigaction kernel = for_kernel(action);
    // The kernel leaves out what it does not know, and the C library adds what it needs.
    if (handlers_real(number, &kernel, NULL) != 0 || handlers_real(number, NULL, &now) != 0) return -1;
    now.sa_flags = now.sa_flags & ~OURS | action->sa_flags & OURS;
    // The handler last: whoever arrives now is called with the old ones or with the new ones.
    asked[which].action = now;
    atomic_store(&asked[which].handler, action->sa_handler);
  }
  if (old) *old = before;
  return 0;
}

int handlers_set(int number, const struct sigaction *action, struct sigaction *old) {
  if (installed && handlers_is_fault(number)) return set_fault(number, action, old);
  int result = handlers_real(number, action, old);
  // Where nothing is sampled, nothing is watched.
  if (result == 0 && action && signals_ours() && is_function(action->sa_handler)) restart_watch_handler(number);
  return result;
}

void handlers_install(void) {
  for (int i = 0; i < FAULTS; i++) {
    struct sigaction before;
    if (handlers_real(faults[i], NULL, &before) != 0) return;
    asked[i].action = before;
    atomic_store(&asked[i].handler, before.sa_handler);
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
    if (!installed || atomic_load(&asked[i].handler) != SIG_IGN) continue;
    struct sigaction action = {.sa_handler = handler};
    if (handler != SIG_IGN) action = for_kernel(&asked[i].action);
    handlers_real(faults[i], &action, NULL);
  }
}

void handlers_before_exec(void) {
  ignored_are(SIG_IGN);
}

void handlers_after_exec(void) {
  ignored_are(SIG_DFL);
}
