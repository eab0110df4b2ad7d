/**
 * Samples folded into cells: one per different (stack, native chain, kind of call, state). A long run has far fewer
 * cells than samples, so that everything derived from samples is derived from cells.
 */
import { classifyWithoutPython, type Work } from '../stacks/classify';
import { addRow, costRowLength } from '../cost';
import { withRoom } from '../../recording/arrays';
import type { NativeNode, NativeTree } from '../stacks/nativeChains';
import { callKinds, type CallKind } from '../stacks/opcodes';
import { cellTops, type CellTop } from '../../recording/records';

export { cellTops, type CellTop } from '../../recording/records';

/** The work of a cell without any frame. */
const workAlone = classifyWithoutPython([]);

/** Bits of a cell's state: it has cost; some of that was not added to lines yet. */
const hasCost = 1;
const isFresh = 2;

const topNumbers = numbered(cellTops);
const kindNumbers = numbered(callKinds);

/** The cells of one process, or of all that have ended, as columns by cell id; columns are longer than count. */
export class Cells {
  count = 0;
  /** Innermost Python frame, 0 for none. */
  stack = new Int32Array(0);
  /** Cost rows, costRowLength numbers each. */
  total = new Float64Array(0);
  /** The part of total not yet added to lines. */
  fresh = new Float64Array(0);
  /** Cells with fresh cost, each once. */
  dirty: number[] = [];
  /** Native node on top, by its id, 0 for none. */
  #leaf = new Int32Array(0);
  /** kind · 8 + top */
  #variant = new Uint8Array(0);
  /** hasCost and isFresh; most cells of a process whose memory is measured only name a place. */
  #state = new Uint8Array(0);
  /** Open addressing: cell id + 1, 0 is free. Its length is a power of two, at least twice count. */
  #table = new Int32Array(1024);

  constructor(private readonly natives: NativeTree) {}

  /** Id of a cell, made when new. leaf: id of a native node, 0 for none. */
  find(stack: number, leaf: number, kind: CallKind, top: CellTop): number {
    const variant = kindNumbers[kind] * 8 + topNumbers[top];
    const slot = this.#slotOf(stack, leaf, variant);
    const known = this.#table[slot]!;
    return known !== 0 ? known - 1 : this.#add(slot, stack, leaf, variant);
  }

  /**
   * Takes over a cell of another process with its cost, and returns the cell's id here. stack: the id of the cell's
   * stack here. Cost that was not added to lines yet is still to be added here.
   */
  adopt(from: Cells, cell: number, stack: number): number {
    const leaf = from.#leaf[cell]!;
    const variant = from.#variant[cell]!;
    const slot = this.#slotOf(stack, leaf, variant);
    const known = this.#table[slot]!;
    const id = known !== 0 ? known - 1 : this.#add(slot, stack, leaf, variant);
    if (from.#state[cell] === 0) return id;
    this.#state[id]! |= hasCost;
    addRow(this.total, id * costRowLength, from.total, cell * costRowLength);
    if (from.isDirty(cell)) {
      addRow(this.fresh, id * costRowLength, from.fresh, cell * costRowLength);
      this.#touch(id);
    }
    return id;
  }

  /** The slot of a cell in the table, or the free slot where it belongs. */
  #slotOf(stack: number, leaf: number, variant: number): number {
    const mask = this.#table.length - 1;
    let at = hash(stack, leaf, variant) & mask;
    for (let entry = this.#table[at]!; entry !== 0; entry = this.#table[at]!) {
      const id = entry - 1;
      if (this.stack[id] === stack && this.#leaf[id] === leaf && this.#variant[id] === variant) {
        break;
      }
      at = (at + 1) & mask;
    }
    return at;
  }

  #add(slot: number, stack: number, leaf: number, variant: number): number {
    const id = this.count++;
    if (this.count > this.stack.length) this.#growColumns(this.count);
    this.stack[id] = stack;
    this.#variant[id] = variant;
    this.#leaf[id] = leaf;
    this.#table[slot] = id + 1;
    if (this.count * 2 > this.#table.length) {
      this.#growTable();
    }
    return id;
  }

  /** What tops a cell's Python frames. */
  top(id: number): CellTop {
    return cellTops[this.#variant[id]! & 7]!;
  }

  /** Its innermost native frame. */
  leaf(id: number): NativeNode | undefined {
    return this.natives.get(this.#leaf[id]!);
  }

  /**
   * Whose work the CPU time outside the kernel is. Only the frames of a running thread tell; a thread that waits has
   * done little.
   */
  work(id: number): Work {
    const top = this.top(id);
    if (top === 'running' || top === 'system') return this.reach(id);
    return this.stack[id] === 0 ? workAlone : 'python';
  }

  /** Whose code a cell's native frames are, whether the thread ran or waited. */
  reach(id: number): Work {
    const leaf = this.leaf(id);
    if (this.stack[id] === 0) return leaf?.workAlone ?? workAlone;
    return leaf?.work(callKinds[this.#variant[id]! >> 3]!) ?? 'python';
  }

  /** Adds a cost row. */
  add(id: number, cost: Float64Array): void {
    this.#state[id]! |= hasCost;
    addRow(this.total, id * costRowLength, cost, 0);
    addRow(this.fresh, id * costRowLength, cost, 0);
    this.#touch(id);
  }

  #touch(id: number): void {
    if (!this.isDirty(id)) {
      this.#state[id]! |= isFresh;
      this.dirty.push(id);
    }
  }

  /** Whether a cell has cost that was not added to lines yet. */
  isDirty(id: number): boolean {
    return (this.#state[id]! & isFresh) !== 0;
  }

  /** The fresh cost of a cell was added to lines. */
  settled(id: number): void {
    this.#state[id]! &= ~isFresh;
    this.fresh.fill(0, id * costRowLength, (id + 1) * costRowLength);
  }

  /** Forgets everything, so that another process can use the columns. */
  clear(): void {
    this.total.fill(0, 0, this.count * costRowLength);
    this.fresh.fill(0, 0, this.count * costRowLength);
    this.#state.fill(0, 0, this.count);
    this.#table.fill(0);
    this.dirty = [];
    this.count = 0;
  }

  #growColumns(needed: number): void {
    this.stack = withRoom(this.stack, needed);
    const room = this.stack.length;
    this.#variant = withRoom(this.#variant, room);
    this.#leaf = withRoom(this.#leaf, room);
    this.#state = withRoom(this.#state, room);
    this.total = withRoom(this.total, room * costRowLength);
    this.fresh = withRoom(this.fresh, room * costRowLength);
  }

  #growTable(): void {
    const mask = this.#table.length * 2 - 1;
    this.#table = new Int32Array(mask + 1);
    for (let id = 0; id < this.count; id++) {
      let at = hash(this.stack[id]!, this.#leaf[id]!, this.#variant[id]!) & mask;
      while (this.#table[at] !== 0) {
        at = (at + 1) & mask;
      }
      this.#table[at] = id + 1;
    }
  }
}

function hash(stack: number, leaf: number, variant: number): number {
  let mixed = Math.imul(stack, 0x9e3779b1) ^ Math.imul(leaf, 0x85ebca6b) ^ (variant << 24);
  mixed = Math.imul(mixed ^ (mixed >>> 15), 0x2c1b3c6d);
  return (mixed ^ (mixed >>> 13)) >>> 0;
}

function numbered<T extends string>(names: readonly T[]): Record<T, number> {
  return Object.fromEntries(names.map((name, index) => [name, index])) as Record<T, number>;
}
