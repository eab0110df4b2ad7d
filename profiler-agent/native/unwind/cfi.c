#include "unwind/cfi.h"

#include "unwind/arch.h"

#define REMEMBERED 8

// Where the row has the place of this register; NULL when the register is not tracked.
static int64_t *row__place(struct cfi_row *row, uint64_t reg) {
  return reg == REG_FP ? &row->fp_saved : reg == REG_RETURN ? &row->return_saved : NULL;
}

static void row__put(struct cfi_row *row, uint64_t reg, int64_t place) {
  int64_t *at = row__place(row, reg);
  if (at) *at = place;
}

// Restores the register's place as the group's shared program (`initial`) has left it.
static void row__restore(struct cfi_row *row, uint64_t reg, const struct cfi_row *initial) {
  struct cfi_row first = initial ? *initial : (struct cfi_row){0};
  int64_t *at = row__place(&first, reg);
  if (at) row__put(row, reg, *at);
}

// Converts a distance from units to bytes. A damaged table may hold any number, so unsigned arithmetic is used, whose
// overflow is defined.
static int64_t scaled(uint64_t units, const struct cfi_function *function) {
  return (int64_t)(units * (uint64_t)function->data_align);
}

static void row__frame(struct cfi_row *row, uint64_t reg, int64_t offset) {
  row->reg = reg;
  row->offset = offset;
  row->expression = false;
}

// Runs a program up to the row for `pc`.
static bool program_run(struct bytes in, const struct cfi_function *function, uintptr_t pc, struct cfi_row *row,
                        const struct cfi_row *initial) {
  struct cfi_row stack[REMEMBERED];
  int depth = 0;
  uintptr_t at = function->start;
  while (in.at < in.end) {
    uint8_t op = (uint8_t)bytes__fixed(&in, 1);
    uint8_t low = op & 0x3f;
    uint64_t reg, steps = 0;
    switch (op & 0xc0) {
      case 0x40:  // advance_loc
        at += low * function->code_align;
        if (at > pc) return true;
        continue;
      case 0x80: row__put(row, low, scaled(bytes__uleb(&in), function)); continue;  // offset
      case 0xc0: row__restore(row, low, initial); continue;                         // restore
      default: break;
    }
    switch (op) {
      case 0x00: break;                                // nop
      case 0x02: steps = bytes__fixed(&in, 1); break;  // advance_loc1
      case 0x03: steps = bytes__fixed(&in, 2); break;  // advance_loc2
      case 0x04: steps = bytes__fixed(&in, 4); break;  // advance_loc4
      case 0x05:                                       // offset_extended
        reg = bytes__uleb(&in);
        row__put(row, reg, scaled(bytes__uleb(&in), function));
        break;
      case 0x06: row__restore(row, bytes__uleb(&in), initial); break;  // restore_extended
      case 0x07:                                                       // undefined
        if (bytes__uleb(&in) == REG_RETURN) row->return_undefined = true;
        break;
      case 0x08: row__put(row, bytes__uleb(&in), CFI_IN_REGISTER); break;  // same_value
      case 0x09:                                                           // register
        row__put(row, bytes__uleb(&in), CFI_COMPUTED);
        bytes__uleb(&in);
        break;
      case 0x0a:  // remember_state
        if (depth == REMEMBERED) return false;
        stack[depth++] = *row;
        break;
      case 0x0b:  // restore_state
        if (depth == 0) return false;
        *row = stack[--depth];
        break;
      case 0x0c:  // def_cfa
        reg = bytes__uleb(&in);
        row__frame(row, reg, (int64_t)bytes__uleb(&in));
        break;
      case 0x0d: row__frame(row, bytes__uleb(&in), row->offset); break;  // def_cfa_register
      case 0x0e: row->offset = (int64_t)bytes__uleb(&in); break;         // def_cfa_offset
      case 0x0f:                                                         // def_cfa_expression
        row->expression = true;
        bytes__skip(&in, bytes__uleb(&in));
        break;
      case 0x10:  // expression
      case 0x16:  // val_expression
        row__put(row, bytes__uleb(&in), CFI_COMPUTED);
        bytes__skip(&in, bytes__uleb(&in));
        break;
      case 0x11:  // offset_extended_sf
        reg = bytes__uleb(&in);
        row__put(row, reg, scaled((uint64_t)bytes__sleb(&in), function));
        break;
      case 0x12:  // def_cfa_sf
        reg = bytes__uleb(&in);
        row__frame(row, reg, scaled((uint64_t)bytes__sleb(&in), function));
        break;
      case 0x13: row->offset = scaled((uint64_t)bytes__sleb(&in), function); break;  // def_cfa_offset_sf
      case 0x2d: break;                    // AARCH64_negate_ra_state: not needed, see pointer_strip
      case 0x2e: bytes__uleb(&in); break;  // GNU_args_size
      default: return false;
    }
    at += steps * function->code_align;
    if (at > pc) return true;
  }
  return true;
}

bool cfi_row_at(struct cfi_row *row, const struct cfi_function *function, uintptr_t pc) {
  *row = (struct cfi_row){0};
  if (!program_run(function->initial, function, UINTPTR_MAX, row, NULL)) return false;
  struct cfi_row initial = *row;
  return program_run(function->program, function, pc, row, &initial);
}
