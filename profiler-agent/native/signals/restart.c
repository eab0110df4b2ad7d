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

// SA_RESTART makes the kernel restart most calls by itself. It never does so for those that wait with a time limit or
// for a signal. A signal from a CPU-time timer does not cut them short either (threads.h); one that the watcher sends
// to a thread just as it begins to wait does. Starting the call again is then what the kernel does elsewhere: nothing
// has happened yet when a call fails with EINTR. Time limits that are relative begin anew, but the kernel has written
// what is left of most of them where the call reads them again; and since only threads are signalled that ran a moment
// ago, a wait is cut short in its first microseconds or not at all.

#if defined(__x86_64__)

// Calls that can be started again and that the kernel does not restart. Not here: close, which has closed the file even
// so, and connect, which has begun to connect.
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
      // Its other waits have effects of their own.
      return (regs[REG_RSI] & FUTEX_CMD_MASK) == FUTEX_WAIT || (regs[REG_RSI] & FUTEX_CMD_MASK) == FUTEX_WAIT_BITSET;
    case SYS_read:
    case SYS_readv:
    case SYS_write:
    case SYS_writev:
      // Sockets with a time limit. What else fails with EINTR here, such as a file system in user space, may have
      // acted.
      return sandbox_allows(SANDBOX_PENDING) && syscall(SYS_fstat, (int)regs[REG_RDI], &file) == 0 &&
             S_ISSOCK(file.st_mode);
    default: return false;
  }
}

// Calls that the kernel restarts after a handler that was set with SA_RESTART, as ours is, and after no other.
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

// With such a byte in front, the same instruction is about %r8 instead of %eax.
static bool is_prefix(unsigned char byte) {
  return (byte & 0xf0) == 0x40;
}

// The length of an instruction that the C library has between the number of a call and `syscall`, to load its
// arguments; 0 for any other, and for all that change %eax.
static int argument_load(const unsigned char *code) {
  int prefix = is_prefix(code[0]);
  const unsigned char *at = code + prefix;
  int target = at[1] >> 3 & 7;
  bool extended = prefix && code[0] & 4;
  // mov disp8(%rsp), %register
  if (at[0] == 0x8b && (at[1] & 0xc7) == 0x44 && at[2] == 0x24) return target || extended ? prefix + 4 : 0;
  // mov %register, %register and xor %register, %register: the target is the other operand.
  if ((at[0] == 0x89 || at[0] == 0x31) && at[1] >> 6 == 3) return at[1] & 7 || prefix && code[0] & 1 ? prefix + 2 : 0;
  return 0;
}

#define LOADS_MAX 20  // bytes
// Nothing further before a `syscall` is looked at.
#define CODE_BEFORE (LOADS_MAX + 8)

// The number of the call, when the code before `syscall` says so: `mov $number, %eax` or `xor %eax, %eax`, then nothing
// but loads of arguments. −1 when it does not.
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

// The number of the call that `syscall` before the interrupted instruction made; −1 when it is not certain.
static long call_number(const greg_t *regs, const struct module_map *map) {
  unsigned char code[CODE_BEFORE + 3];
  if (!guarded_read((uintptr_t)regs[REG_RIP] - 2 - CODE_BEFORE, code, sizeof code)) return -1;
  const unsigned char *instruction = code + CODE_BEFORE;
  int number;
  // From 2.41 glibc makes all calls that may be cancelled in one place, with the number as an argument that comes on
  // the stack, as the seventh: by itself where nothing can cancel it,
  static const unsigned char load[] = {0x48, 0x8b, 0x44, 0x24};  // mov disp8(%rsp), %rax
  if (memcmp(instruction - 5, load, sizeof load) == 0)
    return guarded_read((uintptr_t)regs[REG_RSP] + (signed char)instruction[-1], &number, sizeof number) ? number : -1;
  // or by a piece of assembler that it calls.
  static const unsigned char cancellable[] = {0x4c, 0x89, 0x5c, 0x24, 0x08, 0x0f, 0x05, 0xc3};
  if (memcmp(instruction - 5, cancellable, sizeof cancellable) != 0) return number_from_code(instruction);
  const struct thread *self = thread_self();
  if (!self) return -1;
  struct unwind_cursor cursor = {
      .at = {.pc = (uintptr_t)regs[REG_RIP], .sp = (uintptr_t)regs[REG_RSP], .fp = (uintptr_t)regs[REG_RBP]},
      .stack_low = self->stack_low,
      .stack_end = self->stack_end,
  };
  struct unwind_step step;
  if (!unwind_step(&cursor, map, true, &step) || !unwind_step(&cursor, map, false, &step)) return -1;
  return guarded_read(cursor.at.sp, &number, sizeof number) ? number : -1;
}

// Whether a signal of the program's is about to be delivered: then the call ends with EINTR because of that one.
static bool is_due(const ucontext_t *context) {
  uint64_t pending, blocked;
  if (!sandbox_allows(SANDBOX_PENDING)) return true;
  if (syscall(SYS_rt_sigpending, &pending, sizeof pending) != 0) return true;
  // Of a call that waits with a mask of its own this is the mask outside it: what is pending inside it is met again.
  memcpy(&blocked, &context->uc_sigmask, sizeof blocked);
  return (pending & ~blocked) != 0;
}

// A call begins again when our handler returns. Until the processor has come to it, a signal of the program's may be
// delivered, which would have ended the call: it has to fail with EINTR all the same. So that this can be seen, %rcx
// says how the thread came to a `syscall` that it has not executed; that instruction changes %rcx, so nobody misses
// what was in it. The kernel, when it sets a call back, leaves the address behind it there.
enum {
  SET_BACK_BY_US = 0,             // the distance of %rcx from the instruction
  SET_BACK_BY_US_FOR_KERNEL = 1,  // it fails after a handler without SA_RESTART only
  SET_BACK_BY_KERNEL = 2,
};

// In %r11 of a context that is on its way out of a call with EINTR, which the program is due, since a handler of its
// own has run: a signal of ours that arrives right then would otherwise find the same as one that has cut the call
// short. The kernel leaves the flags there, of which there are no such, and nobody misses those.
#define LEAVING ((greg_t)1 << 62)

// What a handler of the program's returns to, in place of the C library's code: it looks at what goes on then, and does
// the same system call, rt_sigreturn. %rsp is the context that goes on, in which debuggers and exceptions find the
// registers as this describes it. No function can be this. restart_return_restarting is for handlers with SA_RESTART.
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

// Is this in the C library? Only that one promises what the code around a system call looks like; and a page before its
// code is its own.
static bool is_libc(uintptr_t pc) {
  const struct module_map *map = modules_enter();
  int module = map ? module_map__find(map, pc) : -1;
  bool found = module >= 0 && module_at((uint32_t)module)->kind == MODULE_LIBC &&
               module_map__find(map, pc - CODE_BEFORE) == module;
  modules_leave();
  return found;
}

// Is the thread on its way out of a system call that failed with EINTR?
static bool is_interrupted(const greg_t *regs) {
  uintptr_t pc = (uintptr_t)regs[REG_RIP];
  return UNLIKELY(regs[REG_RAX] == -EINTR) && is_libc(pc) && after_syscall(pc);
}

// Does it come to a system call in this way?
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
  // A fault interrupts no call, and whoever prints its stack prints where its handler returns to.
  static const int faults[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP, SIGSYS};
  for (size_t i = 0; i < sizeof faults / sizeof *faults; i++)
    if (number == faults[i]) return;
  // The kernel's own structure, with the C library's flags and mask as they are.
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
    // The kernel keeps a call's arguments in their registers, and the number is all that its result has overwritten.
    regs[REG_RAX] = call;
    regs[REG_RIP] -= 2;
    regs[REG_RCX] = regs[REG_RIP] + SET_BACK_BY_US;
  } else if (is_set_back(regs, SET_BACK_BY_KERNEL) && is_restarted(regs[REG_RAX])) {
    regs[REG_RCX] = regs[REG_RIP] + SET_BACK_BY_US_FOR_KERNEL;
  }
}

#else

// arm64 returns a call's result in the register of its first argument, which is lost then: nothing can be started
// again.
void restart_interrupted_call(ucontext_t *context) {
  (void)context;
}

void restart_watch_handler(int number) {
  (void)number;
}

#endif
