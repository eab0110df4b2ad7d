// Reads DWARF's encodings of numbers from memory that may be unmapped. All functions run in handlers, too.
#pragma once
#include <string.h>

#include "signals/guard.h"

// A reader that stops at `end`, or where memory cannot be read: then it gives zeros. It copies a window of bytes at a
// time.
#define BYTES_WINDOW 64
struct bytes {
  uintptr_t at, end;
  uintptr_t from, until;  // the addresses of the window's bytes
  unsigned char window[BYTES_WINDOW];
};

INLINE struct bytes bytes_between(uintptr_t at, uintptr_t end) {
  struct bytes bytes;
  bytes.at = at;
  bytes.end = end;
  bytes.from = bytes.until = 0;
  return bytes;
}

static inline bool bytes__fill(struct bytes *bytes) {
  size_t size = bytes->end - bytes->at < BYTES_WINDOW ? bytes->end - bytes->at : BYTES_WINDOW;
  bytes->from = bytes->at;
  bytes->until = bytes->at + size;
  if (guarded_read(bytes->at, bytes->window, size)) return true;
  bytes->at = bytes->end = bytes->from = bytes->until = 0;
  return false;
}

INLINE uint64_t bytes__fixed(struct bytes *bytes, unsigned size) {
  uint64_t value = 0;
  if (bytes->end - bytes->at < size || bytes->at > bytes->end) {
    bytes->at = bytes->end;
    return 0;
  }
  if ((bytes->at < bytes->from || bytes->at + size > bytes->until) && !bytes__fill(bytes)) return 0;
  memcpy(&value, bytes->window + (bytes->at - bytes->from), size);
  bytes->at += size;
  return value;
}

INLINE uint64_t bytes__uleb(struct bytes *bytes) {
  uint64_t value = 0;
  for (unsigned shift = 0; shift < 63; shift += 7) {
    uint64_t byte = bytes__fixed(bytes, 1);
    value |= (byte & 0x7f) << shift;
    if (!(byte & 0x80)) break;
  }
  return value;
}

INLINE int64_t bytes__sleb(struct bytes *bytes) {
  uint64_t value = 0, byte;
  unsigned shift = 0;
  do {
    byte = bytes__fixed(bytes, 1);
    value |= (byte & 0x7f) << shift;
    shift += 7;
  } while (byte & 0x80 && shift < 63);
  if (byte & 0x40 && shift < 64) value |= UINT64_MAX << shift;
  return (int64_t)value;
}

// Reads a pointer in one of the DW_EH_PE encodings that occur: absolute, or relative to its own address, with 4 or 8
// bytes.
INLINE uintptr_t bytes__pointer(struct bytes *bytes, uint8_t encoding) {
  uintptr_t here = bytes->at, value;
  switch (encoding & 0x0f) {
    case 0x00:
    case 0x04:
    case 0x0c: value = (uintptr_t)bytes__fixed(bytes, 8); break;
    case 0x03: value = (uintptr_t)bytes__fixed(bytes, 4); break;
    case 0x0b: value = (uintptr_t)(intptr_t)(int32_t)bytes__fixed(bytes, 4); break;
    default: bytes->at = bytes->end; return 0;
  }
  return (encoding & 0x70) == 0x10 ? value + here : value;
}

INLINE void bytes__skip(struct bytes *bytes, uint64_t size) {
  bytes->at = size < bytes->end - bytes->at ? bytes->at + size : bytes->end;
}
