/** CRC-32 as in gzip and zip (polynomial 0xedb88320, lowest bit first), eight bytes at a time (Kounavis and Berry, 2005). */

const step = 8;
/** table[256 × n + b]: the checksum of byte b followed by n bytes of 0. */
const table = new Int32Array(step * 256);
for (let byte = 0; byte < 256; byte++) {
  let value = byte;
  for (let bit = 0; bit < 8; bit++) {
    value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  }
  table[byte] = value;
}
for (let at = 256; at < table.length; at++) {
  const before = table[at - 256]!;
  table[at] = table[before & 0xff]! ^ (before >>> 8);
}

/** The checksum of bytes [start, end). before: the checksum of the bytes in front of them; 0 if there are none. */
export function checksum(before: number, bytes: Uint8Array, start = 0, end = bytes.length): number {
  let sum = ~before;
  let at = start;
  for (const last = end - step; at <= last; at += step) {
    const first =
      bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
    sum ^= first;
    sum =
      table[0x700 + (sum & 0xff)]! ^
      table[0x600 + ((sum >>> 8) & 0xff)]! ^
      table[0x500 + ((sum >>> 16) & 0xff)]! ^
      table[0x400 + (sum >>> 24)]! ^
      table[0x300 + bytes[at + 4]!]! ^
      table[0x200 + bytes[at + 5]!]! ^
      table[0x100 + bytes[at + 6]!]! ^
      table[bytes[at + 7]!]!;
  }
  for (; at < end; at++) {
    sum = table[(sum ^ bytes[at]!) & 0xff]! ^ (sum >>> 8);
  }
  return ~sum >>> 0;
}

/** The checksum that a batch begins with: that of its number, counted from 0, as four bytes, lowest first. */
export function batchStart(batch: number): number {
  let sum = ~0;
  for (let shift = 0; shift < 32; shift += 8) {
    sum = table[(sum ^ (batch >>> shift)) & 0xff]! ^ (sum >>> 8);
  }
  return ~sum >>> 0;
}
