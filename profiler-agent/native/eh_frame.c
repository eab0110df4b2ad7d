#define _GNU_SOURCE
#include "eh_frame.h"

#include <string.h>

#include "arch.h"

// The format: Linux Standard Base, "Exception Frames"; DWARF 4, section 6.4.

// A reader over mapped bytes that stops at `end` instead of running over it.
struct bytes {
  uintptr_t at, end;
};

INLINE uint64_t bytes__fixed(struct bytes *self, unsigned size) {
  uint64_t value = 0;
  if (self->end - self->at < size || self->at > self->end) {
    self->at = self->end;
    return 0;
  }
  memcpy(&value, (const void *)self->at, size);
  self->at += size;
  return value;
}

static uint64_t bytes__uleb(struct bytes *self) {
  uint64_t value = 0;
  for (unsigned shift = 0; shift < 63; shift += 7) {
    uint64_t byte = bytes__fixed(self, 1);
    value |= (byte & 0x7f) << shift;
    if (!(byte & 0x80)) break;
  }
  return value;
}

static int64_t bytes__sleb(struct bytes *self) {
  int64_t value = 0;
  unsigned shift = 0;
  uint64_t byte;
  do {
    byte = bytes__fixed(self, 1);
    value |= (int64_t)(byte & 0x7f) << shift;
    shift += 7;
  } while (byte & 0x80 && shift < 63);
  if (byte & 0x40 && shift < 64) value |= -((int64_t)1 << shift);
  return value;
}

// A pointer in one of the DW_EH_PE encodings that appear in practice: absolute, or 4 or 8 bytes relative to itself.
static uintptr_t bytes__pointer(struct bytes *self, uint8_t encoding) {
  uintptr_t here = self->at, value;
  switch (encoding & 0x0f) {
    case 0x00:
    case 0x04:
    case 0x0c: value = (uintptr_t)bytes__fixed(self, 8); break;
    case 0x03: value = (uintptr_t)bytes__fixed(self, 4); break;
    case 0x0b: value = (uintptr_t)(intptr_t)(int32_t)bytes__fixed(self, 4); break;
    default: self->at = self->end; return 0;
  }
  return (encoding & 0x70) == 0x10 ? value + here : value;
}

// One row of .eh_frame: a function and the programs that describe its frame.
struct entry {
  uintptr_t start, end;
  struct bytes initial, program;
  uint64_t code_align;
  int64_t data_align;
  bool signal_frame;
};

static bool entry_read(struct entry *self, uintptr_t address, uintptr_t limit) {
  struct bytes in = {address, limit};
  uint64_t length = bytes__fixed(&in, 4);
  if (length == 0 || length == 0xffffffff || length > limit - in.at) return false;
  uintptr_t end = in.at + length, id_at = in.at;
  uint64_t id = bytes__fixed(&in, 4);
  if (id == 0) return false;

  struct bytes cie = {id_at - id, limit};
  uint64_t cie_length = bytes__fixed(&cie, 4);
  if (cie_length == 0 || cie_length == 0xffffffff || cie_length > limit - cie.at) return false;
  cie.end = cie.at + cie_length;
  if (bytes__fixed(&cie, 4) != 0) return false;
  uint8_t version = (uint8_t)bytes__fixed(&cie, 1);
  if (version != 1 && version != 3) return false;
  const char *augmentation = (const char *)cie.at;
  while (bytes__fixed(&cie, 1)) {
  }
  self->code_align = bytes__uleb(&cie);
  self->data_align = bytes__sleb(&cie);
  version == 1 ? bytes__fixed(&cie, 1) : bytes__uleb(&cie);
  uint8_t encoding = 0;
  self->signal_frame = false;
  bool augmented = augmentation[0] == 'z';
  if (augmented) {
    uint64_t size = bytes__uleb(&cie);
    uintptr_t after = cie.at + size;
    for (const char *letter = augmentation + 1; *letter; letter++) {
      if (*letter == 'R') {
        encoding = (uint8_t)bytes__fixed(&cie, 1);
      } else if (*letter == 'P') {
        uint8_t personality = (uint8_t)bytes__fixed(&cie, 1);
        bytes__pointer(&cie, personality);
      } else if (*letter == 'L') {
        bytes__fixed(&cie, 1);
      } else if (*letter == 'S') {
        self->signal_frame = true;
      }
    }
    cie.at = after;
  } else if (augmentation[0]) {
    return false;
  }
  self->initial = cie;

  in.end = end;
  self->start = bytes__pointer(&in, encoding);
  self->end = self->start + bytes__pointer(&in, encoding & 0x0f);
  if (augmented) {
    uint64_t size = bytes__uleb(&in);
    in.at += size;
  }
  if (in.at > in.end) return false;
  self->program = in;
  return true;
}

struct state {
  uint64_t reg;
  int64_t offset, fp_saved;  // fp_saved 0: not saved
  bool expression, return_undefined;
};

#define REMEMBERED 8

// Runs one program until the row for `pc`. Returns false on an instruction it does not know.
static bool program_run(struct bytes in, const struct entry *entry, uintptr_t pc, struct state *state,
                        const struct state *initial) {
  struct state stack[REMEMBERED];
  int depth = 0;
  uintptr_t at = entry->start;
  while (in.at < in.end) {
    uint8_t op = (uint8_t)bytes__fixed(&in, 1);
    uint8_t low = op & 0x3f;
    uint64_t reg;
    switch (op & 0xc0) {
      case 0x40:  // advance_loc
        at += low * entry->code_align;
        if (at > pc) return true;
        continue;
      case 0x80: {  // offset
        int64_t offset = (int64_t)bytes__uleb(&in) * entry->data_align;
        if (low == REG_FP) state->fp_saved = offset;
        continue;
      }
      case 0xc0:  // restore
        if (low == REG_FP) state->fp_saved = initial ? initial->fp_saved : 0;
        continue;
      default: break;
    }
    switch (op) {
      case 0x00: break;  // nop
      case 0x02: at += bytes__fixed(&in, 1) * entry->code_align; goto moved;
      case 0x03: at += bytes__fixed(&in, 2) * entry->code_align; goto moved;
      case 0x04: at += bytes__fixed(&in, 4) * entry->code_align; goto moved;
      case 0x05: {  // offset_extended
        reg = bytes__uleb(&in);
        int64_t offset = (int64_t)bytes__uleb(&in) * entry->data_align;
        if (reg == REG_FP) state->fp_saved = offset;
        break;
      }
      case 0x06: bytes__uleb(&in); break;  // restore_extended
      case 0x07:                           // undefined
        if (bytes__uleb(&in) == REG_RETURN) state->return_undefined = true;
        break;
      case 0x08: bytes__uleb(&in); break;                    // same_value
      case 0x09: bytes__uleb(&in), bytes__uleb(&in); break;  // register
      case 0x0a:                                             // remember_state
        if (depth == REMEMBERED) return false;
        stack[depth++] = *state;
        break;
      case 0x0b:  // restore_state
        if (depth == 0) return false;
        *state = stack[--depth];
        break;
      case 0x0c:  // def_cfa
        state->reg = bytes__uleb(&in);
        state->offset = (int64_t)bytes__uleb(&in);
        state->expression = false;
        break;
      case 0x0d: state->reg = bytes__uleb(&in), state->expression = false; break;
      case 0x0e: state->offset = (int64_t)bytes__uleb(&in); break;
      case 0x0f:  // def_cfa_expression
        state->expression = true;
        in.at += bytes__uleb(&in);
        break;
      case 0x10:
      case 0x16: {  // expression, val_expression
        reg = bytes__uleb(&in);
        uint64_t size = bytes__uleb(&in);
        in.at += size;
        // Its own place is computed: give up on the frame pointer rather than guess it.
        if (reg == REG_FP) state->fp_saved = 1;
        break;
      }
      case 0x11: {  // offset_extended_sf
        reg = bytes__uleb(&in);
        int64_t offset = bytes__sleb(&in) * entry->data_align;
        if (reg == REG_FP) state->fp_saved = offset;
        break;
      }
      case 0x12:
        state->reg = bytes__uleb(&in);
        state->offset = bytes__sleb(&in) * entry->data_align;
        state->expression = false;
        break;
      case 0x13: state->offset = bytes__sleb(&in) * entry->data_align; break;
      case 0x2e: bytes__uleb(&in); break;  // GNU_args_size
      default: return false;
    }
    continue;
  moved:
    if (at > pc) return true;
  }
  return true;
}

struct header {
  uintptr_t base, table;
  uint64_t count;
};

// .eh_frame_hdr with the only layout linkers write: a sorted table of 4-byte offsets relative to itself.
static bool header_read(struct header *self, const struct module *module) {
  if (!module->frame_header) return false;
  struct bytes in = {module->frame_header, module->frame_header_end};
  uint8_t version = (uint8_t)bytes__fixed(&in, 1), pointer = (uint8_t)bytes__fixed(&in, 1);
  uint8_t count = (uint8_t)bytes__fixed(&in, 1), table = (uint8_t)bytes__fixed(&in, 1);
  if (version != 1 || count != 0x03 || table != 0x3b) return false;
  bytes__pointer(&in, pointer);
  self->count = bytes__fixed(&in, 4);
  self->base = module->frame_header;
  self->table = in.at;
  return self->count <= (in.end - in.at) / 8;
}

static void header__row(const struct header *self, uint64_t row, uintptr_t *start, uintptr_t *entry) {
  int32_t pair[2];
  memcpy(pair, (const void *)(self->table + row * 8), sizeof pair);
  *start = self->base + (uintptr_t)(intptr_t)pair[0];
  *entry = self->base + (uintptr_t)(intptr_t)pair[1];
}

static bool entry_find(struct entry *entry, const struct module *module, uintptr_t pc) {
  struct header header;
  if (!header_read(&header, module) || header.count == 0) return false;
  uint64_t low = 0, high = header.count;
  uintptr_t start, address;
  while (high - low > 1) {
    uint64_t middle = (low + high) / 2;
    header__row(&header, middle, &start, &address);
    if (start <= pc)
      low = middle;
    else
      high = middle;
  }
  header__row(&header, low, &start, &address);
  if (address < module->bias || address >= module->frame_header_end) return false;
  return entry_read(entry, address, module->frame_header_end) && pc >= entry->start && pc < entry->end;
}

bool eh_frame_function(const struct module *module, uintptr_t pc, uintptr_t *start, uintptr_t *end) {
  struct entry entry;
  if (!entry_find(&entry, module, pc)) return false;
  *start = entry.start;
  *end = entry.end;
  return true;
}

struct rule eh_frame_rule(const struct module *module, uintptr_t pc) {
  struct rule rule = {0};
  struct entry entry;
  if (!entry_find(&entry, module, pc)) return rule;
  rule.into = (uint32_t)(pc - entry.start);
  if (entry.signal_frame) return rule;
  struct state state = {0};
  if (!program_run(entry.initial, &entry, UINTPTR_MAX, &state, NULL)) return rule;
  struct state initial = state;
  if (!program_run(entry.program, &entry, pc, &state, &initial)) return rule;
  if (state.return_undefined) {
    rule.kind = RULE_END;
  } else if (state.expression) {
    // The one expression linkers write: procedure linkage table entries of 16 bytes that push one word half way.
    if (entry.end - entry.start >= 16 && (entry.start & 15) == 0 && state.reg == REG_SP) rule.kind = RULE_PLT;
  } else if (state.offset >= 0 && state.fp_saved <= 0) {
    rule.kind = state.reg == REG_SP ? RULE_SP : state.reg == REG_FP ? RULE_FP : 0;
    rule.offset = (uint32_t)state.offset;
    rule.fp_saved = (uint32_t)-state.fp_saved;
  }
  return rule;
}

void eh_frame_each_function(const struct module *module, void (*visit)(uintptr_t start, uintptr_t end, void *context),
                            void *context) {
  struct header header;
  if (!header_read(&header, module)) return;
  for (uint64_t row = 0; row < header.count; row++) {
    uintptr_t start, address;
    struct entry entry;
    header__row(&header, row, &start, &address);
    if (address < module->bias || address >= module->frame_header_end) continue;
    if (entry_read(&entry, address, module->frame_header_end)) visit(entry.start, entry.end, context);
  }
}
