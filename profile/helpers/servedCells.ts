/**
 * Finds the cells that a helper's sample was for.
 *
 * A helper is taken to work for a thread that runs Python and is inside the same library at the same time, computing
 * or waiting there. The native frames of both tell the library.
 *
 * A pool that has not slept since a call into its library ended goes on for that call: it finishes the work, or looks
 * for more. The same holds from the moment at which a line created the helper. Results may also be computed before a
 * thread asks for them: what a helper does without a pause until a thread waits for it is that thread's. What it does
 * long after any call is on no line.
 */
import type { CallSurroundings } from './callSurroundings';
import type { Cells } from '../feed/cells';
import type { Helper, HelperSample, ServedCells } from './helper';
import { callMargin, type LibraryCalls } from './libraryCalls';
import { isPackageKey } from '../stacks/libraries';
import type { ThreadFeed } from '../feed/threadFeed';
import { firstEndingAt, isUnseen, longestGap, neverSlept, rowsAt } from './threadRows';

/** A thread that waits for a result begins to wait within this time, ns. */
export const longestLead = 500e6;
/** The threads of a pool are created by one thread within this time, ns. */
const onePool = 10e6;
/** How many rows before and after tell in which call a thread without a core is. */
const mostRowsAway = 16;

const nobody: ServedCells = { cells: [], isSure: true, isAfter: false };

/** For the helpers of one process. */
export class ServedCellsFinder {
  constructor(
    private readonly cells: Cells,
    private readonly threads: ReadonlyMap<number, ThreadFeed>,
    private readonly helpers: ReadonlyMap<ThreadFeed, Helper>,
    /** The innermost line of a cell; undefined if unknown. */
    private readonly lineOf: (cell: number) => object | undefined,
    private readonly calls: LibraryCalls,
    private readonly surroundings: CallSurroundings,
  ) {}

  /** The cells that a sample was for; undefined while that is unknown. isLate: do not wait for more. */
  find(sample: HelperSample, helper: Helper, isLate: boolean): ServedCells | undefined {
    const { packages } = helper.libraries;
    const files = this.#filesOf(helper);
    const own = this.calls.librariesOf(sample.cell);
    const ownFiles = new Set([...own].filter((key) => !isPackageKey(key)));
    // Native frames that end in generated code name no library.
    const within = this.#inCall(sample, ownFiles) ?? this.#inCall(sample, files);
    if (within) return within;
    const after = this.#after(sample, files);
    if (after) return after;
    // Other code of a package may have nothing to do with the pool of one of its libraries, so it is looked at last.
    const beside = this.#inCall(sample, packages);
    if (beside) return beside;
    if (!isLate) return undefined;
    return (
      this.#awaited(sample, files, packages) ?? this.#asBefore(sample, files, helper) ?? nobody
    );
  }

  /**
   * The libraries that a helper's samples were in. If they were in generated code only: those of helpers created with
   * it.
   */
  #filesOf({ thread: { makerTid, startNs }, libraries }: Helper): ReadonlySet<string> {
    if (libraries.files.size > 0 || makerTid === 0) return libraries.files;
    const siblings = [...this.helpers.values()].filter(
      ({ thread }) => thread.makerTid === makerTid && Math.abs(thread.startNs - startNs) < onePool,
    );
    return new Set(siblings.flatMap((sibling) => [...sibling.libraries.files]));
  }

  /** The cells of threads that were inside a library at the same time. */
  #inCall(sample: HelperSample, libraries: ReadonlySet<string>): ServedCells | undefined {
    if (libraries.size === 0) return undefined;
    // A sample tells where a thread is around its moment: what a row ends with goes on for half a tick.
    for (const ns of [sample.timeNs - sample.wallNs / 2, sample.timeNs]) {
      const calls = this.#others(sample.thread, ns).flatMap((thread) =>
        rowsAt(thread, ns)
          .flatMap((row) => this.#cellsOf(thread, row))
          .filter((at) => this.calls.isInside(at, libraries))
          .slice(0, 1)
          .map((cell) => ({ thread, cell })),
      );
      const cells = calls.map(({ cell }) => cell);
      if (calls.length > 1) return { cells, isSure: false, isAfter: false };
      const [only] = calls;
      if (only) return { cells, isSure: true, isAfter: false, call: { thread: only.thread, ns } };
    }
    return undefined;
  }

  /** The cell of the last call into the library, or that created the helper, if the helper has not slept since. */
  #after(sample: HelperSample, files: ReadonlySet<string>): ServedCells | undefined {
    const { thread, timeNs } = sample;
    const calls = this.#others(thread, timeNs).flatMap((other) =>
      this.calls.last(other, timeNs, files),
    );
    calls.push(...this.calls.making(thread, timeNs));
    if (calls.length === 0) return undefined;
    const last = calls.reduce((a, b) => (b.endNs > a.endNs ? b : a));
    const from = Math.min(last.endNs, timeNs);
    if (!this.#neverSlept(thread, from, Math.max(from, timeNs - sample.wallNs))) return undefined;
    const line = this.lineOf(last.cell);
    const isSure = calls.every(
      ({ cell, endNs }) => endNs < last.endNs - callMargin || this.lineOf(cell) === line,
    );
    return { cells: [last.cell], isSure, isAfter: true };
  }

  /**
   * The cells of a row. Of a thread without a core no native frames are known: it is taken to be in the call that it
   * was in on the same line shortly before or after.
   */
  #cellsOf({ rowStart, rowCell, rowCount }: ThreadFeed, row: number): number[] {
    const cell = rowCell[row]!;
    if (this.cells.top(cell) !== 'queue' || this.cells.leaf(cell)) return [cell];
    const line = this.lineOf(cell);
    if (!line) return [];
    for (let away = 1; away <= mostRowsAway; away++) {
      const near = [row - away, row + away].filter(
        (at) =>
          at >= 0 &&
          at < rowCount &&
          Math.abs(rowStart[at]! - rowStart[row]!) < longestGap &&
          this.lineOf(rowCell[at]!) === line &&
          this.cells.top(rowCell[at]!) !== 'queue',
      );
      if (near.length > 0) return near.map((at) => rowCell[at]!);
    }
    return [];
  }

  /** The cells of threads that soon wait for the helper, which does not sleep until then. */
  #awaited(
    { thread, timeNs }: HelperSample,
    files: ReadonlySet<string>,
    packages: ReadonlySet<string>,
  ): ServedCells | undefined {
    const cells = this.#others(thread, timeNs).flatMap((other) => {
      for (let row = firstEndingAt(other, timeNs); row < other.rowCount; row++) {
        const start = other.rowStart[row]!;
        const cell = other.rowCell[row]!;
        if (start > timeNs + longestLead) break;
        if (start < timeNs) continue;
        if (this.calls.isInside(cell, files) || this.calls.isInside(cell, packages)) {
          const waits = this.cells.top(cell) === 'wait';
          return waits && this.#neverSlept(thread, timeNs, start) ? [cell] : [];
        }
      }
      return [];
    });
    return cells.length > 0 ? { cells, isSure: false, isAfter: false } : undefined;
  }

  /**
   * A thread that calls the library now and then, and slept unobserved, waited for the helper. In which of its calls
   * is unknown: those that the helper worked for lately, between the same lines, take turns, as often as they
   * occurred.
   */
  #asBefore(
    { thread, timeNs, wallNs }: HelperSample,
    files: ReadonlySet<string>,
    helper: Helper,
  ): ServedCells | undefined {
    const ns = timeNs - wallNs / 2;
    const caller = this.#others(thread, ns).find(
      (other) =>
        (isUnseen(other, ns) || this.#lacksCore(other, ns)) &&
        this.calls.last(other, ns, files).length > 0,
    );
    const known = helper.recent.filter(({ cells }) => cells.length > 0);
    if (!caller || known.length === 0) return undefined;
    const surroundings = this.surroundings.of(caller, ns, files);
    const likenesses = known.map((served) => {
      if (!served.call) return 0;
      served.surroundings ??= this.surroundings.of(served.call.thread, served.call.ns, files);
      return this.surroundings.likeness(surroundings, served.surroundings);
    });
    const most = Math.max(...likenesses);
    const likeliest = known.filter((_, index) => likenesses[index] === most);
    const { cells } = likeliest[helper.guesses++ % likeliest.length]!;
    return { cells, isSure: false, isAfter: false };
  }

  /** Whether a helper ran, or could have run, from one moment to another. */
  #neverSlept(thread: ThreadFeed, fromNs: number, untilNs: number): boolean {
    const isQueue = (row: number): boolean => this.cells.top(thread.rowCell[row]!) === 'queue';
    return neverSlept(thread, fromNs, untilNs, isQueue);
  }

  /** The kernel tells how long a thread lacked a core, not when: the thread may have slept at that moment. */
  #lacksCore(thread: ThreadFeed, ns: number): boolean {
    const row = rowsAt(thread, ns)[0];
    return row !== undefined && this.cells.top(thread.rowCell[row]!) === 'queue';
  }

  #others(helper: ThreadFeed, ns: number): ThreadFeed[] {
    return [...this.threads.values()].filter(
      (thread) =>
        thread.runsPython &&
        thread !== helper &&
        ns >= thread.startNs &&
        ns <= thread.endNs + longestGap,
    );
  }
}
