#define _GNU_SOURCE
#include "restart.h"

#include <errno.h>
#include <linux/futex.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base.h"
#include "modules.h"

// SA_RESTART makes the kernel restart most calls by itself. It never does so for those that wait with a time limit or
// for a signal. A signal from a CPU-time timer does not cut them short either (threads.h); one that the watcher sends
// to a thread just as it begins to wait does. Starting the call again is then what the kernel does elsewhere: nothing
// has happened yet when a call fails with EINTR. Time limits that are relative begin anew, but the kernel has written
// what is left of most of them where the call reads them again; and since only threads are signalled that ran a moment
// ago, a wait is cut short in its first microseconds or not at all.

#if defined(__x86_64__)

// Calls that can be started again. Not here: close, which has closed the file even so; connect, which has begun to
// connect; and all that the kernel restarts.
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
      return syscall(SYS_fstat, (int)regs[REG_RDI], &file) == 0 && S_ISSOCK(file.st_mode);
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

// The number of the call that `syscall` before pc made, when the code before it says so: `mov $number, %eax` or
// `xor %eax, %eax`, then nothing but loads of arguments. −1 when it does not.
static long call_number(const unsigned char *pc) {
  const unsigned char *instruction = pc - 2;
  if (instruction[0] != 0x0f || instruction[1] != 0x05) return -1;
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

// Whether a signal of the program's is about to be delivered: then the call ends with EINTR because of that one.
static bool is_due(const ucontext_t *context) {
  uint64_t pending, blocked;
  if (syscall(SYS_rt_sigpending, &pending, sizeof pending) != 0) return true;
  // Of a call that waits with a mask of its own this is the mask outside it: what is pending inside it is met again.
  memcpy(&blocked, &context->uc_sigmask, sizeof blocked);
  return (pending & ~blocked) != 0;
}

// The last look before the call begins again, when the handler has returned: a signal of the program's may have come
// since is_due. Its handler has run then, and the kernel has put what it told that handler where it had told ours, over
// UNTOUCHED. %rcx is where to go, %r11 where to look: `syscall` changes both, so nobody misses what was in them.
#define UNTOUCHED 0x4c53
extern const char restart_entry[], restart_exit[];
__asm__(
    ".pushsection .text\n"
    ".type restart_entry, @function\n"
    "restart_entry:\n"
    "  cmpl $0x4c53, (%r11)\n"
    "  jne 1f\n"
    "  jmp *%rcx\n"
    "1:\n"
    "  mov $-4, %rax\n"  // −EINTR
    "  add $2, %rcx\n"
    "  jmp *%rcx\n"
    "restart_exit:\n"
    ".size restart_entry, . - restart_entry\n"
    ".popsection\n");

void restart_interrupted_call(siginfo_t *info, ucontext_t *context) {
  greg_t *regs = context->uc_mcontext.gregs;
  uintptr_t pc = (uintptr_t)regs[REG_RIP];
  if (UNLIKELY(pc - (uintptr_t)restart_entry < (uintptr_t)(restart_exit - restart_entry))) {
    // Our own next signal.
    info->si_signo = UNTOUCHED;
    return;
  }
  if (LIKELY(regs[REG_RAX] != -EINTR)) return;
  const struct module_map *map = modules_current();
  // Only the C library promises what the code around a system call looks like; and a page before its code is its own.
  int module = map ? module_map__find(map, pc) : -1;
  if (module < 0 || module_at((uint32_t)module)->kind != MODULE_LIBC) return;
  if (module_map__find(map, pc - LOADS_MAX - 8) != module) return;
  long call = call_number((const unsigned char *)pc);
  if (call < 0 || !is_restartable(call, regs) || is_due(context)) return;
  // The kernel keeps a call's arguments in their registers, and the number is all that its result has overwritten.
  info->si_signo = UNTOUCHED;
  regs[REG_RAX] = call;
  regs[REG_RCX] = (greg_t)(pc - 2);
  regs[REG_R11] = (greg_t)(uintptr_t)&info->si_signo;
  regs[REG_RIP] = (greg_t)(uintptr_t)restart_entry;
}

#else

// arm64 returns a call's result in the register of its first argument, which is lost then: nothing can be started
// again.
void restart_interrupted_call(siginfo_t *info, ucontext_t *context) {
  (void)info;
  (void)context;
}

#endif
