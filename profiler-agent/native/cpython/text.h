// Python's str objects as bytes. Called in handlers, on the watcher, and by the self-test.
#pragma once
#include "cpython/interpreter.h"

// The characters of a str.
struct text {
  uintptr_t data;   // their address
  uint32_t length;  // bytes
  uint8_t width;    // bytes per character: 1 (ASCII), 0 (Latin-1), 2, 4
};

// Finds the characters. False when the object is no str, or has more than 64 Ki characters. (signal, watcher)
bool text_locate(struct text *text, uintptr_t object, const struct interpreter *python);
// Converts `size` bytes of characters of this width to UTF-8. Writes whole characters, at most `room` bytes. Returns
// the number of bytes written.
size_t text_to_utf8(char *into, size_t room, const unsigned char *data, uint32_t size, uint8_t width);
