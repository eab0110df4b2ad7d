// What differs between processors: registers, their numbers in unwind tables, and a few instructions. Functions with
// (signal) also run in handlers.
#pragma once
#include <string.h>
#include <ucontext.h>

#include "signals/guard.h"

#if !defined(__linux__) || !defined(__LP64__)
#error "the agent knows 64-bit Linux only, so far"
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
// Bytes from the stack pointer to the frame address at a function's first instruction.
#define ENTRY_FRAME 8

// Tells the processor that a loop waits for another thread.
INLINE void processor_pause(void) {
  __asm__ volatile("pause");
}

INLINE struct registers registers_read(const ucontext_t *context) {
  const greg_t *all = context->uc_mcontext.gregs;
  return (struct registers){
      .pc = (uintptr_t)all[REG_RIP], .sp = (uintptr_t)all[REG_RSP], .fp = (uintptr_t)all[REG_RBP]};
}

// The registers of the calling function, to unwind from there.
INLINE struct registers registers_here(void) {
  struct registers here = {0};
  __asm__ volatile("lea 0(%%rip), %0\n\tmov %%rsp, %1\n\tmov %%rbp, %2" : "=r"(here.pc), "=r"(here.sp), "=r"(here.fp));
  return here;
}

// True when the instruction before `pc` is `syscall`: a thread at `pc` comes back from a system call. (signal)
INLINE bool after_syscall(uintptr_t pc) {
  unsigned char code[2];
  return guarded_read(pc - sizeof code, code, sizeof code) && code[0] == 0x0f && code[1] == 0x05;
}

// A return address has no other bits than the address.
INLINE uintptr_t pointer_strip(uintptr_t address) {
  return address;
}

// For an entry of the procedure linkage table: bytes from the stack pointer to the frame address; −1 for other code.
// Linkers describe these entries by a single expression for the frame address (`described`). Each has 16 bytes and
// pushes a word half way. (signal)
INLINE int plt_frame(uintptr_t pc, bool described) {
  return !described ? -1 : (pc & 15) >= 11 ? 16 : 8;
}

// `mov %reg, offset(%reg)` with 64 bits: a store to a field of a structure.
INLINE bool is_store_at(const unsigned char *code, uint32_t offset) {
  bool store = (code[0] & 0xf8) == 0x48 && code[1] == 0x89;
  return store && code[2] >> 6 == 1 && (code[2] & 7) != 4 && code[3] == offset;
}

// The longest direct jump, in bytes.
#define JUMP_BYTES 6

// Returns the target of a jump with a 32-bit distance, conditional or not; 0 when the code is no such jump.
INLINE uintptr_t jump_target(const unsigned char *code) {
  uintptr_t size = code[0] == 0xe9 ? 5 : code[0] == 0x0f && (code[1] & 0xf0) == 0x80 ? 6 : 0;
  int32_t distance;
  if (!size) return 0;
  memcpy(&distance, code + size - sizeof distance, sizeof distance);
  return (uintptr_t)code + size + (uintptr_t)(intptr_t)distance;
}

#elif defined(__aarch64__)

#define ARCH_NAME "aarch64"
// DWARF for the Arm 64-bit Architecture, section 4.1.
enum { REG_FP = 29, REG_SP = 31, REG_RETURN = 30 };
#define CODE_ALIGN 4
#define ENTRY_FRAME 0

// Removes the signature (pointer authentication) from a return address: `xpaclri`, which older processors execute as a
// no-op.
INLINE uintptr_t pointer_strip(uintptr_t address) {
  register uintptr_t link __asm__("x30") = address;
  __asm__("hint #7" : "+r"(link));
  return link;
}

// Tells the processor that a loop waits for another thread.
INLINE void processor_pause(void) {
  for (int i = 0; i < 30; i++) __asm__ volatile("yield");
}

INLINE struct registers registers_read(const ucontext_t *context) {
  const mcontext_t *all = &context->uc_mcontext;
  return (struct registers){
      .pc = all->pc, .sp = all->sp, .fp = all->regs[REG_FP], .link = pointer_strip(all->regs[REG_RETURN])};
}

// The registers of the calling function, to unwind from there.
INLINE struct registers registers_here(void) {
  struct registers here;
  __asm__ volatile("adr %0, .\n\tmov %1, sp\n\tmov %2, x29\n\tmov %3, x30"
                   : "=r"(here.pc), "=r"(here.sp), "=r"(here.fp), "=r"(here.link));
  return here;
}

// Reads an instruction. 0, which is none, when it cannot be read.
INLINE uint32_t instruction_at(uintptr_t pc) {
  uint32_t word;
  return guarded_read(pc, &word, sizeof word) ? word : 0;
}

// True when the instruction before `pc` is `svc #0`: a thread at `pc` comes back from a system call. (signal)
INLINE bool after_syscall(uintptr_t pc) {
  return instruction_at(pc - 4) == 0xd4000001;
}

#define PLT_PUSH 0xa9bf7bf0  // stp x16, x30, [sp, #-16]!
#define PLT_JUMP 0xd61f0220  // br x17

// True for the instructions before the jump: `adrp x16`, `ldr x17, [x16, …]`, `add x16, x16, …`, and those that protect
// the entry (`bti c`, `autia1716`).
INLINE bool is_plt_instruction(uint32_t word) {
  return (word & 0x9f00001f) == 0x90000010 || (word & 0xffc003ff) == 0xf9400211 || (word & 0xff8003ff) == 0x91000210 ||
         word == 0xd503245f || word == 0xd503219f || word == PLT_PUSH;
}

// For an entry of the procedure linkage table: bytes from the stack pointer to the frame address; −1 for other code.
// Linkers do not describe these entries in .eh_frame (not `described`), so they are recognized by their instructions.
// Only the first entry pushes something. (signal)
INLINE int plt_frame(uintptr_t pc, bool described) {
  if (described) return -1;
  // Only the page of `pc` is read: the next one may not be mapped.
  const uintptr_t page = pc & ~(uintptr_t)4095;
  uintptr_t at = pc;
  for (; is_plt_instruction(instruction_at(at)); at += 4)
    if (at + 4 - page >= 4096) return -1;
  if (instruction_at(at) != PLT_JUMP) return -1;
  for (at = pc - 4; at >= page && is_plt_instruction(instruction_at(at)); at -= 4)
    if (instruction_at(at) == PLT_PUSH) return 16;
  return 0;
}

// `str xN, [xM, #offset]`, where xM is not the stack pointer: a store to a field of a structure.
INLINE bool is_store_at(const unsigned char *code, uint32_t offset) {
  uint32_t word = instruction_at((uintptr_t)code);
  return word >> 22 == 0x3e4 && (word >> 10 & 0xfff) == offset / 8 && (word >> 5 & 31) != REG_SP;
}

#define JUMP_BYTES 4

// `b`, `b.cond`, `cbz` and `cbnz`, whose distances count instructions.
INLINE uintptr_t jump_target(const unsigned char *code) {
  uint32_t word = instruction_at((uintptr_t)code);
  int32_t distance;
  if (word >> 26 == 5)
    distance = (int32_t)(word << 6) >> 6;
  else if ((word & 0xff000010) == 0x54000000 || (word & 0x7e000000) == 0x34000000)
    distance = (int32_t)(word << 8) >> 13;
  else
    return 0;
  return (uintptr_t)code + (uintptr_t)(intptr_t)distance * 4;
}

#else
#error "the agent does not know this processor yet"
#endif
