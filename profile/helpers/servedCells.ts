/**
 * Finds the cells that a helper's sample was for.
 *
 * A helper is taken to work for the thread that runs Python and is inside the same library meanwhile: it computes there as well,
 * or waits there. The library is told by the native frames of both.
 *
 * While nobody is inside the library, a pool that has not slept since somebody was goes on for that call: it finishes the work,
 * or looks for more. The same holds from the moment at which a line made the thread. Results may also be computed before somebody
 * asks for them: what goes on until a thread waits there is that thread's. What a thread does long after any call is on no line.
 */
import type { CallSurroundings } from './callSurroundings';
import type { Cells } from '../feed/cells';
import type { Helper, HelperSample, ServedCells } from './helper';
import { callMargin, type LibraryCalls } from './libraryCalls';
import { isPackageKey } from '../stacks/libraries';
import type { ThreadFeed } from '../feed/threadFeed';
import { firstEndingAt, isUnseen, longestGap, neverSlept, rowsAt } from './threadRows';

/** Who waits for a result does so within this time, ns. */
export const longestLead = 500e6;
/** The threads of a pool are made by one thread within this time, ns. */
const onePool = 10e6;
/** A thread without a core is looked for in so many rows before and after. */
const mostRowsAway = 16;

const nobody: ServedCells = { cells: [], isSure: true, isAfter: false };

/** Knows the threads and the helpers of one process. */
export class ServedCellsFinder {
  constructor(
    private readonly cells: Cells,
    private readonly threads: ReadonlyMap<number, ThreadFeed>,
    private readonly helpers: ReadonlyMap<ThreadFeed, Helper>,
    /** The innermost line of a cell, as far as it is known. */
    private readonly lineOf: (cell: number) => object | undefined,
    private readonly calls: LibraryCalls,
    private readonly surroundings: CallSurroundings,
  ) {}

  /** The cells that a sample was for; undefined while that cannot be said. isLate: more will hardly become known. */
  find(sample: HelperSample, helper: Helper, isLate: boolean): ServedCells | undefined {
    const { packages } = helper.libraries;
    const files = this.#filesOf(helper);
    const own = this.calls.librariesOf(sample.cell);
    const ownFiles = new Set([...own].filter((key) => !isPackageKey(key)));
    // A chain that ends in generated code names no library.
    const within = this.#meanwhile(sample, ownFiles) ?? this.#meanwhile(sample, files);
    if (within) return within;
    const after = this.#after(sample, files);
    if (after) return after;
    // Other code of the package may have nothing to do with a pool of one of its libraries.
    const beside = this.#meanwhile(sample, packages);
    if (beside) return beside;
    if (!isLate) return undefined;
    return (
      this.#awaited(sample, files, packages) ?? this.#asBefore(sample, files, helper) ?? nobody
    );
  }

  /** Libraries that a helper was seen in; if that was in generated code only, those of the helpers that were made with it. */
  #filesOf({ thread: { makerTid, startNs }, libraries }: Helper): ReadonlySet<string> {
    if (libraries.files.size > 0 || makerTid === 0) return libraries.files;
    const siblings = [...this.helpers.values()].filter(
      ({ thread }) => thread.makerTid === makerTid && Math.abs(thread.startNs - startNs) < onePool,
    );
    return new Set(siblings.flatMap((sibling) => [...sibling.libraries.files]));
  }

  /** Where the threads were that were inside a library meanwhile. */
  #meanwhile(sample: HelperSample, libraries: ReadonlySet<string>): ServedCells | undefined {
    if (libraries.size === 0) return undefined;
    // Samples tell where a thread is around their moment: what a row ends with, the next half of a tick does too.
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

  /** The line whose call was the last one into the library, or that made the helper, if the helper has not slept since. */
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
   * The cell of a row. While a thread has no core it is not seen in compiled code, but it is in the same call as when it was
   * seen on that line shortly before or after.
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

  /** Where threads soon wait for what a helper does: it does not sleep until then. */
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
   * A thread that calls the library now and then, and slept where nobody saw it, waited for the helper. In which call is
   * not known: those that the helper worked for lately between the same lines have it in turn, as often as they had it then.
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
    const here = this.surroundings.of(caller, ns, files);
    const likenesses = known.map((served) => {
      if (!served.call) return 0;
      served.surroundings ??= this.surroundings.of(served.call.thread, served.call.ns, files);
      return this.surroundings.likeness(here, served.surroundings);
    });
    const most = Math.max(...likenesses);
    const alike = known.filter((_, index) => likenesses[index] === most);
    const { cells } = alike[helper.guesses++ % alike.length]!;
    return { cells, isSure: false, isAfter: false };
  }

  /** Whether a helper ran, or wanted to, from one moment to another. */
  #neverSlept(thread: ThreadFeed, fromNs: number, untilNs: number): boolean {
    const isQueue = (row: number): boolean => this.cells.top(thread.rowCell[row]!) === 'queue';
    return neverSlept(thread, fromNs, untilNs, isQueue);
  }

  /** The kernel says how long a thread lacked a core, not when: it may as well have slept at that moment. */
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
