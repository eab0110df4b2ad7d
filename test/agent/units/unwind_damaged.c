// Unwind tables of one function, as they should be and with bytes changed at random. What changed ones say does not
// matter, only that reading them ends, touches nothing behind them, and computes nothing that C leaves undefined.
// Prints the rules of the right ones, whether changed ones were read in different ways, and how often too much was
// read.
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "signals/guard.h"
#include "unwind/arch.h"
#include "unwind/eh_frame.h"

#define ROUNDS 300000u
#define FUNCTION_BYTES 256u

static unsigned char *limit;  // where the tables end, and memory with them
static uint32_t beyond;

static void on_fault(int number, siginfo_t *info, void *context) {
  if ((uintptr_t)info->si_addr - (uintptr_t)limit < 4096) beyond++;
  if (!guard_recover(info, context, false)) signal(number, SIG_DFL);
}

static struct {
  unsigned char bytes[256];
  size_t size;
} tables;

static size_t put(const void *bytes, size_t size) {
  size_t at = tables.size;
  memcpy(tables.bytes + at, bytes, size);
  tables.size += size;
  return at;
}
static size_t put_word(uint32_t word) {
  return put(&word, sizeof word);
}
static void put_byte(uint32_t byte) {
  put(&(uint8_t){(uint8_t)byte}, 1);
}
static void fix(size_t at, size_t word) {
  memcpy(tables.bytes + at, &(uint32_t){(uint32_t)word}, 4);
}
// The length before an entry, which is filled up with DW_CFA_nop.
static void entry_ends(size_t length_at) {
  while ((tables.size - length_at) % 8) put_byte(0);
  fix(length_at, tables.size - length_at - 4);
}

// Lays the tables out for a function at `start`, when they are to lie at `place`; see struct header of eh_frame.c.
static void lay_out(uintptr_t start, uintptr_t place) {
  tables.size = 0;
  put("\1\x1b\3\x3b", 4);
  put_word(0);
  put_word(1);
  put_word((uint32_t)(start - place));
  size_t entry = put_word(0), cie = put_word(0);
  put_word(0);
  put("\1zR\0\1\x78", 6);  // version, letters, code in bytes, data in units of −8
  put_byte(REG_RETURN);
  put("\1\x1b", 2);
  put("\x0c", 1), put_byte(REG_SP), put_byte(8);      // the frame address is 8 above the stack pointer
  put("\x05", 1), put_byte(REG_RETURN), put_byte(1);  // and the return address right below it
  entry_ends(cie);
  fix(entry, tables.size);
  size_t fde = put_word(0), back = put_word(0), at = put_word(0);
  fix(back, back - cie);
  fix(at, start - (place + at));
  put_word(FUNCTION_BYTES);
  put_byte(0);
  put("\x44\x0e\x10\x05", 4), put_byte(REG_FP), put_byte(2);    // 4 bytes in, the frame pointer is saved
  put("\x02\x04\x0d", 3), put_byte(REG_FP);                     // 8 bytes in, it holds the frame address
  put("\x0a\x03\x40\0\x0c", 5), put_byte(REG_SP), put_byte(8);  // 72 bytes in, an exit in between
  put("\x04\x08\0\0\0\x0b", 6);                                 // 80 bytes in, as before
  put("\x02\x10\x11", 3), put_byte(REG_FP), put_byte(3);        // 96 bytes in, saved 24 below
  entry_ends(fde);
}

static void print(const struct module *module, uintptr_t pc) {
  struct rule rule = eh_frame_rule(module, pc);
  printf("%u %u %u %u %u\n", rule.kind, rule.offset, rule.fp_saved, rule.return_saved, rule.into);
}

static void nothing(uintptr_t start, uintptr_t end, void *calls) {
  (void)start, (void)end;
  ++*(uint32_t *)calls;
}

int main(void) {
  struct sigaction action = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO};
  sigaction(SIGSEGV, &action, NULL);
  sigaction(SIGBUS, &action, NULL);
  guard_use(true);
  unsigned char *pages = mmap(NULL, 3 * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  limit = pages + 2 * 4096;
  mprotect(limit, 4096, PROT_NONE);
  uintptr_t start = (uintptr_t)pages;
  lay_out(start, 0);
  unsigned char *place = limit - tables.size;
  lay_out(start, (uintptr_t)place);
  memcpy(place, tables.bytes, tables.size);
  struct module module = {.bias = start, .frame_header = (uintptr_t)place, .frame_header_end = (uintptr_t)limit};
  static const uint8_t places[] = {0, 4, 8, 71, 72, 79, 80, 96, 255};
  for (size_t i = 0; i < sizeof places; i++) print(&module, start + places[i]);
  print(&module, start + FUNCTION_BYTES);

  uint64_t random = 1;
  uint32_t kinds[4] = {0}, functions = 0;
  for (uint32_t round = 0; round < ROUNDS; round++) {
    memcpy(place, tables.bytes, tables.size);
    uint32_t changes = 1 + round % 6;
    for (uint32_t i = 0; i < changes; i++) {
      random = mix64(random + i + 1);
      // Half of the changes leave the header as it is: without it nothing is found.
      size_t from = random >> 50 & 1 ? 20 : 0, at = from + random % (tables.size - from);
      // Lengths and numbers are most interesting where they are as large or as small as can be, and long.
      static const unsigned char edges[] = {0, 1, 0x7f, 0x80, 0xff, 0x40, 0xc0, 0x3f};
      size_t run = random >> 52 & 3 ? 1 : 1 + (random >> 54) % 12;
      unsigned char byte = random >> 51 & 1 ? edges[random >> 40 & 7] : (unsigned char)(random >> 40);
      for (size_t j = at; j < at + run && j < tables.size; j++) place[j] = byte;
    }
    kinds[eh_frame_rule(&module, start + (random >> 32) % FUNCTION_BYTES).kind]++;
    eh_frame_each_function(&module, nothing, &functions);
  }
  printf("%d %d %d %d, %u beyond\n", kinds[0] > 0, kinds[RULE_SP] > 0, kinds[RULE_FP] > 0, functions > 0, beyond);
  return 0;
}
