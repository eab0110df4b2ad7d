#include "cpython/text.h"

#include <string.h>

#include "signals/guard.h"

// Include/cpython/unicodeobject.h: the low bits of the state are interned:2, kind:3, compact:1, ascii:1.
bool text_locate(struct text *text, uintptr_t object, const struct interpreter *python) {
  uint64_t length;
  uint32_t state;
  unsigned char fields[40];
  if (object < 4096 || object & 7) return false;
  if (!guarded_read(object, fields, sizeof fields)) return false;
  memcpy(&length, fields + STR_LENGTH, sizeof length);
  memcpy(&state, fields + STR_STATE, sizeof state);
  uint32_t kind = state >> 2 & 7, compact = state >> 5 & 1, ascii = state >> 6 & 1;
  if (!compact || (kind != 1 && kind != 2 && kind != 4) || length > 1u << 16) return false;
  text->data = object + (ascii ? python->at.str.ascii : python->at.str.compact);
  text->length = (uint32_t)length * kind;
  text->width = ascii ? 1 : kind == 1 ? 0 : (uint8_t)kind;
  return true;
}

size_t text_to_utf8(char *into, size_t room, const unsigned char *data, uint32_t size, uint8_t width) {
  unsigned char *text = (unsigned char *)into;
  size_t length = 0;
  uint32_t step = width ? width : 1;
  for (uint32_t i = 0; i + step <= size; i += step) {
    uint32_t c = data[i];
    if (step >= 2) c |= (uint32_t)data[i + 1] << 8;
    if (step == 4) c |= (uint32_t)data[i + 2] << 16 | (uint32_t)data[i + 3] << 24;
    // Python stores undecodable bytes of a file name as lone surrogates (PEP 383). They become those bytes again.
    bool raw = c >= 0xdc80 && c <= 0xdcff;
    size_t bytes = raw || c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
    if (length + bytes > room) break;
    if (raw) {
      text[length++] = (unsigned char)(c - 0xdc00);
    } else if (bytes == 1) {
      text[length++] = (unsigned char)c;
    } else if (bytes == 2) {
      text[length++] = (unsigned char)(0xc0 | c >> 6);
      text[length++] = (unsigned char)(0x80 | (c & 63));
    } else if (bytes == 3) {
      text[length++] = (unsigned char)(0xe0 | c >> 12);
      text[length++] = (unsigned char)(0x80 | (c >> 6 & 63));
      text[length++] = (unsigned char)(0x80 | (c & 63));
    } else {
      text[length++] = (unsigned char)(0xf0 | c >> 18);
      text[length++] = (unsigned char)(0x80 | (c >> 12 & 63));
      text[length++] = (unsigned char)(0x80 | (c >> 6 & 63));
      text[length++] = (unsigned char)(0x80 | (c & 63));
    }
  }
  return length;
}
