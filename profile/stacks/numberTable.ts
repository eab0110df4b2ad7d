/** A map from pairs of numbers to numbers, in few bytes and without an object for each entry. */

/** Slots of a new table; a power of two. */
const firstSlots = 64;

/** The first of a pair is any number from 0 on; the second and the value are integers of 32 bits, the value not 0. */
export class NumberTable {
  #first = new Float64Array(firstSlots);
  /** Second and value, one after the other; a value of 0 is a free slot. At most every second slot is taken. */
  #rest = new Int32Array(2 * firstSlots);
  #count = 0;

  /** The value of a pair; 0: none. */
  get(first: number, second: number): number {
    return this.#rest[2 * this.#slotOf(first, second) + 1]!;
  }

  set(first: number, second: number, value: number): void {
    const slot = this.#slotOf(first, second);
    if (this.#rest[2 * slot + 1] === 0 && ++this.#count * 2 > this.#first.length) {
      this.#grow();
      this.set(first, second, value);
      return;
    }
    this.#first[slot] = first;
    this.#rest[2 * slot] = second;
    this.#rest[2 * slot + 1] = value;
  }

  /** The slot of a pair, or the free slot where it belongs. */
  #slotOf(first: number, second: number): number {
    const mask = this.#first.length - 1;
    let at = hash(first, second) & mask;
    while (
      this.#rest[2 * at + 1] !== 0 &&
      (this.#first[at] !== first || this.#rest[2 * at] !== second)
    ) {
      at = (at + 1) & mask;
    }
    return at;
  }

  #grow(): void {
    const [first, rest] = [this.#first, this.#rest];
    this.#first = new Float64Array(first.length * 2);
    this.#rest = new Int32Array(rest.length * 2);
    this.#count = 0;
    for (let slot = 0; slot < first.length; slot++) {
      if (rest[2 * slot + 1] !== 0) this.set(first[slot]!, rest[2 * slot]!, rest[2 * slot + 1]!);
    }
  }
}

function hash(first: number, second: number): number {
  let mixed = Math.imul(first, 0x9e3779b1) ^ Math.imul(second, 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 15), 0x2c1b3c6d);
  return mixed ^ (mixed >>> 13);
}
