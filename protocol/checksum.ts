/** CRC-32 as in gzip and zip (polynomial 0xedb88320, lowest bit first). */
const table = Uint32Array.from({ length: 256 }, (_, index) => {
  let value = index;
  for (let bit = 0; bit < 8; bit++) {
    value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  }
  return value;
});

/** The checksum of bytes [start, end) that follow those which `before` is of; 0 when there are none. */
export function checksum(before: number, bytes: Uint8Array, start = 0, end = bytes.length): number {
  let sum = ~before;
  for (let at = start; at < end; at++) {
    sum = table[(sum ^ bytes[at]!) & 0xff]! ^ (sum >>> 8);
  }
  return ~sum >>> 0;
}

/** Where the checksum of a batch begins: with its number, from 0, as four bytes, lowest first. */
export function batchStart(batch: number): number {
  const number = new Uint8Array(4);
  new DataView(number.buffer).setUint32(0, batch, true);
  return checksum(0, number);
}
