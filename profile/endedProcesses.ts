/**
 * What the processes of a run did that have ended, folded together. Processes that run the same program are in the same
 * places: those are kept once, so that a run may have any number of them. What they cost is added up; of each process only
 * its figures as a whole and the rows of its tracks are its own.
 */
import { Cells } from './cells';
import { chargeCell } from './charge';
import { addRow, costOfRow, costRowLength } from './cost';
import { EndedMemory } from './endedMemory';
import type { LineCosts } from './lineCosts';
import type { NativeChains, NativeNode } from './nativeChains';
import type { PythonStacks } from './pythonStacks';
import { RowStore } from './rowStore';
import { SharedStacks } from './sharedStacks';
import type { Cost } from './types';

/** Beyond these, what is old loses detail: sums stay what they are. */
export interface Limits {
  /** Places of memory that are told apart by the processes they are of, of those that have ended: 250 bytes each. */
  placesApart: number;
  /** Rows of the flame chart with all detail, of threads that have ended and again of those that have not: 28 and 36 bytes each. */
  rows: number;
}

/** What a process is given room for from its beginning: growing takes longer than filling. */
export interface Room {
  cells: number;
  stacks: number;
  natives: number;
}

/** Few processes need more, and most of them less. */
const mostRoom = 1 << 12;

export class EndedProcesses {
  readonly stacks: SharedStacks;
  readonly cells = new Cells();
  readonly rows: RowStore;
  readonly memory: EndedMemory;
  /** Nothing will become known of code that is not. */
  readonly isOver = true;
  /** As much as the last one needed. */
  room: Room = { cells: 0, stacks: 0, natives: 0 };
  readonly #total = new Float64Array(costRowLength);

  constructor(
    private readonly lines: LineCosts,
    limits: Limits,
  ) {
    this.rows = new RowStore(limits.rows);
    this.stacks = new SharedStacks(lines);
    this.memory = new EndedMemory(lines, this.stacks, this.cells, limits.placesApart);
  }

  /** Everything sampled in them. */
  get total(): Cost {
    return costOfRow(this.#total, 0);
  }

  /** See PythonStacks.betweenOf. */
  between(stack: number): NativeNode | undefined {
    return this.stacks.between(stack);
  }

  /**
   * Takes over what a process did. Returns what each of its cells is here, and whether all code is known that has cost
   * which was not yet added to lines; that is added with the next settle().
   */
  adopt(
    stacks: PythonStacks,
    natives: NativeChains,
    cells: Cells,
    total: Float64Array,
  ): { cellNow: Uint32Array; isKnown: boolean } {
    addRow(this.#total, 0, total, 0);
    this.room = {
      cells: Math.min(mostRoom, cells.count),
      stacks: Math.min(mostRoom, stacks.count),
      natives: Math.min(mostRoom, natives.count),
    };
    const stackNow = this.stacks.adopt(stacks, natives);
    const cellNow = new Uint32Array(cells.count);
    let isKnown = true;
    for (let cell = 0; cell < cells.count; cell++) {
      const stack = stackNow[cells.stack[cell]!]!;
      cellNow[cell] = this.cells.adopt(cells, cell, stack);
      isKnown &&= !cells.isDirty(cell) || this.stacks.isComplete(stack);
    }
    return { cellNow, isKnown };
  }

  /** Adds to lines and functions what was not added yet. */
  settle(): void {
    for (const cell of this.cells.dirty) {
      chargeCell(this.lines, this.stacks, this.cells, cell);
      this.cells.settled(cell);
    }
    this.cells.dirty = [];
    this.memory.settle();
  }
}
