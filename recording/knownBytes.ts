/**
 * Values decoded from bytes. Equal bytes are decoded once, however often they come: processes of one program record
 * mostly the same, and comparing bytes takes less time than decoding them.
 */
import { withRoom } from './arrays';

/** Longer bytes are decoded each time. */
const longest = 1 << 16;
/**
 * At most this many entries with the same or a neighbouring hash are kept. More of them are crafted to make comparing
 * slow, and are decoded each time.
 */
const mostAlike = 16;
/** Bytes are kept in chunks; each new chunk is twice as large, up to this size. */
const largestChunk = 1 << 18;
const smallestChunk = 1 << 10;
const firstRoom = 16;

/** Values by the bytes that they were decoded from. Keeps a copy of these bytes, and never forgets any. */
export class KnownBytes<T> {
  /** By number, from 1 on: the value, the chunk with its bytes, their position and length in it, and their hash. */
  readonly #values: (T | undefined)[] = [undefined];
  readonly #chunk: (DataView | undefined)[] = [undefined];
  #from = new Int32Array(firstRoom);
  #length = new Int32Array(firstRoom);
  #hash = new Int32Array(firstRoom);
  /** By number: the number of what followed it the last time. */
  #next = new Int32Array(firstRoom);
  /** Open addressing: numbers, 0 is free. Its length is a power of two, at least four times the count. */
  #table = new Int32Array(4 * firstRoom);
  #filling = new DataView(new ArrayBuffer(0));
  #filled = 0;
  #last = 0;

  /** The value of bytes [from, until); `make` decodes them when they come for the first time. */
  of(bytes: DataView, from: number, until: number, make: () => T): T {
    if (until - from > longest) return make();
    // Processes record the same things in the same order, so the successor is tried first.
    let known = this.#next[this.#last]!;
    if (known === 0 || !this.#is(known, bytes, from, until)) {
      const hash = hashOf(bytes, from, until);
      const slot = this.#slotOf(hash, bytes, from, until);
      if (slot < 0) return make();
      known = this.#table[slot]! || this.#add(slot, hash, bytes, from, until, make());
      this.#next[this.#last] = known;
    }
    this.#last = known;
    return this.#values[known] as T;
  }

  /** The slot of bytes in the table, or the free slot where they belong; −1: too many others are in the way. */
  #slotOf(hash: number, bytes: DataView, from: number, until: number): number {
    const mask = this.#table.length - 1;
    for (let away = 0; away < mostAlike; away++) {
      const slot = (hash + away) & mask;
      const known = this.#table[slot]!;
      if (known === 0) return slot;
      if (this.#hash[known] === hash && this.#is(known, bytes, from, until)) return slot;
    }
    return -1;
  }

  #is(known: number, bytes: DataView, from: number, until: number): boolean {
    if (this.#length[known] !== until - from) return false;
    return isSame(this.#chunk[known]!, this.#from[known]!, bytes, from, until);
  }

  /** Adds bytes and returns their number. */
  #add(slot: number, hash: number, bytes: DataView, from: number, until: number, value: T): number {
    const known = this.#values.length;
    if (known === this.#hash.length) this.#grow();
    const length = until - from;
    if (this.#filled + length > this.#filling.byteLength) this.#newChunk(length);
    const { buffer, byteOffset } = bytes;
    new Uint8Array(this.#filling.buffer).set(
      new Uint8Array(buffer, byteOffset + from, length),
      this.#filled,
    );
    this.#values.push(value);
    this.#chunk.push(this.#filling);
    this.#from[known] = this.#filled;
    this.#length[known] = length;
    this.#hash[known] = hash;
    this.#filled += length;
    this.#table[slot] = known;
    if (known * 4 >= this.#table.length) this.#growTable();
    return known;
  }

  #newChunk(needed: number): void {
    const doubled = Math.max(smallestChunk, 2 * this.#filling.byteLength);
    const size = Math.max(needed, Math.min(largestChunk, doubled));
    this.#filling = new DataView(new ArrayBuffer(size));
    this.#filled = 0;
  }

  #grow(): void {
    const room = this.#hash.length + 1;
    this.#from = withRoom(this.#from, room);
    this.#length = withRoom(this.#length, room);
    this.#hash = withRoom(this.#hash, room);
    this.#next = withRoom(this.#next, room);
  }

  #growTable(): void {
    const mask = 2 * this.#table.length - 1;
    this.#table = new Int32Array(mask + 1);
    for (let known = 1; known < this.#values.length; known++) {
      let slot = this.#hash[known]! & mask;
      while (this.#table[slot] !== 0) slot = (slot + 1) & mask;
      this.#table[slot] = known;
    }
  }
}

/** Like FNV-1a, but with four bytes at a time, and in 30 bits, which fit a small integer of the engine. */
function hashOf(bytes: DataView, from: number, until: number): number {
  let hash = 0x811c9dc5;
  let at = from;
  for (const last = until - 4; at <= last; at += 4) {
    const word = bytes.getInt32(at, true);
    // Differences in high bits have to reach the low bits as well.
    hash = Math.imul(hash ^ word ^ (word >>> 15), 0x01000193);
  }
  for (; at < until; at++) {
    hash = Math.imul(hash ^ bytes.getUint8(at), 0x01000193);
  }
  return (hash ^ (hash >>> 15)) & 0x3fffffff;
}

function isSame(
  known: DataView,
  start: number,
  bytes: DataView,
  from: number,
  until: number,
): boolean {
  let at = from;
  let to = start;
  let differs = 0;
  // Mostly all bytes are equal: testing every sixteen bytes takes less time than testing each.
  for (const last = until - 16; at <= last && differs === 0; at += 16, to += 16) {
    differs =
      (known.getInt32(to, true) ^ bytes.getInt32(at, true)) |
      (known.getInt32(to + 4, true) ^ bytes.getInt32(at + 4, true)) |
      (known.getInt32(to + 8, true) ^ bytes.getInt32(at + 8, true)) |
      (known.getInt32(to + 12, true) ^ bytes.getInt32(at + 12, true));
  }
  for (; at < until && differs === 0; at++, to++) {
    differs = known.getUint8(to) ^ bytes.getUint8(at);
  }
  return differs === 0;
}
