// Reading DWARF's encodings of numbers from memory that may be gone.
#pragma once
#include <string.h>

#include "signals/guard.h"

// A reader that stops at `end`, or where memory cannot be read, as if it ended there. A window is copied at a time.
#define BYTES_WINDOW 64
struct bytes {
  uintptr_t at, end;
  uintptr_t from, until;  // what the window holds
  unsigned char window[BYTES_WINDOW];
};

INLINE struct bytes bytes_between(uintptr_t at, uintptr_t end) {
  struct bytes self;
  self.at = at;
  self.end = end;
  self.from = self.until = 0;
  return self;
}

static inline bool bytes__fill(struct bytes *self) {
  size_t size = self->end - self->at < BYTES_WINDOW ? self->end - self->at : BYTES_WINDOW;
  self->from = self->at;
  self->until = self->at + size;
  if (guarded_read(self->at, self->window, size)) return true;
  self->at = self->end = self->from = self->until = 0;
  return false;
}

INLINE uint64_t bytes__fixed(struct bytes *self, unsigned size) {
  uint64_t value = 0;
  if (self->end - self->at < size || self->at > self->end) {
    self->at = self->end;
    return 0;
  }
  if ((self->at < self->from || self->at + size > self->until) && !bytes__fill(self)) return 0;
  memcpy(&value, self->window + (self->at - self->from), size);
  self->at += size;
  return value;
}

INLINE uint64_t bytes__uleb(struct bytes *self) {
  uint64_t value = 0;
  for (unsigned shift = 0; shift < 63; shift += 7) {
    uint64_t byte = bytes__fixed(self, 1);
    value |= (byte & 0x7f) << shift;
    if (!(byte & 0x80)) break;
  }
  return value;
}

INLINE int64_t bytes__sleb(struct bytes *self) {
  uint64_t value = 0, byte;
  unsigned shift = 0;
  do {
    byte = bytes__fixed(self, 1);
    value |= (byte & 0x7f) << shift;
    shift += 7;
  } while (byte & 0x80 && shift < 63);
  if (byte & 0x40 && shift < 64) value |= UINT64_MAX << shift;
  return (int64_t)value;
}

// A pointer in one of the DW_EH_PE encodings that appear in practice: absolute, or 4 or 8 bytes relative to itself.
INLINE uintptr_t bytes__pointer(struct bytes *self, uint8_t encoding) {
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

INLINE void bytes__skip(struct bytes *self, uint64_t size) {
  self->at = size < self->end - self->at ? self->at + size : self->end;
}
