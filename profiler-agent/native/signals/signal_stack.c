#define _GNU_SOURCE
#include "signals/signal_stack.h"

#include <errno.h>
#include <signal.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "originals.h"
#include "signals/guard.h"
#include "signals/signals.h"

#ifndef AT_MINSIGSTKSZ
#define AT_MINSIGSTKSZ 51
#endif
#ifndef SS_AUTODISARM
#define SS_AUTODISARM (1 << 31)
#endif

#define PAGE 4096
// What our handler needs besides the kernel's frame (test/agent/safety/handlerStack.test.ts measures it). And room for
// handlers of the program that run on this stack although it is not theirs, because the program set them by its own
// system call.
#define HANDLER_BYTES 8192
#define FOREIGN_BYTES (32 * 1024)

static __typeof__(&sigaltstack) real;
THREAD_LOCAL stack_t ours;     // as the kernel has it; size 0: this thread has none
THREAD_LOCAL stack_t program;  // what the program has asked for
THREAD_LOCAL bool lent;        // the kernel has the program's stack, so this thread is not sampled

// Size of the kernel's frame on this processor: about 3.6 KB, or 12 KB where matrices are registers.
static size_t frame_size(void) {
  size_t size = getauxval(AT_MINSIGSTKSZ);
  return size ? size : 6144;
}

size_t signal_stack_size(void) {
  static _Atomic size_t known;
  size_t size = atomic_load_explicit(&known, memory_order_relaxed);
  if (size) return size;
  // Two frames: a read of our handler may fault, which is another signal.
  size = (PAGE + 2 * frame_size() + HANDLER_BYTES + FOREIGN_BYTES + PAGE - 1) / PAGE * PAGE;
  // Pages on arm64 may have 64 KB.
  size_t page = (size_t)getpagesize();
  if (page > PAGE) size = page + (size + page - 1) / page * page;
  atomic_store_explicit(&known, size, memory_order_relaxed);
  return size;
}

void signal_stack_protect(void *memory) {
  syscall(SYS_mprotect, memory, getpagesize(), PROT_NONE);
}

static bool is_set(const stack_t *stack) {
  return stack->ss_size != 0;
}

static bool holds(const stack_t *stack, uintptr_t address) {
  // Like the kernel: a stack pointer lies above what is on the stack.
  return address - (uintptr_t)stack->ss_sp - 1 < stack->ss_size;
}

static void original_find(void) {
  if (UNLIKELY(!real)) real = (__typeof__(real))original("sigaltstack");
}

// True when the kernel has our stack.
static bool kernel_has_ours(stack_t *now) {
  return real(NULL, now) == 0 && is_set(&ours) && now->ss_sp == ours.ss_sp;
}

void signal_stack_begin(void *memory) {
  // A forked child keeps its parent's stack.
  if (is_set(&ours)) return;
  original_find();
  size_t page = (size_t)getpagesize();
  stack_t mine = {.ss_sp = (char *)memory + page, .ss_size = signal_stack_size() - page}, before;
  if (real(&mine, &before) != 0) return;
  program = before;
  ours = mine;
}

void signal_stack_end(void) {
  stack_t now;
  if (!is_set(&ours)) return;
  if (kernel_has_ours(&now)) real(&program, NULL);
  ours = (stack_t){0};
}

bool signal_stack_holds(uintptr_t address) {
  return holds(&ours, address);
}

bool signal_stack_has_room(const stack_t *kernels) {
  uintptr_t remaining = (uintptr_t)__builtin_frame_address(0) - (uintptr_t)kernels->ss_sp;
  return kernels->ss_size == ours.ss_size || remaining >= kernels->ss_size || remaining >= frame_size() + HANDLER_BYTES;
}

uintptr_t signal_stack_of_program(uintptr_t interrupted, uintptr_t *limit) {
  bool switches = is_set(&program) && !holds(&program, interrupted);
  *limit = (uintptr_t)program.ss_sp;
  return switches ? (uintptr_t)program.ss_sp + program.ss_size : interrupted;
}

static int refuse(int error) {
  errno = error;
  return -1;
}

// True when the kernel must keep the program's stack: one that disarms itself while a handler runs is changed by the
// kernel without our knowledge.
static bool is_kernels(const stack_t *stack) {
  return is_set(stack) && stack->ss_flags & SS_AUTODISARM;
}

// Gives the kernel our stack again, unless the kernel must keep the program's. As long as it has the program's, the
// thread is not sampled, because the room on that stack is not known.
static void ours_set_again(void) {
  real(NULL, &program);
  program.ss_flags &= ~SS_ONSTACK;
  lent = is_kernels(&program);
  if (lent) return;
  real(&ours, NULL);
  signals_go_on();
}

EXPORT int sigaltstack(const stack_t *stack, stack_t *old) {
  original_find();
  stack_t now;
  // Another process shares this memory, or the kernel's stack was set by a system call.
  if (!signals_in_process() || !kernel_has_ours(&now)) {
    int result = real(stack, old);
    if (old && result == 0 && is_set(&ours) && old->ss_sp == ours.ss_sp) *old = program;
    if (stack && result == 0 && lent && signals_in_process()) ours_set_again();
    return result;
  }
  bool inside = is_set(&program) && holds(&program, (uintptr_t)__builtin_frame_address(0));
  stack_t told = program, wanted;
  if (inside) told.ss_flags = SS_ONSTACK;
  if (stack) {
    if (inside) return refuse(EPERM);
    if (!guarded_read((uintptr_t)stack, &wanted, sizeof wanted)) return refuse(EFAULT);
    // The kernel checks the new stack by having it for a moment.
    signals_pause();
    if (real(&wanted, NULL) != 0) {
      signals_go_on();
      return -1;
    }
    ours_set_again();
  }
  if (old) *old = told;
  return 0;
}
