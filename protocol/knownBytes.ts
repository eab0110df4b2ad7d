/**
 * Values decoded from bytes. The same bytes are decoded once, however often they come: processes of one program say much
 * the same, and comparing bytes takes less time than decoding them.
 */
/** Longer bytes are decoded each time. */
const longest = 1 << 16;
/** So many different bytes with the same hash are kept. More of them are crafted to make comparing slow, and are decoded each time. */
const mostAlike = 8;

export class KnownBytes<T> {
  readonly #byHash = new Map<number, { bytes: Uint8Array; value: T }[]>();

  /** The value of bytes [from, until), which `make` makes when they come for the first time. */
  of(bytes: Uint8Array, from: number, until: number, make: () => T): T {
    if (until - from > longest) return make();
    const hash = hashOf(bytes, from, until);
    const alike = this.#byHash.get(hash);
    for (const known of alike ?? []) {
      if (isSame(known.bytes, bytes, from, until)) return known.value;
    }
    const value = make();
    if (!alike) this.#byHash.set(hash, [{ bytes: bytes.slice(from, until), value }]);
    else if (alike.length < mostAlike) alike.push({ bytes: bytes.slice(from, until), value });
    return value;
  }
}

/** FNV-1a, in the 30 bits of a number that is not boxed. */
function hashOf(bytes: Uint8Array, from: number, until: number): number {
  let hash = 0x811c9dc5;
  for (let at = from; at < until; at++) {
    hash = Math.imul(hash ^ bytes[at]!, 0x01000193);
  }
  return (hash ^ (hash >>> 15)) & 0x3fffffff;
}

function isSame(known: Uint8Array, bytes: Uint8Array, from: number, until: number): boolean {
  if (known.length !== until - from) return false;
  for (let at = 0; at < known.length; at++) {
    if (known[at] !== bytes[from + at]) return false;
  }
  return true;
}
