// Call frame instructions: the small program by which .eh_frame describes a function, run up to a program counter.
#pragma once
#include "unwind/bytes.h"

struct cfi_function {
  uintptr_t start, end;
  struct bytes initial, program;
  uint64_t code_align;
  int64_t data_align;
  bool signal_frame;
};

// Where a register of the caller is: this many bytes from the frame address.
#define CFI_IN_REGISTER 0  // still where it was
#define CFI_COMPUTED 1     // somewhere else; no register is saved at an odd address

// One row of the table that the program stands for.
struct cfi_row {
  uint64_t reg;  // the frame address is: register + offset
  int64_t offset;
  int64_t fp_saved, return_saved;
  bool expression;        // the frame address is computed by an expression instead
  bool return_undefined;  // nobody called this function
};

// False when the program holds an instruction that is not known. (signal)
bool cfi_row_at(struct cfi_row *self, const struct cfi_function *function, uintptr_t pc);
