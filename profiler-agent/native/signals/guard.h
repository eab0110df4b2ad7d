// Copies and loads that fail instead of crashing when memory is not there.
//
// The program frees its memory at any time, and whoever truncates a mapped file takes pages away. A copy or load that
// reaches such a place fails, and nothing else happens: the handlers of SIGSEGV and SIGBUS (handlers.c) recover the
// fault by the address of the instruction. Without a fault, the cost is that of memcpy.
#pragma once
#include <signal.h>
#include <ucontext.h>

#include "base.h"

// For the functions below: the copy, which returns false when a part could not be copied, and whether faults are
// recovered.
bool guard_copy(void *to, const void *from, size_t size) __attribute__((visibility("hidden")));
extern _Atomic bool guard_is_active __attribute__((visibility("hidden")));

// Loads in place, for fields that are read for every frame. A load that faults gives 0, sets *failed, and execution
// continues behind it. The code for that lies out of the way; guard_table tells where.
struct guard_exit {
  int32_t load, exit;  // addresses of the load and of that code, each relative to its own place
};
#define GUARD_EXIT(give_up)                    \
  "2:\n"                                       \
  "  .pushsection .text.guard_exits, \"ax\"\n" \
  "3: " give_up                                \
  "\n"                                         \
  "  .popsection\n"                            \
  "  .pushsection guard_table, \"a\"\n"        \
  "  .balign 4\n"                              \
  "  .long 1b - ., 3b - .\n"                   \
  "  .popsection\n"

typedef uint64_t __attribute__((may_alias, aligned(1))) guard_word;
typedef uint32_t __attribute__((may_alias, aligned(1))) guard_half;
typedef uint8_t __attribute__((may_alias)) guard_byte;

#if defined(__x86_64__)
#define GUARD_LOAD(instruction, type)                                                     \
  __asm__ volatile("1: " instruction "\n" GUARD_EXIT("xor %k0, %k0; mov $1, %k1; jmp 2b") \
                   : "=r"(word), "+r"(*failed)                                            \
                   : "m"(*(const type *)from)                                             \
                   : "cc")
#define GUARD_LOAD_WORD "mov %2, %0"
#define GUARD_LOAD_HALF "mov %2, %k0"
#define GUARD_LOAD_BYTE "movzbl %2, %k0"
#elif defined(__aarch64__)
#define GUARD_LOAD(instruction, type)                                                 \
  __asm__ volatile("1: " instruction "\n" GUARD_EXIT("mov %0, #0; mov %w1, #1; b 2b") \
                   : "=r"(word), "+r"(*failed)                                        \
                   : "Q"(*(const type *)from))
#define GUARD_LOAD_WORD "ldr %0, %2"
#define GUARD_LOAD_HALF "ldr %w0, %2"
#define GUARD_LOAD_BYTE "ldrb %w0, %2"
#endif

INLINE uint64_t guard_load(uintptr_t from, uint32_t *failed) {
  uint64_t word;
  GUARD_LOAD(GUARD_LOAD_WORD, guard_word);
  return word;
}
INLINE uint32_t guard_load_half(uintptr_t from, uint32_t *failed) {
  uint64_t word;
  GUARD_LOAD(GUARD_LOAD_HALF, guard_half);
  return (uint32_t)word;
}
INLINE uint8_t guard_load_byte(uintptr_t from, uint32_t *failed) {
  uint64_t word;
  GUARD_LOAD(GUARD_LOAD_BYTE, guard_byte);
  return (uint8_t)word;
}

// True when faults are recovered without a system call. If not, the functions below have the kernel copy, which costs
// hundreds of times as much. (signal, watcher)
INLINE bool guard_active(void) {
  return atomic_load_explicit(&guard_is_active, memory_order_relaxed);
}

// Copies memory. False when a part cannot be read. Aligned words are read as a whole. (signal, watcher)
INLINE bool guarded_read(uintptr_t from, void *into, size_t size) {
  if (UNLIKELY(!guard_active())) return memory_read(from, into, size);
  if (!__builtin_constant_p(size) || size != 8 && size != 16) return guard_copy(into, (const void *)from, size);
  uint32_t failed = 0;
  uint64_t words[2];
  words[0] = guard_load(from, &failed);
  if (size == 16) words[1] = guard_load(from + 8, &failed);
  if (UNLIKELY(failed)) return false;
  __builtin_memcpy(into, words, size);
  return true;
}
// Returns an address from which guard_load can load `size` bytes of a structure: its own, or where only the kernel may
// read, that of a copy in `room`. 0 when they cannot be read. (signal, watcher)
INLINE uintptr_t guarded_fields(uintptr_t from, void *room, size_t size) {
  if (LIKELY(guard_active())) return from;
  return memory_read(from, room, size) ? (uintptr_t)room : 0;
}
// Writes memory. False when a part cannot be written. (signal, watcher)
bool guarded_write(void *to, const void *from, size_t size);
// Sets whether faults are recovered. (watcher, thread that starts the agent)
void guard_use(bool active);
// Called for a fault. True when one of these loads or copies faulted: the context is changed to continue where that
// load or copy fails. `count`: the fault counts as recovered. (signal)
bool guard_recover(const siginfo_t *info, ucontext_t *context, bool count);
// Returns the number of faults counted in this process. (watcher)
uint64_t guard_recovered(void);
// In a forked child: counts from 0.
void guard_after_fork(void);
