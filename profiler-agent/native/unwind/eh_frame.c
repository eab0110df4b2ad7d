#define _GNU_SOURCE
#include "unwind/eh_frame.h"

#include "unwind/arch.h"
#include "unwind/cfi.h"

// The format is described in Linux Standard Base, "Exception Frames", and DWARF 4, section 6.4.

// More letters than any augmentation has.
#define AUGMENTATION_MAX 8

static bool entry_read(struct cfi_function *function, uintptr_t address, uintptr_t limit) {
  struct bytes in = bytes_between(address, limit);
  uint64_t length = bytes__fixed(&in, 4);
  if (length == 0 || length == 0xffffffff || length > limit - in.at) return false;
  uintptr_t end = in.at + length, id_at = in.at;
  uint64_t id = bytes__fixed(&in, 4);
  if (id == 0) return false;

  struct bytes cie = bytes_between(id_at - id, limit);
  uint64_t cie_length = bytes__fixed(&cie, 4);
  if (cie_length == 0 || cie_length == 0xffffffff || cie_length > limit - cie.at) return false;
  cie.end = cie.at + cie_length;
  if (bytes__fixed(&cie, 4) != 0) return false;
  uint8_t version = (uint8_t)bytes__fixed(&cie, 1);
  if (version != 1 && version != 3) return false;
  char augmentation[AUGMENTATION_MAX];
  for (unsigned i = 0; (augmentation[i] = (char)bytes__fixed(&cie, 1)); i++)
    if (i == sizeof augmentation - 1) return false;
  function->code_align = bytes__uleb(&cie);
  function->data_align = bytes__sleb(&cie);
  version == 1 ? bytes__fixed(&cie, 1) : bytes__uleb(&cie);
  uint8_t encoding = 0;
  function->signal_frame = false;
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
        function->signal_frame = true;
      }
    }
    cie.at = after;
  } else if (augmentation[0]) {
    return false;
  }
  function->initial = cie;

  in.end = end;
  function->start = bytes__pointer(&in, encoding);
  function->end = function->start + bytes__pointer(&in, encoding & 0x0f);
  if (augmented) {
    uint64_t size = bytes__uleb(&in);
    in.at += size;
  }
  if (in.at > in.end) return false;
  function->program = in;
  return true;
}

struct header {
  uintptr_t base, table;
  uint64_t count;
};

// Reads .eh_frame_hdr in the only layout that linkers write: a sorted table of offsets of 4 bytes, relative to itself.
static bool header_read(struct header *header, const struct module *module) {
  if (!module->frame_header) return false;
  struct bytes in = bytes_between(module->frame_header, module->frame_header_end);
  uint8_t version = (uint8_t)bytes__fixed(&in, 1), pointer = (uint8_t)bytes__fixed(&in, 1);
  uint8_t count = (uint8_t)bytes__fixed(&in, 1), table = (uint8_t)bytes__fixed(&in, 1);
  if (version != 1 || count != 0x03 || table != 0x3b) return false;
  bytes__pointer(&in, pointer);
  header->count = bytes__fixed(&in, 4);
  header->base = module->frame_header;
  header->table = in.at;
  return header->count <= (in.end - in.at) / 8;
}

static bool header__row(const struct header *header, uint64_t row, uintptr_t *start, uintptr_t *entry) {
  int32_t pair[2];
  if (!guarded_read(header->table + row * 8, pair, sizeof pair)) return false;
  *start = header->base + (uintptr_t)(intptr_t)pair[0];
  *entry = header->base + (uintptr_t)(intptr_t)pair[1];
  return true;
}

static bool entry_find(struct cfi_function *function, const struct module *module, uintptr_t pc) {
  struct header header;
  if (!header_read(&header, module) || header.count == 0) return false;
  uint64_t low = 0, high = header.count;
  uintptr_t start, address;
  while (high - low > 1) {
    uint64_t middle = (low + high) / 2;
    if (!header__row(&header, middle, &start, &address)) return false;
    if (start <= pc)
      low = middle;
    else
      high = middle;
  }
  if (!header__row(&header, low, &start, &address)) return false;
  if (address < module->bias || address >= module->frame_header_end) return false;
  return entry_read(function, address, module->frame_header_end) && pc >= function->start && pc < function->end;
}

bool eh_frame_function(const struct module *module, uintptr_t pc, uintptr_t *start, uintptr_t *end) {
  struct cfi_function function;
  if (!entry_find(&function, module, pc)) return false;
  *start = function.start;
  *end = function.end;
  return true;
}

// On arm64 the C library's _dl_runtime_resolve, which binds functions on their first call, is described as if its
// caller had pushed nothing. Its description then has the return address outside the frame, which gives it away.
static bool is_misdescribed(const struct cfi_function *function, const struct cfi_row *row) {
  struct cfi_row last;
  if (row->return_saved) return row->return_saved > 0;
  return cfi_row_at(&last, function, function->end - 1) && last.return_saved > CFI_COMPUTED;
}

// Older C libraries do not describe the first instructions of a program.
#define ENTRY_BYTES 64

struct rule eh_frame_rule(const struct module *module, uintptr_t pc) {
  struct rule rule = {0};
  struct cfi_function function;
  struct cfi_row row;
  bool found = entry_find(&function, module, pc);
  if (!found && pc - module->entry < ENTRY_BYTES) {
    rule.kind = RULE_END;
    rule.into = (uint32_t)(pc - module->entry);
    return rule;
  }
  if (found) {
    rule.into = (uint32_t)(pc - function.start);
    if (function.signal_frame || !cfi_row_at(&row, &function, pc)) return rule;
    if (row.return_undefined) rule.kind = RULE_END;
    if (row.return_undefined || row.fp_saved > 0 || is_misdescribed(&function, &row)) return rule;
    rule.fp_saved = (uint32_t)(0 - (uint64_t)row.fp_saved);
    rule.return_saved = (uint32_t)(0 - (uint64_t)row.return_saved);
  }
  if (!found || row.expression) {
    bool other = found && (row.reg != REG_SP || function.start % 16 || function.end - function.start < 16);
    int frame = other ? -1 : plt_frame(pc, found);
    if (frame < 0) return rule;
    rule.kind = RULE_SP;
    rule.offset = (uint32_t)frame;
  } else if (row.offset >= 0) {
    rule.kind = row.reg == REG_SP ? RULE_SP : row.reg == REG_FP ? RULE_FP : 0;
    rule.offset = (uint32_t)row.offset;
  }
  return rule;
}

void eh_frame_each_function(const struct module *module, void (*visit)(uintptr_t start, uintptr_t end, void *context),
                            void *context) {
  struct header header;
  if (!header_read(&header, module)) return;
  for (uint64_t row = 0; row < header.count; row++) {
    uintptr_t start, address;
    struct cfi_function function;
    if (!header__row(&header, row, &start, &address)) return;
    if (address < module->bias || address >= module->frame_header_end) continue;
    if (entry_read(&function, address, module->frame_header_end)) visit(function.start, function.end, context);
  }
}
