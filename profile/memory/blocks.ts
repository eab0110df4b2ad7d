/** The live blocks of memory of one process, as columns: a program can have millions of them. */
import { withRoom } from '../../recording/arrays';
import type { ReservedPart } from '../../recording/memoryRecords';

/** A live block; bytes are what it stands for. */
export interface Block {
  site: number;
  bytes: number;
  variance: number;
  /** Of a mapping that was reserved. */
  reserved: ReservedPart | undefined;
}

/** Blocks are found by their numbers. The index of a block in the columns is its own until it is removed. */
export class Blocks {
  site = new Int32Array(0);
  /** What a block stands for, and the expected square of its error. */
  bytes = new Float64Array(0);
  variance = new Float64Array(0);
  /** By number: the touched part, of blocks that are reserved mappings. */
  readonly reserved = new Map<number, ReservedPart>();
  #number = new Float64Array(0);
  #room = 0;
  /**
   * How many indexes were ever used, and the first one that is free again; each free one has the next in its site
   * column.
   */
  #used = 0;
  #free = -1;
  #count = 0;
  /** Open addressing: index + 1, 0 is free. Its length is a power of two, at least twice the count. */
  #table = new Int32Array(64);
  /** 32 − log₂ of that length. */
  #shift = 26;

  /** Adds a block that stands for nothing yet. Returns its index. */
  add(number: number, site: number): number {
    let index = this.#free;
    if (index >= 0) {
      this.#free = this.site[index]!;
    } else {
      index = this.#used++;
      if (index >= this.#room) this.#growColumns();
    }
    this.#number[index] = number;
    this.site[index] = site;
    this.bytes[index] = 0;
    this.variance[index] = 0;
    if (++this.#count * 2 > this.#table.length) this.#growTable();
    this.#enter(index);
    return index;
  }

  /** The index of a block; −1: it is not alive. */
  find(number: number): number {
    const slot = this.#slotOf(number);
    return slot < 0 ? -1 : this.#table[slot]! - 1;
  }

  remove(number: number): void {
    let slot = this.#slotOf(number);
    if (slot < 0) return;
    const index = this.#table[slot]! - 1;
    this.site[index] = this.#free;
    this.#free = index;
    this.#count--;
    this.reserved.delete(number);
    // Entries behind the gap move up, as long as they stay at or behind the slot where their search begins.
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

  /** Calls back for every live block, in the order of their numbers. */
  each(visit: (number: number, block: Block) => void): void {
    const indexes = [...this.#table].filter((entry) => entry !== 0).map((entry) => entry - 1);
    indexes.sort((a, b) => this.#number[a]! - this.#number[b]!);
    for (const index of indexes) {
      const number = this.#number[index]!;
      const reserved = this.reserved.get(number);
      const [bytes, variance] = [this.bytes[index]!, this.variance[index]!];
      visit(number, { site: this.site[index]!, bytes, variance, reserved });
    }
  }

  /** Forgets everything, so that another process can use the columns. */
  clear(): void {
    this.reserved.clear();
    this.#table.fill(0);
    this.#used = 0;
    this.#free = -1;
    this.#count = 0;
  }

  /** The largest number of blocks that were alive at once. */
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

  /** Numbers are consecutive; multiplying spreads blocks that live long over the table. */
  #homeOf(number: number): number {
    return Math.imul(number, 0x9e3779b1) >>> this.#shift;
  }

  #enter(index: number): void {
    const mask = this.#table.length - 1;
    let at = this.#homeOf(this.#number[index]!);
    while (this.#table[at] !== 0) at = (at + 1) & mask;
    this.#table[at] = index + 1;
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
