// What differs between processors: registers, their numbers in unwind tables, and a few instructions.
#pragma once
#include <string.h>
#include <ucontext.h>

#include "base.h"

#if !defined(__linux__) || !defined(__LP64__)
#error "the native engine knows 64-bit Linux only, so far"
#endif

struct registers {
  uintptr_t pc, sp, fp;
  uintptr_t link;  // the return address, where the processor keeps it in a register
};

#if defined(__x86_64__)

#define ARCH_NAME "x86_64"
// DWARF's numbers (System V ABI, AMD64 supplement, figure 3.36).
enum { REG_FP = 6, REG_SP = 7, REG_RETURN = 16 };
#define CODE_ALIGN 1
// Bytes between stack pointer and frame address when a function begins.
#define ENTRY_FRAME 8

INLINE struct registers registers_read(const ucontext_t *context) {
  const greg_t *all = context->uc_mcontext.gregs;
  return (struct registers){
      .pc = (uintptr_t)all[REG_RIP], .sp = (uintptr_t)all[REG_RSP], .fp = (uintptr_t)all[REG_RBP]};
}

// Is the instruction before this one, which is interrupted on the way out of the kernel, `syscall`? (signal)
INLINE bool after_syscall(uintptr_t pc) {
  const unsigned char *code = (const unsigned char *)pc;
  return code[-2] == 0x0f && code[-1] == 0x05;
}

// The one frame address that linkers describe by an expression: entries of 16 bytes of the procedure linkage table,
// which push one word half way.
INLINE uint32_t plt_frame(uintptr_t pc) {
  return 8 + ((pc & 15) >= 11 ? 8 : 0);
}

// `mov %reg, offset(%reg)`, 64 bits wide: a store to a field of a structure.
INLINE bool is_store_at(const unsigned char *code, uint32_t offset) {
  bool store = (code[0] & 0xf8) == 0x48 && code[1] == 0x89;
  return store && code[2] >> 6 == 1 && (code[2] & 7) != 4 && code[3] == offset;
}

// A direct jump is at most this long.
#define JUMP_BYTES 6

// Where a jump with a 32-bit distance goes, conditional or not; 0 when this is none.
INLINE uintptr_t jump_target(const unsigned char *code) {
  uintptr_t size = code[0] == 0xe9 ? 5 : code[0] == 0x0f && (code[1] & 0xf0) == 0x80 ? 6 : 0;
  int32_t distance;
  if (!size) return 0;
  memcpy(&distance, code + size - sizeof distance, sizeof distance);
  return (uintptr_t)code + size + (uintptr_t)(intptr_t)distance;
}

#else
#error "the native engine does not know this processor yet"
#endif
