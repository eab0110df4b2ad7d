// Call frame instructions: .eh_frame describes each function by a small program, which is run up to a program counter.
// (signal)
#pragma once
#include "unwind/bytes.h"

// A function and its programs: the one that its group shares (CIE), and its own (FDE).
struct cfi_function {
  uintptr_t start, end;
  struct bytes initial, program;
  uint64_t code_align;
  int64_t data_align;
  bool signal_frame;
};

// Where a function has saved a register of its caller: this many bytes from the frame address, or one of these.
#define CFI_IN_REGISTER 0  // not saved: still in the register
#define CFI_COMPUTED 1     // somewhere else; no register is saved at this odd distance

// The row of the table for one program counter.
struct cfi_row {
  uint64_t reg;  // frame address = register + offset
  int64_t offset;
  int64_t fp_saved, return_saved;
  bool expression;        // instead, an expression computes the frame address
  bool return_undefined;  // the function has no caller
};

// Computes the row for `pc`. False when the program has an unknown instruction. (signal)
bool cfi_row_at(struct cfi_row *row, const struct cfi_function *function, uintptr_t pc);
