/**
 * What the processes of a run did that have ended, folded together. Processes that run the same program are in the same
 * places: those are kept once, so that a run may have any number of them. What they cost is added up; of each process only
 * its figures as a whole and the rows of its tracks are its own.
 */
import { Cells } from '../feed/cells';
import { chargeCell } from '../feed/charge';
import { SpareColumns, type Columns } from '../feed/columns';
import { addRow, costOfRow, costRowLength } from '../cost';
import { EndedMemory } from './memory';
import type { LineCosts } from '../feed/lineCosts';
import type { NativeNode, NativeTree } from '../stacks/nativeChains';
import { RowStore } from '../flame/rowStore';
import { SharedStacks } from './sharedStacks';
import type { Cost } from '../types';

/** Beyond these, what is old loses detail: sums stay what they are. */
export interface Limits {
  /** Places of memory that are told apart by the processes they are of, of those that have ended: 250 bytes each. */
  placesApart: number;
  /** Rows of the flame chart with all detail, of threads that have ended and again of those that have not: 28 and 36 bytes each. */
  rows: number;
}

export class EndedProcesses {
  readonly stacks: SharedStacks;
  readonly cells: Cells;
  readonly rows: RowStore;
  readonly memory: EndedMemory;
  /** Nothing will become known of code that is not. */
  readonly isOver = true;
  /** For the processes to come. */
  readonly spare: SpareColumns;
  readonly #total = new Float64Array(costRowLength);

  constructor(
    private readonly lines: LineCosts,
    natives: NativeTree,
    limits: Limits,
  ) {
    this.rows = new RowStore(limits.rows);
    this.stacks = new SharedStacks(lines, natives);
    this.cells = new Cells(natives);
    this.spare = new SpareColumns(lines, natives);
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
    { stacks, natives, cells }: Columns,
    total: Float64Array,
  ): { cellNow: Uint32Array; isKnown: boolean } {
    addRow(this.#total, 0, total, 0);
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
