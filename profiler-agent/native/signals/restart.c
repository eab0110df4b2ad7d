#define _GNU_SOURCE
#include "signals/restart.h"

#include <errno.h>
#include <linux/futex.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sandbox/sandbox.h"
#include "threads.h"
#include "unwind/arch.h"
#include "unwind/modules.h"
#include "unwind/unwind.h"

// SA_RESTART makes the kernel restart most system calls by itself, but never those that wait with a time limit or for a
// signal. A signal from a CPU-time timer does not interrupt these either (threads.h), but one that the watcher sends to
// a thread that is just beginning to wait does. So we make the call again, as the kernel does for other calls. That is
// safe: a call that fails with EINTR has had no effect. Relative time limits begin again, but for most of them the
// kernel has written the remaining time where the call reads it. Only threads that ran a moment ago are signalled, so a
// wait is interrupted in its first microseconds or not at all.

#if defined(__x86_64__)

// Calls that can be made again and that the kernel does not restart. Not among them: close, which has closed the file
// anyway, and connect, which has begun to connect.
static bool is_restartable(long call, const greg_t *regs) {
  struct stat file;
  switch (call) {
    case SYS_nanosleep:
    case SYS_clock_nanosleep:
    case SYS_poll:
    case SYS_ppoll:
    case SYS_select:
    case SYS_pselect6:
    case SYS_epoll_wait:
    case SYS_epoll_pwait:
#ifdef SYS_epoll_pwait2
    case SYS_epoll_pwait2:
#endif
    case SYS_recvfrom:
    case SYS_recvmsg:
    case SYS_recvmmsg:
    case SYS_sendto:
    case SYS_sendmsg:
    case SYS_sendmmsg:
    case SYS_accept:
    case SYS_accept4:
    case SYS_rt_sigtimedwait:
    case SYS_rt_sigsuspend:
    case SYS_pause:
    case SYS_semop:
    case SYS_semtimedop:
    case SYS_msgrcv:
    case SYS_msgsnd:
    case SYS_io_getevents: return true;
    case SYS_futex:
      // The other kinds of futex waits have effects of their own.
      return (regs[REG_RSI] & FUTEX_CMD_MASK) == FUTEX_WAIT || (regs[REG_RSI] & FUTEX_CMD_MASK) == FUTEX_WAIT_BITSET;
    case SYS_read:
    case SYS_readv:
    case SYS_write:
    case SYS_writev:
      // Only sockets with a time limit. Other files that fail with EINTR, such as those of a file system in user space,
      // may have done something.
      return sandbox_allows(SANDBOX_PENDING) && syscall(SYS_fstat, (int)regs[REG_RDI], &file) == 0 &&
             S_ISSOCK(file.st_mode);
    default: return false;
  }
}

// Calls that the kernel restarts after a handler with SA_RESTART, as ours, but not after one without.
static bool is_restarted(long call) {
  switch (call) {
    case SYS_read:
    case SYS_readv:
    case SYS_write:
    case SYS_writev:
    case SYS_recvfrom:
    case SYS_recvmsg:
    case SYS_sendto:
    case SYS_sendmsg:
    case SYS_accept:
    case SYS_accept4:
    case SYS_connect:
    case SYS_wait4:
    case SYS_waitid:
    case SYS_flock:
    case SYS_futex: return true;
    default: return false;
  }
}

// With such a prefix byte, the same instruction refers to %r8 instead of %eax.
static bool is_prefix(unsigned char byte) {
  return (byte & 0xf0) == 0x40;
}

// Returns the length of an instruction that loads arguments: the C library has such instructions between the one that
// loads a call's number and `syscall`. 0 for any other instruction, and for one that changes %eax.
static int argument_load(const unsigned char *code) {
  int prefix = is_prefix(code[0]);
  const unsigned char *at = code + prefix;
  int target = at[1] >> 3 & 7;
  bool extended = prefix && code[0] & 4;
  // mov disp8(%rsp), %register
  if (at[0] == 0x8b && (at[1] & 0xc7) == 0x44 && at[2] == 0x24) return target || extended ? prefix + 4 : 0;
  // mov %register, %register and xor %register, %register; the second operand is the target.
  if ((at[0] == 0x89 || at[0] == 0x31) && at[1] >> 6 == 3) return at[1] & 7 || prefix && code[0] & 1 ? prefix + 2 : 0;
  return 0;
}

#define LOADS_MAX 20  // bytes
// How much code before a `syscall` is examined.
#define CODE_BEFORE (LOADS_MAX + 8)

// Returns the number of a call from the code before `syscall`: `mov $number, %eax` or `xor %eax, %eax`, then only loads
// of arguments. −1 when the code does not look like that.
static long number_from_code(const unsigned char *instruction) {
  for (int distance = 0; distance <= LOADS_MAX; distance++) {
    const unsigned char *at = instruction - distance;
    uint32_t number = 0;
    bool moved = at[-5] == 0xb8 && !is_prefix(at[-6]), cleared = at[-2] == 0x31 && at[-1] == 0xc0 && !is_prefix(at[-3]);
    if (moved)
      memcpy(&number, at - 4, sizeof number);
    else if (!cleared)
      continue;
    while (at < instruction) {
      int length = argument_load(at);
      if (!length) break;
      at += length;
    }
    if (at == instruction) return number;
  }
  return -1;
}

// Returns the number of the call made by the `syscall` before the interrupted instruction; −1 when it is not certain.
static long call_number(const greg_t *regs, const struct module_map *map) {
  unsigned char code[CODE_BEFORE + 3];
  if (!guarded_read((uintptr_t)regs[REG_RIP] - 2 - CODE_BEFORE, code, sizeof code)) return -1;
  const unsigned char *instruction = code + CODE_BEFORE;
  int number;
  // From 2.41 on, glibc makes all calls that can be cancelled in one function. The number is its seventh argument,
  // which is on the stack. Where the call cannot be cancelled, the function makes it itself.
  static const unsigned char load[] = {0x48, 0x8b, 0x44, 0x24};  // mov disp8(%rsp), %rax
  if (memcmp(instruction - 5, load, sizeof load) == 0)
    return guarded_read((uintptr_t)regs[REG_RSP] + (signed char)instruction[-1], &number, sizeof number) ? number : -1;
  // Otherwise it calls a piece of assembler.
  static const unsigned char cancellable[] = {0x4c, 0x89, 0x5c, 0x24, 0x08, 0x0f, 0x05, 0xc3};
  if (memcmp(instruction - 5, cancellable, sizeof cancellable) != 0) return number_from_code(instruction);
  const struct thread *thread = thread_self();
  if (!thread) return -1;
  struct unwind_cursor cursor = {
      .at = {.pc = (uintptr_t)regs[REG_RIP], .sp = (uintptr_t)regs[REG_RSP], .fp = (uintptr_t)regs[REG_RBP]},
      .stack_low = thread->identity.stack_low,
      .stack_end = thread->identity.stack_end,
  };
  struct unwind_step step;
  if (!unwind_step(&cursor, map, true, &step) || !unwind_step(&cursor, map, false, &step)) return -1;
  return guarded_read(cursor.at.sp, &number, sizeof number) ? number : -1;
}

// True when a signal of the program is about to be delivered: then that signal makes the call fail with EINTR.
static bool is_due(const ucontext_t *context) {
  uint64_t pending, blocked;
  if (!sandbox_allows(SANDBOX_PENDING)) return true;
  if (syscall(SYS_rt_sigpending, &pending, sizeof pending) != 0) return true;
  // For a call that waits with a mask of its own, this is the mask outside the call: a signal pending inside is
  // delivered when the call is made again.
  memcpy(&blocked, &context->uc_sigmask, sizeof blocked);
  return (pending & ~blocked) != 0;
}

// A call is made again after our handler returns. Before the processor reaches it, a signal of the program may be
// delivered, which would have interrupted the call: then the call must still fail with EINTR. To recognize this, %rcx
// tells how the thread came to a `syscall` that it has not executed yet. That instruction overwrites %rcx, so nobody
// needs its value. When the kernel restarts a call, it leaves the address behind the `syscall` there.
enum {
  SET_BACK_BY_US = 0,             // how far %rcx is from the `syscall`
  SET_BACK_BY_US_FOR_KERNEL = 1,  // the call fails only after a handler without SA_RESTART
  SET_BACK_BY_KERNEL = 2,
};

// Put into %r11 of a context that returns from a call with EINTR because a handler of the program has run. Without this
// mark, a signal of ours at this moment would look as if it had interrupted the call. The kernel leaves the flags in
// %r11, which never have this bit, and nobody needs them.
#define LEAVING ((greg_t)1 << 62)

// The code to which handlers of the program return, instead of the C library's. It examines where execution continues,
// then makes the same system call, rt_sigreturn. %rsp points to the context that continues; the unwind information
// tells debuggers and exceptions where the registers are in it. No C function could do this. restart_return_restarting
// is for handlers with SA_RESTART.
#define SAVED(number, offset) ".cfi_escape 0x10, " #number ", 3, 0x77, (" #offset " & 0x7f) | 0x80, " #offset " >> 7\n"
#define RETURN(name, restarts) \
  ".cfi_startproc simple\n"                                                                                        \
  ".cfi_signal_frame\n"                                                                                            \
  ".cfi_escape 0x0f, 4, 0x77, 0xa0, 1, 6\n" /* CFA = *(%rsp + 160) */                                              \
  SAVED(8, 40) SAVED(9, 48) SAVED(10, 56) SAVED(11, 64) SAVED(12, 72) SAVED(13, 80) SAVED(14, 88) SAVED(15, 96)    \
  SAVED(5, 104) SAVED(4, 112) SAVED(6, 120) SAVED(3, 128) SAVED(1, 136) SAVED(0, 144) SAVED(2, 152) SAVED(7, 160)  \
  SAVED(16, 168)                                                                                                   \
  "nop\n" /* Whoever looks up a return address looks one byte before it. */                                        \
  ".type " #name ", @function\n"                                                                                   \
  #name ":\n"                                                                                                      \
  "  mov %rsp, %rdi\n"                                                                                             \
  "  mov $" #restarts ", %esi\n"                                                                                   \
  "  call restart_handler_returns\n"                                                                               \
  "  mov $15, %rax\n"                                                                                              \
  "  syscall\n"                                                                                                    \
  ".cfi_endproc\n"                                                                                                 \
  ".size " #name ", . - " #name "\n"
extern const char restart_return[], restart_return_restarting[];
__asm__(".pushsection .text\n" RETURN(restart_return, 0) RETURN(restart_return_restarting, 1) ".popsection\n");

// True when the address is in the C library, as is the code before it that is examined: only there the code around a
// system call is known.
static bool is_libc(uintptr_t pc) {
  const struct module_map *map = modules_enter();
  int module = map ? module_map__find(map, pc) : -1;
  bool found = module >= 0 && module_at((uint32_t)module)->kind == MODULE_LIBC &&
               module_map__find(map, pc - CODE_BEFORE) == module;
  modules_leave();
  return found;
}

// True when the thread returns from a system call that failed with EINTR.
static bool is_interrupted(const greg_t *regs) {
  uintptr_t pc = (uintptr_t)regs[REG_RIP];
  return UNLIKELY(regs[REG_RAX] == -EINTR) && is_libc(pc) && after_syscall(pc);
}

// True when the thread is at a `syscall` to which it came in this way.
static bool is_set_back(const greg_t *regs, int how) {
  uintptr_t pc = (uintptr_t)regs[REG_RIP];
  return UNLIKELY(regs[REG_RCX] - regs[REG_RIP] == how) && is_libc(pc) && after_syscall(pc + 2);
}

__attribute__((visibility("hidden"), used)) void restart_handler_returns(ucontext_t *context, int restarts) {
  greg_t *regs = context->uc_mcontext.gregs;
  if (is_set_back(regs, SET_BACK_BY_US) || !restarts && is_set_back(regs, SET_BACK_BY_US_FOR_KERNEL)) {
    regs[REG_RAX] = -EINTR;
    regs[REG_RIP] += 2;
  }
  if (is_interrupted(regs)) regs[REG_R11] = LEAVING;
}

void restart_watch_handler(int number) {
  // Faults interrupt no calls, and programs that print the stack of a fault would print our address as that to which
  // the handler returns.
  static const int faults[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP, SIGSYS};
  for (size_t i = 0; i < sizeof faults / sizeof *faults; i++)
    if (number == faults[i]) return;
  // The kernel's own structure, so that the C library's flags and mask stay as they are.
  struct {
    void *handler;
    unsigned long flags;
    const void *restorer;
    uint64_t mask;
  } action;
  if (syscall(SYS_rt_sigaction, number, NULL, &action, sizeof action.mask) != 0) return;
  action.restorer = action.flags & SA_RESTART ? restart_return_restarting : restart_return;
  syscall(SYS_rt_sigaction, number, &action, NULL, sizeof action.mask);
}

void restart_interrupted_call(ucontext_t *context) {
  greg_t *regs = context->uc_mcontext.gregs;
  if (is_interrupted(regs)) {
    if (regs[REG_R11] == LEAVING) return;
    long call = call_number(regs, modules_enter());
    modules_leave();
    if (call < 0 || !is_restartable(call, regs) || is_due(context)) return;
    // The kernel keeps the arguments in their registers; only the number was overwritten, by the result.
    regs[REG_RAX] = call;
    regs[REG_RIP] -= 2;
    regs[REG_RCX] = regs[REG_RIP] + SET_BACK_BY_US;
  } else if (is_set_back(regs, SET_BACK_BY_KERNEL) && is_restarted(regs[REG_RAX])) {
    regs[REG_RCX] = regs[REG_RIP] + SET_BACK_BY_US_FOR_KERNEL;
  }
}

#else

// On arm64, the result of a call overwrites the register of its first argument, so no call can be made again.
void restart_interrupted_call(ucontext_t *context) {
  (void)context;
}

void restart_watch_handler(int number) {
  (void)number;
}

#endif
