/**
 * Values decoded from bytes. The same bytes are decoded once, however often they come: processes of one program say much
 * the same, and comparing bytes takes less time than decoding them.
 */
/** Longer bytes are decoded each time. */
const longest = 1 << 16;
/** So many different bytes with the same hash are kept. More of them are crafted to make comparing slow, and are decoded each time. */
const mostAlike = 8;

interface Known<T> {
  readonly bytes: Uint8Array;
  readonly value: T;
  /** The one that came after it the last time. */
  next: Known<T> | undefined;
}

export class KnownBytes<T> {
  readonly #byHash = new Map<number, Known<T>[]>();
  #last: Known<T> | undefined;

  /** The value of bytes [from, until), which `make` makes when they come for the first time. */
  of(bytes: Uint8Array, from: number, until: number, make: () => T): T {
    if (until - from > longest) return make();
    // What one process says after something, others say after that too.
    const next = this.#last?.next;
    if (next && isSame(next.bytes, bytes, from, until)) {
      this.#last = next;
      return next.value;
    }
    const alike = this.#alike(hashOf(bytes, from, until));
    const known = alike.find((of) => isSame(of.bytes, bytes, from, until));
    if (known) return this.#went(known).value;
    const value = make();
    if (alike.length < mostAlike) {
      const added = { bytes: bytes.slice(from, until), value, next: undefined };
      alike.push(added);
      this.#went(added);
    }
    return value;
  }

  #alike(hash: number): Known<T>[] {
    let alike = this.#byHash.get(hash);
    if (!alike) this.#byHash.set(hash, (alike = []));
    return alike;
  }

  /** These bytes came. */
  #went(known: Known<T>): Known<T> {
    if (this.#last) this.#last.next = known;
    this.#last = known;
    return known;
  }
}

/** Like FNV-1a, but of four bytes at a time, in the 30 bits of a number that is not boxed. */
function hashOf(bytes: Uint8Array, from: number, until: number): number {
  let hash = 0x811c9dc5;
  let at = from;
  for (const last = until - 4; at <= last; at += 4) {
    const word =
      bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
    // What differs in high bits only has to reach the low ones as well.
    hash = Math.imul(hash ^ word ^ (word >>> 15), 0x01000193);
  }
  for (; at < until; at++) {
    hash = Math.imul(hash ^ bytes[at]!, 0x01000193);
  }
  return (hash ^ (hash >>> 15)) & 0x3fffffff;
}

function isSame(known: Uint8Array, bytes: Uint8Array, from: number, until: number): boolean {
  const { length } = known;
  if (length !== until - from) return false;
  let at = 0;
  let differs = 0;
  // Mostly all of them are the same: asking after eight bytes takes less time than after each.
  for (let to = from; at <= length - 8 && differs === 0; at += 8, to += 8) {
    differs =
      (known[at]! ^ bytes[to]!) |
      (known[at + 1]! ^ bytes[to + 1]!) |
      (known[at + 2]! ^ bytes[to + 2]!) |
      (known[at + 3]! ^ bytes[to + 3]!) |
      (known[at + 4]! ^ bytes[to + 4]!) |
      (known[at + 5]! ^ bytes[to + 5]!) |
      (known[at + 6]! ^ bytes[to + 6]!) |
      (known[at + 7]! ^ bytes[to + 7]!);
  }
  for (; at < length && differs === 0; at++) {
    differs = known[at]! ^ bytes[from + at]!;
  }
  return differs === 0;
}
