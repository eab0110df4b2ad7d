#define _GNU_SOURCE
#include "signals/signal_frame.h"

#include <string.h>

#include "signals/guard.h"

#if defined(__x86_64__)

__asm__(
    ".pushsection .text\n"
    ".balign 16\n"
    ".globl handlers_entry\n"
    ".hidden handlers_entry\n"
    ".type handlers_entry, %function\n"
    "handlers_entry:\n"
    ".cfi_startproc\n"
    "  mov %rsp, %rax\n"
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

// Linux, arch/x86/kernel/signal.c and arch/x86/include/asm/sigframe.h: the return address, the kernel's ucontext, and
// the siginfo. Above them lie the floating point and vector registers.
#define CONTEXT_AT 8
#define INFO_AT 312
#define FRAME_SIZE 440
#define RED_ZONE 128

// Where the kernel stores the size of those registers (arch/x86/include/uapi/asm/sigcontext.h).
#define EXTENDED_MAGIC 0x46505853u
#define EXTENDED_AT 464
#define PLAIN_SIZE 512

uintptr_t arrival__interrupted(const struct arrival *arrival) {
  return (uintptr_t)arrival->context->uc_mcontext.gregs[REG_RSP] - RED_ZONE;
}

bool arrival__has_frame(const struct arrival *arrival) {
  return (uintptr_t)arrival->context == arrival->stack + CONTEXT_AT;
}

bool arrival__move(struct arrival *arrival, uintptr_t top, uintptr_t limit) {
  const unsigned char *vector = (const unsigned char *)arrival->context->uc_mcontext.fpregs;
  uint32_t size = 0, magic[2];
  if (vector) {
    memcpy(magic, vector + EXTENDED_AT, sizeof magic);
    size = magic[0] == EXTENDED_MAGIC ? magic[1] : PLAIN_SIZE;
  }
  if (top < limit || top - limit < size + FRAME_SIZE + 128) return false;
  uintptr_t vector_to = top - size & ~(uintptr_t)63;
  uintptr_t to = (vector_to - FRAME_SIZE & ~(uintptr_t)15) - 8;
  if (vector) arrival->context->uc_mcontext.fpregs = (void *)vector_to;
  if (!guarded_write((void *)vector_to, vector, size)) return false;
  if (!guarded_write((void *)to, (const void *)arrival->stack, FRAME_SIZE)) return false;
  arrival->stack = to;
  arrival->context = (ucontext_t *)(to + CONTEXT_AT);
  arrival->info = (siginfo_t *)(to + INFO_AT);
  return true;
}

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

// Linux, arch/arm64/kernel/signal.c: the siginfo and the ucontext, which ends with one record for each kind of
// register. Above them lies a frame record, to which the frame pointer points.
#define INFO_AT 0
#define CONTEXT_AT 128
#define RECORD_SIZE 16
#define FRAME_MAX (1u << 20)

// A record that tells where further records are, behind the others (arch/arm64/include/uapi/asm/sigcontext.h).
#define MORE_MAGIC 0x45585401u
struct more {
  uint32_t magic, size;
  uint64_t data;
};

uintptr_t arrival__interrupted(const struct arrival *arrival) {
  return (uintptr_t)arrival->context->uc_mcontext.sp;
}

bool arrival__has_frame(const struct arrival *arrival) {
  return (uintptr_t)arrival->context == arrival->stack + CONTEXT_AT && arrival->frame_pointer > arrival->stack &&
         arrival->frame_pointer - arrival->stack < FRAME_MAX;
}

bool arrival__move(struct arrival *arrival, uintptr_t top, uintptr_t limit) {
  uintptr_t size = arrival->frame_pointer + RECORD_SIZE - arrival->stack;
  if (top < limit || top - limit < size + RECORD_SIZE) return false;
  uintptr_t to = (top & ~(uintptr_t)15) - size;
  unsigned char *records = arrival->context->uc_mcontext.__reserved;
  for (size_t at = 0; at + sizeof(struct more) <= sizeof arrival->context->uc_mcontext.__reserved;) {
    struct more record;
    memcpy(&record, records + at, sizeof record);
    if (!record.magic || !record.size) break;
    if (record.magic == MORE_MAGIC) {
      record.data += to - arrival->stack;
      memcpy(records + at, &record, sizeof record);
    }
    at += record.size;
  }
  if (!guarded_write((void *)to, (const void *)arrival->stack, size)) return false;
  arrival->frame_pointer += to - arrival->stack;
  arrival->stack = to;
  arrival->context = (ucontext_t *)(to + CONTEXT_AT);
  arrival->info = (siginfo_t *)(to + INFO_AT);
  return true;
}

#endif
