/**
 * What the numbers in one recording mean. A process that has ended leaves these columns to the next one: emptying them takes
 * less time than making them, and a run can have tens of thousands of processes.
 */
import { Blocks } from '../memory/blocks';
import { Cells } from './cells';
import type { FrameTaker } from '../../recording/records';
import type { LineCosts } from './lineCosts';
import type { SitesRoom } from '../memory/sites';
import { NativeChains, type NativeTree } from '../stacks/nativeChains';
import { PythonStacks } from '../stacks/pythonStacks';

/** Larger ones are not kept, and of those that are no more than so many. */
const mostRows = 1 << 12;
const mostSpare = 8;

export class Columns implements FrameTaker {
  readonly cells: Cells;
  readonly stacks: PythonStacks;
  readonly natives: NativeChains;
  /** Of memory that is alive. */
  readonly blocks = new Blocks();
  /** As much as the places of memory of the last process took: those it keeps. */
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

export class SpareColumns {
  readonly #spare: Columns[] = [];

  constructor(
    private readonly lines: LineCosts,
    private readonly natives: NativeTree,
  ) {}

  /** Empty ones. */
  take(): Columns {
    return this.#spare.pop() ?? new Columns(this.lines, this.natives);
  }

  /** Nobody uses these any more. */
  giveBack(columns: Columns): void {
    if (this.#spare.length >= mostSpare || !columns.isSmall) return;
    columns.clear();
    this.#spare.push(columns);
  }
}
