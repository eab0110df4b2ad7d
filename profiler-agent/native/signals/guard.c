#define _GNU_SOURCE
#include "signals/guard.h"

#include <errno.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

_Atomic bool guard_is_active;
static _Atomic uint64_t recovered;

// guard_copy copies `size` bytes and returns true. When one of its instructions faults, execution continues at
// guard_copy_failed, which returns false. So none of them may push anything.
extern const char guard_copy_failed[] __attribute__((visibility("hidden")));

#define FUNCTION(name, body)               \
  __asm__(                                 \
      ".pushsection .text\n"               \
      ".balign 16\n"                       \
      ".globl " #name                      \
      "\n"                                 \
      ".hidden " #name                     \
      "\n"                                 \
      ".type " #name ", %function\n" #name \
      ":\n"                                \
      ".cfi_startproc\n" body              \
      ".cfi_endproc\n"                     \
      ".size " #name ", . - " #name        \
      "\n"                                 \
      ".popsection\n")

#if defined(__x86_64__)

FUNCTION(guard_copy,
         "  cmp $16, %rdx\n"
         "  je 6f\n"
         "  jb 1f\n"
         "  cmp $256, %rdx\n"
         "  jae 4f\n"
         "5: cmp $32, %rdx\n"
         "  jb 1f\n"
         "  movups (%rsi), %xmm0\n"
         "  movups 16(%rsi), %xmm1\n"
         "  movups %xmm0, (%rdi)\n"
         "  movups %xmm1, 16(%rdi)\n"
         "  add $32, %rsi\n"
         "  add $32, %rdi\n"
         "  sub $32, %rdx\n"
         "  jmp 5b\n"
         "6: movups (%rsi), %xmm0\n"
         "  movups %xmm0, (%rdi)\n"
         "  mov $1, %eax\n"
         "  ret\n"
         "1: cmp $8, %rdx\n"
         "  jb 2f\n"
         "  mov (%rsi), %rax\n"
         "  mov %rax, (%rdi)\n"
         "  add $8, %rsi\n"
         "  add $8, %rdi\n"
         "  sub $8, %rdx\n"
         "  jmp 1b\n"
         "2: test %rdx, %rdx\n"
         "  jz 3f\n"
         "  mov (%rsi), %al\n"
         "  mov %al, (%rdi)\n"
         "  inc %rsi\n"
         "  inc %rdi\n"
         "  dec %rdx\n"
         "  jmp 2b\n"
         "3: mov $1, %eax\n"
         "  ret\n"
         "4: mov %rdx, %rcx\n"
         "  rep movsb\n"
         "  jmp 3b\n"
         ".globl guard_copy_failed\n"
         ".hidden guard_copy_failed\n"
         "guard_copy_failed:\n"
         "  xor %eax, %eax\n"
         "  ret\n");

INLINE uintptr_t *counter_of(ucontext_t *context) {
  return (uintptr_t *)&context->uc_mcontext.gregs[REG_RIP];
}

#elif defined(__aarch64__)

FUNCTION(guard_copy,
         "1: cmp x2, #8\n"
         "  b.lo 2f\n"
         "  ldr x3, [x1], #8\n"
         "  str x3, [x0], #8\n"
         "  sub x2, x2, #8\n"
         "  b 1b\n"
         "2: cbz x2, 3f\n"
         "  ldrb w3, [x1], #1\n"
         "  strb w3, [x0], #1\n"
         "  sub x2, x2, #1\n"
         "  b 2b\n"
         "3: mov w0, #1\n"
         "  ret\n"
         ".globl guard_copy_failed\n"
         ".hidden guard_copy_failed\n"
         "guard_copy_failed:\n"
         "  mov w0, #0\n"
         "  ret\n");

INLINE uintptr_t *counter_of(ucontext_t *context) {
  return (uintptr_t *)&context->uc_mcontext.pc;
}

#endif

void guard_use(bool now) {
  atomic_store(&guard_is_active, now);
}

bool guarded_write(void *to, const void *from, size_t size) {
  if (LIKELY(guard_active())) return guard_copy(to, from, size);
  struct iovec local = {(void *)from, size}, remote = {to, size};
  int error = errno;
  bool written = process_vm_writev(getpid(), &local, 1, &remote, 1, 0) == (ssize_t)size;
  errno = error;
  return written;
}

// The linker defines the bounds of the table (guard.h). It needs at least one entry, so this one leads nowhere.
__asm__(".pushsection guard_table, \"a\"\n.balign 4\n.long 0, 0\n.popsection\n");
extern const struct guard_exit __start_guard_table[] __attribute__((visibility("hidden")));
extern const struct guard_exit __stop_guard_table[] __attribute__((visibility("hidden")));

// Returns the address at which to continue after a fault of the instruction at `counter`; 0 when that is not one of
// ours.
static uintptr_t exit_of(uintptr_t counter) {
  uintptr_t first = (uintptr_t)guard_copy, failed = (uintptr_t)guard_copy_failed;
  if (counter - first < failed - first) return failed;
  for (const struct guard_exit *place = __start_guard_table; place < __stop_guard_table; place++)
    if (place->load && (uintptr_t)&place->load + (uintptr_t)(intptr_t)place->load == counter)
      return (uintptr_t)&place->exit + (uintptr_t)(intptr_t)place->exit;
  return 0;
}

bool guard_recover(const siginfo_t *info, ucontext_t *context, bool count) {
  uintptr_t *counter = counter_of(context);
  // A signal that a process sent is no fault, so the interrupted instruction means nothing.
  uintptr_t exit = info->si_code > 0 ? exit_of(*counter) : 0;
  if (!exit) return false;
  *counter = exit;
  if (count) atomic_fetch_add_explicit(&recovered, 1, memory_order_relaxed);
  return true;
}

uint64_t guard_recovered(void) {
  return atomic_load_explicit(&recovered, memory_order_relaxed);
}

void guard_after_fork(void) {
  atomic_store(&recovered, 0);
}
