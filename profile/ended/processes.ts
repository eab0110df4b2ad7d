/**
 * The processes of a run that have ended, folded together. Processes that run the same program have the same places,
 * which are kept once, so that a run may have any number of processes. Only the figures of a process as a whole and
 * the rows of its tracks stay its own.
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

/** Beyond these limits old data loses detail, while sums stay exact. */
export interface Limits {
  /** How many memory sites of ended processes are kept apart by process: 250 bytes each. */
  placesApart: number;
  /**
   * How many rows of the flame chart keep all detail, of threads that have ended (28 bytes each), and as many again
   * of those that have not (36 bytes).
   */
  rows: number;
}

/** Takes over the cells of each process that ends; from then on, lines and functions are charged from here. */
export class EndedProcesses {
  readonly stacks: SharedStacks;
  readonly cells: Cells;
  readonly rows: RowStore;
  readonly memory: EndedMemory;
  /** Code that is unknown stays unknown. */
  readonly isOver = true;
  /** Columns for processes to come. */
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

  /** The cost of everything sampled in them. */
  get total(): Cost {
    return costOfRow(this.#total, 0);
  }

  /** See PythonStacks.betweenOf. */
  between(stack: number): NativeNode | undefined {
    return this.stacks.between(stack);
  }

  /**
   * Takes over the cells of a process. cellNow: by cell, its id here. isKnown: whether the code of all cost that was
   * not added to lines yet is known; settle() will add that cost.
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

  /** Adds fresh cost to lines and functions. */
  settle(): void {
    for (const cell of this.cells.dirty) {
      chargeCell(this.lines, this.stacks, this.cells, cell);
      this.cells.settled(cell);
    }
    this.cells.dirty = [];
    this.memory.settle();
  }
}
