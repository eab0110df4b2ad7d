// Python's str objects as bytes.
#pragma once
#include "cpython/interpreter.h"

// Where a str keeps its characters.
struct text {
  uintptr_t data;
  uint32_t length;  // bytes
  uint8_t width;    // bytes per character: 1 (ASCII), 0 (Latin-1), 2, 4
};

// False when `object` is no str, or a very long one. (signal, watcher)
bool text_locate(struct text *text, uintptr_t object, const struct interpreter *python);
// Characters of that width as UTF-8: writes at most `room` bytes, whole characters only, and returns how many.
size_t text_to_utf8(char *into, size_t room, const unsigned char *data, uint32_t size, uint8_t width);
