#include "record/record_writer.h"

#include <string.h>

#include "record/recording.h"
#include "sample/ring.h"

// The record being assembled. Its payload is from BODY to `body_end`; kind and length are put before that when it is
// finished.
static unsigned char scratch[RING_SIZE + 16];
#define BODY 16
static size_t body_end;

void put_bytes(const void *bytes, size_t size) {
  if (size > sizeof scratch - body_end) return;
  memcpy(scratch + body_end, bytes, size);
  body_end += size;
}

void put_u8(uint8_t value) {
  put_bytes(&value, 1);
}

void put_varint(uint64_t value) {
  for (; value >= 0x80; value >>= 7) put_u8((uint8_t)(value | 0x80));
  put_u8((uint8_t)value);
}

void put_svarint(int64_t value) {
  put_varint((uint64_t)value << 1 ^ (uint64_t)(value >> 63));
}

void put_string(const char *text) {
  size_t length = strlen(text);
  put_varint(length);
  put_bytes(text, length);
}

void record_begin(void) {
  body_end = BODY;
}

void record_finish(uint8_t kind) {
  size_t length = body_end - BODY;
  unsigned char front[BODY];
  size_t size = 0;
  front[size++] = kind;
  size_t rest = length;
  for (; rest >= 0x80; rest >>= 7) front[size++] = (unsigned char)(rest | 0x80);
  front[size++] = (unsigned char)rest;
  memcpy(scratch + BODY - size, front, size);
  recording_append(scratch + BODY - size, size + length);
}
