/**
 * By how much values changed in each slice of time; at most 256 slices. Most values change in very few slices: only
 * those are kept, as a list for each value, newest first.
 */
import { trimmed, withRoom } from '../../recording/arrays';

/** Changes of rows 0, 1, 2, … */
export class Changes {
  /** By row: its newest change plus 1; 0: none. */
  #newest = new Int32Array(0);
  /** By change: its slice, the amount, and the change of the row before it plus 1. */
  #slice = new Uint8Array(0);
  #by = new Float64Array(0);
  #before = new Int32Array(0);
  #room = 0;
  #count = 0;
  /** The first free change plus 1; each free one has the next in its before column. */
  #free = 0;

  /** rows, changes: how many of each there is room for from the beginning. */
  constructor(rows = 0, changes = 0) {
    if (rows > 0) this.#newest = new Int32Array(rows);
    if (changes > 0) this.#growColumns(changes);
  }

  get count(): number {
    return this.#count;
  }

  /** No more changes will come. */
  trim(): void {
    this.#slice = trimmed(this.#slice, this.#count);
    this.#room = this.#slice.length;
    this.#by = trimmed(this.#by, this.#room);
    this.#before = trimmed(this.#before, this.#room);
  }

  /** Adds to a row's change in a slice; mostly that is its newest change. */
  add(row: number, slice: number, by: number): void {
    if (row >= this.#newest.length) this.#newest = withRoom(this.#newest, row + 1);
    let after = 0;
    let at = this.#newest[row]!;
    while (at !== 0 && this.#slice[at - 1]! > slice) {
      after = at;
      at = this.#before[at - 1]!;
    }
    if (at !== 0 && this.#slice[at - 1] === slice) {
      this.#by[at - 1]! += by;
      return;
    }
    const change = this.#take();
    this.#slice[change - 1] = slice;
    this.#by[change - 1] = by;
    this.#before[change - 1] = at;
    if (after === 0) this.#newest[row] = change;
    else this.#before[after - 1] = change;
  }

  /** Makes one slice of each pair. */
  join(): void {
    for (const newest of this.#newest) {
      for (let at = newest; at !== 0; at = this.#before[at - 1]!) {
        const slice = this.#slice[at - 1]! >> 1;
        this.#slice[at - 1] = slice;
        const other = this.#before[at - 1]!;
        if (other === 0 || this.#slice[other - 1]! >> 1 !== slice) continue;
        this.#by[at - 1]! += this.#by[other - 1]!;
        this.#before[at - 1] = this.#before[other - 1]!;
        this.#before[other - 1] = this.#free;
        this.#free = other;
      }
    }
  }

  /** Calls back for each slice in which a row changed, the newest first. */
  each(row: number, visit: (slice: number, by: number) => void): void {
    let at = this.#newest[row] ?? 0;
    for (; at !== 0; at = this.#before[at - 1]!) {
      if (this.#by[at - 1] !== 0) visit(this.#slice[at - 1]!, this.#by[at - 1]!);
    }
  }

  #take(): number {
    const free = this.#free;
    if (free !== 0) {
      this.#free = this.#before[free - 1]!;
      return free;
    }
    if (this.#count === this.#room) this.#growColumns(this.#count + 1);
    return ++this.#count;
  }

  #growColumns(needed: number): void {
    this.#slice = withRoom(this.#slice, needed);
    this.#room = this.#slice.length;
    this.#by = withRoom(this.#by, this.#room);
    this.#before = withRoom(this.#before, this.#room);
  }
}
