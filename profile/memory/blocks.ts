/** The blocks of memory of one process that are alive, as columns: a program can have millions of them. */
import { withRoom } from '../../recording/arrays';
import type { ReservedPart } from '../../recording/memoryRecords';

/** What is known of one; bytes are what it stands for. */
export interface Block {
  site: number;
  bytes: number;
  variance: number;
  /** Of a mapping that was reserved. */
  reserved: ReservedPart | undefined;
}

/** Blocks are found by their numbers; a block's place in the columns is its own until it is removed. */
export class Blocks {
  site = new Int32Array(0);
  /** What a block stands for, and the expected square of its error. */
  bytes = new Float64Array(0);
  variance = new Float64Array(0);
  /** By number, of those that are such mappings. */
  readonly reserved = new Map<number, ReservedPart>();
  #number = new Float64Array(0);
  #room = 0;
  /** Places that were ever taken, and those of them that are free again: the first one, each with the next in its site column. */
  #used = 0;
  #free = -1;
  #count = 0;
  /** Open addressing: place + 1, 0 is free. Its length is a power of two, at least twice the count. */
  #table = new Int32Array(64);
  /** 32 − log₂ of that length. */
  #shift = 26;

  /** Adds a block that stands for nothing yet. Returns its place. */
  add(number: number, site: number): number {
    let place = this.#free;
    if (place >= 0) {
      this.#free = this.site[place]!;
    } else {
      place = this.#used++;
      if (place >= this.#room) this.#growColumns();
    }
    this.#number[place] = number;
    this.site[place] = site;
    this.bytes[place] = 0;
    this.variance[place] = 0;
    if (++this.#count * 2 > this.#table.length) this.#growTable();
    this.#enter(place);
    return place;
  }

  /** The place of a block, −1 for one that is not alive. */
  find(number: number): number {
    const slot = this.#slotOf(number);
    return slot < 0 ? -1 : this.#table[slot]! - 1;
  }

  remove(number: number): void {
    let slot = this.#slotOf(number);
    if (slot < 0) return;
    const place = this.#table[slot]! - 1;
    this.site[place] = this.#free;
    this.#free = place;
    this.#count--;
    this.reserved.delete(number);
    // Those behind it move up, as far as that brings them no nearer than where they are looked for from.
    const mask = this.#table.length - 1;
    for (let at = (slot + 1) & mask; this.#table[at] !== 0; at = (at + 1) & mask) {
      const home = this.#homeOf(this.#number[this.#table[at]! - 1]!);
      if (((at - home) & mask) >= ((at - slot) & mask)) {
        this.#table[slot] = this.#table[at]!;
        slot = at;
      }
    }
    this.#table[slot] = 0;
  }

  /** Tells of all blocks that are alive, in the order of their numbers. */
  each(tell: (number: number, block: Block) => void): void {
    const places = [...this.#table].filter((entry) => entry !== 0).map((entry) => entry - 1);
    places.sort((a, b) => this.#number[a]! - this.#number[b]!);
    for (const place of places) {
      const number = this.#number[place]!;
      const reserved = this.reserved.get(number);
      const [bytes, variance] = [this.bytes[place]!, this.variance[place]!];
      tell(number, { site: this.site[place]!, bytes, variance, reserved });
    }
  }

  /** Forgets all, for another process. */
  clear(): void {
    this.reserved.clear();
    this.#table.fill(0);
    this.#used = 0;
    this.#free = -1;
    this.#count = 0;
  }

  /** How many were ever there at once. */
  get most(): number {
    return this.#used;
  }

  #slotOf(number: number): number {
    const mask = this.#table.length - 1;
    for (let at = this.#homeOf(number); this.#table[at] !== 0; at = (at + 1) & mask) {
      if (this.#number[this.#table[at]! - 1] === number) return at;
    }
    return -1;
  }

  /** Numbers follow one another: multiplied, those that live long are not all in one place. */
  #homeOf(number: number): number {
    return Math.imul(number, 0x9e3779b1) >>> this.#shift;
  }

  #enter(place: number): void {
    const mask = this.#table.length - 1;
    let at = this.#homeOf(this.#number[place]!);
    while (this.#table[at] !== 0) at = (at + 1) & mask;
    this.#table[at] = place + 1;
  }

  #growColumns(): void {
    this.site = withRoom(this.site, this.#used);
    this.#room = this.site.length;
    this.bytes = withRoom(this.bytes, this.#room);
    this.variance = withRoom(this.variance, this.#room);
    this.#number = withRoom(this.#number, this.#room);
  }

  #growTable(): void {
    const before = this.#table;
    this.#table = new Int32Array(before.length * 2);
    this.#shift--;
    for (const entry of before) {
      if (entry !== 0) this.#enter(entry - 1);
    }
  }
}
