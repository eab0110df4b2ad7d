/**
 * The tables that the numbers in a recording refer to. A process that has ended leaves its columns to the next one:
 * clearing columns is faster than allocating them, and a run can have tens of thousands of processes.
 */
import { Blocks } from '../memory/blocks';
import { Cells } from './cells';
import type { FrameTaker } from '../../recording/records';
import type { LineCosts } from './lineCosts';
import type { SitesRoom } from '../memory/sites';
import { NativeChains, type NativeTree } from '../stacks/nativeChains';
import { PythonStacks } from '../stacks/pythonStacks';

/** Columns with more rows are not kept; and the most columns that are. */
const mostRows = 1 << 12;
const mostSpare = 8;

/** The columns of one process. */
export class Columns implements FrameTaker {
  readonly cells: Cells;
  readonly stacks: PythonStacks;
  readonly natives: NativeChains;
  /** Live blocks of memory. */
  readonly blocks = new Blocks();
  /** The room that the memory sites of the last process took. The process keeps the sites themselves. */
  sitesRoom: SitesRoom | undefined;

  constructor(lines: LineCosts, natives: NativeTree) {
    this.cells = new Cells(natives);
    this.stacks = new PythonStacks(lines);
    this.natives = new NativeChains(natives);
  }

  native(parent: number, module: number, offset: number, exact: boolean): void {
    this.natives.add(parent, module, offset, exact);
  }

  stack(parent: number, code: number, instruction: number, between: number): void {
    this.stacks.add(parent, code, instruction, between);
  }

  get isSmall(): boolean {
    const { cells, stacks, natives, blocks } = this;
    return Math.max(cells.count, stacks.count, natives.count, blocks.most) <= mostRows;
  }

  clear(): void {
    this.cells.clear();
    this.stacks.clear();
    this.natives.clear();
    this.blocks.clear();
  }
}

/** Columns of processes that have ended, for processes to come. */
export class SpareColumns {
  readonly #spare: Columns[] = [];

  constructor(
    private readonly lines: LineCosts,
    private readonly natives: NativeTree,
  ) {}

  /** Columns without content. */
  take(): Columns {
    return this.#spare.pop() ?? new Columns(this.lines, this.natives);
  }

  /** Takes back columns that are no longer in use. */
  giveBack(columns: Columns): void {
    if (this.#spare.length >= mostSpare || !columns.isSmall) return;
    columns.clear();
    this.#spare.push(columns);
  }
}
