#define _GNU_SOURCE
#include "sandbox/sandbox.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/futex.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "sandbox/bpf.h"

__thread uint32_t sandbox_forbidden;
_Atomic uint32_t sandbox_forbidden_everywhere;

// Which answers of the filter to a call will do: that it is allowed, or also that it fails with an errno.
enum need { GRANTED, GRANTED_OR_FAILS };

// The kernel's id of a clock of the calling thread. The C library may widen that argument with or without its sign.
#define THREAD_CLOCK(kind) (int64_t)(int)(~0u << 3 | 4u | (kind))
#define CLOCK(groups, clock)  \
  {                           \
    groups, GRANTED, {        \
      SYS_clock_gettime, 1, { \
        (uint64_t)(clock)     \
      }                       \
    }                         \
  }
#define CALL(groups, number) \
  {                          \
    groups, GRANTED, {       \
      number, 0, {           \
        0                    \
      }                      \
    }                        \
  }
#define TRY(groups, number)     \
  {                             \
    groups, GRANTED_OR_FAILS, { \
      number, 0, {              \
        0                       \
      }                         \
    }                           \
  }
#define FUTEX(groups, operation) \
  {                              \
    groups, GRANTED, {           \
      SYS_futex, 2, {            \
        0, operation             \
      }                          \
    }                            \
  }
#define PRIVATE_MAP \
  { 0, 0, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, (uint64_t)-1, 0 }
#define THREAD_FLAGS                                                                                 \
  (CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM | CLONE_SETTLS | \
   CLONE_PARENT_SETTID | CLONE_CHILD_CLEARTID)

static const struct {
  uint32_t groups;
  enum need need;
  struct bpf_call call;
} calls[] = {
    CALL(SANDBOX_RETURN, SYS_rt_sigreturn),
    CLOCK(SANDBOX_CPU_CLOCK | SANDBOX_THREAD, CLOCK_THREAD_CPUTIME_ID),
    CLOCK(SANDBOX_CPU_CLOCK, THREAD_CLOCK(0)),
    CLOCK(SANDBOX_CPU_CLOCK, THREAD_CLOCK(1)),
    CLOCK(SANDBOX_CPU_CLOCK, (uint32_t)THREAD_CLOCK(0)),
    CLOCK(SANDBOX_CPU_CLOCK, (uint32_t)THREAD_CLOCK(1)),
    // Most systems read this clock without a system call, but may stop doing so at any time.
    CLOCK(SANDBOX_TIME | SANDBOX_MEMORY | SANDBOX_RECORD, CLOCK_MONOTONIC),
    CALL(SANDBOX_RECORD, SYS_clock_gettime),
    CALL(SANDBOX_PENDING, SYS_rt_sigpending),
#ifdef SYS_fstat
    CALL(SANDBOX_PENDING, SYS_fstat),
#endif
    FUTEX(SANDBOX_WAKE | SANDBOX_MEMORY | SANDBOX_RECORD, FUTEX_WAKE_PRIVATE),
    FUTEX(SANDBOX_WAKE | SANDBOX_MEMORY | SANDBOX_RECORD, FUTEX_WAIT_PRIVATE),
    FUTEX(SANDBOX_RECORD, FUTEX_WAIT_BITSET_PRIVATE),
    CALL(SANDBOX_MEMORY | SANDBOX_THREAD | SANDBOX_RECORD, SYS_rt_sigprocmask),
    {SANDBOX_MEMORY | SANDBOX_MAP | SANDBOX_RECORD, GRANTED, {SYS_mmap, 0x3d, PRIVATE_MAP}},
    CALL(SANDBOX_MEMORY | SANDBOX_RECORD, SYS_munmap),
    CALL(SANDBOX_MEMORY | SANDBOX_RECORD, SYS_madvise),
    CALL(SANDBOX_RESIDENT, SYS_mincore),
    CALL(SANDBOX_PID | SANDBOX_RECORD, SYS_getpid),
    CALL(SANDBOX_THREAD | SANDBOX_RECORD, SYS_gettid),
    CALL(SANDBOX_THREAD | SANDBOX_RECORD, SYS_timer_create),
    CALL(SANDBOX_THREAD | SANDBOX_RECORD, SYS_timer_settime),
    CALL(SANDBOX_THREAD | SANDBOX_RECORD, SYS_timer_delete),
    CALL(SANDBOX_THREAD, SYS_sched_getaffinity),
    CALL(SANDBOX_THREAD, SYS_sigaltstack),
    CALL(SANDBOX_RECORD, SYS_mmap),
    CALL(SANDBOX_RECORD, SYS_mprotect),
    CALL(SANDBOX_RECORD, SYS_openat),
    CALL(SANDBOX_RECORD, SYS_read),
    CALL(SANDBOX_RECORD, SYS_pread64),
    CALL(SANDBOX_RECORD, SYS_close),
#ifdef SYS_fstat
    TRY(SANDBOX_RECORD, SYS_fstat),
#endif
#ifdef SYS_newfstatat
    TRY(SANDBOX_RECORD, SYS_newfstatat),
#endif
    TRY(SANDBOX_RECORD, SYS_ftruncate),
    CALL(SANDBOX_RECORD, SYS_fallocate),
    CALL(SANDBOX_RECORD, SYS_truncate),
    CALL(SANDBOX_RECORD, SYS_getppid),
    CALL(SANDBOX_RECORD, SYS_getrusage),
    CALL(SANDBOX_RECORD, SYS_prlimit64),
    CALL(SANDBOX_RECORD, SYS_tgkill),
    CALL(SANDBOX_RECORD, SYS_exit),
    {SANDBOX_RECORD, GRANTED, {SYS_clone, 1, {THREAD_FLAGS}}},
    TRY(SANDBOX_RECORD, SYS_clone3),
    TRY(SANDBOX_RECORD, SYS_set_robust_list),
#ifdef SYS_rseq
    TRY(SANDBOX_RECORD, SYS_rseq),
#endif
    CALL(SANDBOX_RECORD, SYS_rt_sigaction),
    TRY(SANDBOX_RECORD, SYS_process_vm_readv),
    TRY(SANDBOX_RECORD, SYS_process_vm_writev),
    TRY(SANDBOX_RECORD, SYS_prctl),
    TRY(SANDBOX_RECORD, SYS_unshare),
    TRY(SANDBOX_RECORD, SYS_close_range),
    TRY(SANDBOX_RECORD, SYS_sched_yield),
    TRY(SANDBOX_RECORD, SYS_readlinkat),
    TRY(SANDBOX_RECORD, SYS_getcwd),
    TRY(SANDBOX_RECORD, SYS_clock_getres),
};

// Calls that create a process that shares this one's memory.
static const struct bpf_call borrowers[] = {
#ifdef SYS_vfork
    {SYS_vfork, 0, {0}},
#endif
    {SYS_clone, 1, {CLONE_VM | CLONE_VFORK | SIGCHLD}},
    {SYS_clone3, 0, {0}},
};

// A call that is allowed but logged counts as forbidden, because the agent would fill the log.
static bool is_granted(uint32_t answer, enum need need) {
  uint32_t action = answer & SECCOMP_RET_ACTION_FULL;
  return answer != BPF_UNKNOWN &&
         (action == SECCOMP_RET_ALLOW || need == GRANTED_OR_FAILS && action == SECCOMP_RET_ERRNO);
}

uint32_t sandbox_forbidden_by(const struct sock_fprog *program) {
  uint32_t forbidden = 0;
  for (size_t i = 0; i < sizeof calls / sizeof *calls; i++)
    if (!is_granted(bpf_run(program->filter, program->len, &calls[i].call), calls[i].need))
      forbidden |= calls[i].groups;
  bool borrows = false;
  for (size_t i = 0; i < sizeof borrowers / sizeof *borrowers; i++) {
    uint32_t answer = bpf_run(program->filter, program->len, &borrowers[i]);
    borrows |= answer == BPF_UNKNOWN || (answer & SECCOMP_RET_ACTION_FULL) == SECCOMP_RET_ALLOW;
  }
  return borrows ? forbidden : forbidden | SANDBOX_VFORK;
}
