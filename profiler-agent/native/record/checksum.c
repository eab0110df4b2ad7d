#include "record/checksum.h"

// The polynomial x³² + x²⁶ + x²³ + x²² + x¹⁶ + x¹² + x¹¹ + x¹⁰ + x⁸ + x⁷ + x⁵ + x⁴ + x² + x + 1, lowest bit first.
#define POLYNOMIAL 0xedb88320u

static uint32_t table[256];

void checksum_prepare(void) {
  for (uint32_t i = 0; i < 256; i++) {
    uint32_t value = i;
    for (int bit = 0; bit < 8; bit++) value = value >> 1 ^ (value & 1 ? POLYNOMIAL : 0);
    table[i] = value;
  }
}

uint32_t checksum(uint32_t before, const void *bytes, size_t size) {
  const unsigned char *at = bytes;
  uint32_t sum = ~before;
  for (; size; size--) sum = table[(sum ^ *at++) & 0xff] ^ sum >> 8;
  return ~sum;
}
