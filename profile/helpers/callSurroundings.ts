/**
 * What a thread did before and after a call into a library. Programs mostly make the same call between the same
 * lines, so that a call without samples is recognized by its neighbours.
 */
import type { Cells } from '../feed/cells';
import type { LibraryCalls } from './libraryCalls';
import type { ThreadFeed } from '../feed/threadFeed';
import { firstEndingAt, longestGap } from './threadRows';

/** The lines of a stack, outermost first. */
type Path = readonly object[];

/** Where a thread was last before a call and first after it; empty where that is not known. */
export interface Surroundings {
  before: Path;
  after: Path;
}

/** Finds and compares surroundings of calls of one process. */
export class CallSurroundings {
  constructor(
    private readonly cells: Cells,
    private readonly calls: LibraryCalls,
    private readonly pathOf: (cell: number) => Path,
  ) {}

  /** The surroundings of the call that a thread was in at a moment; libraries: those that the call is into. */
  of(thread: ThreadFeed, ns: number, libraries: ReadonlySet<string>): Surroundings {
    const { rowStart, rowWall, rowGap, rowCell, rowCount } = thread;
    const isElsewhere = (row: number): boolean =>
      this.cells.top(rowCell[row]!) !== 'queue' && !this.calls.isInside(rowCell[row]!, libraries);
    // A row may contain the sleep that the moment lies in; such a row counts as before the call.
    const isBefore = (row: number): boolean => rowStart[row]! + rowGap[row]! < ns;
    const at = firstEndingAt(thread, ns);
    let before: Path = [];
    for (let row = Math.min(at, rowCount - 1); row >= 0; row--) {
      if (ns - rowStart[row]! - rowWall[row]! > longestGap) break;
      if (!isBefore(row) || !isElsewhere(row)) continue;
      before = this.pathOf(rowCell[row]!);
      break;
    }
    let after: Path = [];
    for (let row = at; row < rowCount; row++) {
      if (rowStart[row]! - ns > longestGap) break;
      if (isBefore(row) || !isElsewhere(row)) continue;
      after = this.pathOf(rowCell[row]!);
      break;
    }
    return { before, after };
  }

  /** How many frames of the stacks are equal, counted from the outermost. */
  likeness(a: Surroundings, b: Surroundings): number {
    return sameFrames(a.before, b.before) + sameFrames(a.after, b.after);
  }
}

function sameFrames(a: Path, b: Path): number {
  let same = 0;
  while (same < a.length && same < b.length && a[same] === b[same]) same++;
  return same;
}
