#include "sandbox/bpf.h"

#include <linux/audit.h>
#include <linux/seccomp.h>
#include <stddef.h>

#if defined(__x86_64__)
#define ARCHITECTURE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCHITECTURE AUDIT_ARCH_AARCH64
#endif

// The value of a register or of a cell of memory, if it is known.
struct value {
  uint32_t bits;
  bool known;
};

// Loads a word of struct seccomp_data.
static struct value load(uint32_t offset, const struct bpf_call *call) {
  if (offset == offsetof(struct seccomp_data, nr)) return (struct value){(uint32_t)call->number, true};
  if (offset == offsetof(struct seccomp_data, arch)) return (struct value){ARCHITECTURE, true};
  if (offset < offsetof(struct seccomp_data, args)) return (struct value){0, false};
  uint32_t word = (offset - (uint32_t)offsetof(struct seccomp_data, args)) / 4;
  if (word >= 12 || !(call->known >> word / 2 & 1)) return (struct value){0, false};
  uint64_t argument = call->arguments[word / 2];
  return (struct value){(uint32_t)(word & 1 ? argument >> 32 : argument), true};
}

static struct value compute(uint16_t operation, struct value a, struct value operand) {
  struct value result = {0, a.known && (operand.known || operation == BPF_NEG)};
  uint32_t x = a.bits, y = operand.bits;
  switch (operation) {
    case BPF_ADD: result.bits = x + y; break;
    case BPF_SUB: result.bits = x - y; break;
    case BPF_MUL: result.bits = x * y; break;
    case BPF_DIV:
      if (!y) result.known = false;
      result.bits = y ? x / y : 0;
      break;
    case BPF_AND:
      result.bits = x & y;
      // An AND with 0 is 0, whatever the other operand is.
      result.known |= (a.known && !x) || (operand.known && !y);
      break;
    case BPF_OR: result.bits = x | y; break;
    case BPF_XOR: result.bits = x ^ y; break;
    case BPF_LSH:
    case BPF_RSH:
      if (y > 31) result.known = false;
      result.bits = operation == BPF_LSH ? x << (y & 31) : x >> (y & 31);
      break;
    case BPF_NEG: result.bits = -x; break;
    default: result.known = false;
  }
  return result;
}

static bool holds(uint16_t comparison, uint32_t a, uint32_t b) {
  switch (comparison) {
    case BPF_JEQ: return a == b;
    case BPF_JGT: return a > b;
    case BPF_JGE: return a >= b;
    default: return (a & b) != 0;
  }
}

uint32_t bpf_run(const struct sock_filter *program, uint32_t length, const struct bpf_call *call) {
  struct value a = {0, true}, x = {0, true}, memory[BPF_MEMWORDS] = {0};
  for (uint32_t at = 0; at < length; at++) {
    const struct sock_filter *step = &program[at];
    struct value constant = {step->k, true}, operand = BPF_SRC(step->code) == BPF_X ? x : constant;
    bool loads_cell = BPF_MODE(step->code) == BPF_MEM;
    switch (BPF_CLASS(step->code)) {
      case BPF_LD:
      case BPF_LDX: {
        struct value loaded = {0, false};
        if (loads_cell && step->k < BPF_MEMWORDS) loaded = memory[step->k];
        if (BPF_MODE(step->code) == BPF_IMM) loaded = constant;
        if (BPF_MODE(step->code) == BPF_LEN) loaded = (struct value){sizeof(struct seccomp_data), true};
        if (BPF_MODE(step->code) == BPF_ABS) loaded = load(step->k, call);
        *(BPF_CLASS(step->code) == BPF_LD ? &a : &x) = loaded;
        break;
      }
      case BPF_ST:
        if (step->k < BPF_MEMWORDS) memory[step->k] = a;
        break;
      case BPF_STX:
        if (step->k < BPF_MEMWORDS) memory[step->k] = x;
        break;
      case BPF_ALU: a = compute(BPF_OP(step->code), a, operand); break;
      case BPF_JMP:
        if (BPF_OP(step->code) == BPF_JA) {
          if (step->k >= length) return BPF_UNKNOWN;
          at += step->k;
        } else {
          if (!a.known || !operand.known) return BPF_UNKNOWN;
          at += holds(BPF_OP(step->code), a.bits, operand.bits) ? step->jt : step->jf;
        }
        break;
      case BPF_RET: {
        struct value result = BPF_RVAL(step->code) == BPF_A ? a : constant;
        return result.known ? result.bits : BPF_UNKNOWN;
      }
      default:
        if (BPF_MISCOP(step->code) == BPF_TAX)
          x = a;
        else
          a = x;
    }
  }
  return BPF_UNKNOWN;
}
