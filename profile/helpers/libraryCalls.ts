/** Which threads are or were inside a library, and which thread created another, as far as samples tell. */
import type { Cells } from '../feed/cells';
import type { ThreadFeed } from '../feed/threadFeed';
import { firstEndingAt, rowsAt } from './threadRows';

/** A pool is taken to work for a call for at most this long after its end, ns; Intel's OpenMP looks for work for 200 ms. */
const longestAfter = 500e6;
/** Calls that end further apart than this, ns, are different calls: two ticks. */
export const callMargin = 10e6;

const none: ReadonlySet<string> = new Set();

/** A call into a library that is over. */
export interface Call {
  cell: number;
  endNs: number;
}

/** The calls of one process into libraries. */
export class LibraryCalls {
  constructor(
    private readonly cells: Cells,
    private readonly threads: ReadonlyMap<number, ThreadFeed>,
  ) {}

  /** The last call of a thread into a library before a moment, and calls that ended shortly before that one. */
  last(thread: ThreadFeed, ns: number, libraries: ReadonlySet<string>): Call[] {
    const { rowStart, rowWall, rowCell, rowCount } = thread;
    const calls: Call[] = [];
    let earliest = ns - longestAfter;
    for (let row = Math.min(firstEndingAt(thread, ns), rowCount - 1); row >= 0; row--) {
      const endNs = rowStart[row]! + rowWall[row]!;
      if (endNs < earliest) break;
      if (rowStart[row]! > ns || !this.isInside(rowCell[row]!, libraries)) continue;
      calls.push({ cell: rowCell[row]!, endNs });
      earliest = Math.max(earliest, calls[0]!.endNs - callMargin);
    }
    return calls;
  }

  /** The place that created a helper, if that was not long ago. */
  making({ makerTid, startNs }: ThreadFeed, ns: number): Call[] {
    if (makerTid === 0 || ns - startNs > longestAfter) return [];
    const maker = [...this.threads.values()].findLast(
      (thread) => thread.tid === makerTid && thread.startNs <= startNs,
    );
    const row = maker && rowsAt(maker, startNs)[0];
    const cell = row === undefined ? undefined : maker!.rowCell[row]!;
    const isLine = cell !== undefined && this.cells.stack[cell] !== 0;
    return isLine ? [{ cell, endNs: startNs }] : [];
  }

  isInside(cell: number, libraries: ReadonlySet<string>): boolean {
    if (this.cells.stack[cell] === 0) return false;
    for (const key of this.librariesOf(cell)) {
      if (libraries.has(key)) return true;
    }
    return false;
  }

  librariesOf(cell: number): ReadonlySet<string> {
    return this.cells.leaf(cell)?.libraries ?? none;
  }
}
