/**
 * For which lines threads without Python code work: pools of OpenMP, BLAS, Eigen, Rayon and their like.
 *
 * Such a thread is taken to work for the thread that runs Python and is inside the same library meanwhile: it computes
 * there as well, or waits there. The library is told by the native frames of both.
 *
 * Results may also be computed before somebody asks for them, while nobody is inside the library: what goes on until a
 * thread waits there is that thread's. Other work is on no line: a pool that spins after its work is done works for
 * nobody, and a guess would be worse than to say so.
 */
import type { Cells } from './cells';
import { costRow, costRowLength } from './cost';
import type { SampleRecord } from './records';
import type { ThreadFeed } from './threadFeed';

/** A thread that waits says so this long after the fact at most, ns. */
const latest = 500e6;
/** A thread that nobody saw for longer than this may have been anywhere, ns. */
const longestGap = 500e6;
/** Who waits for a result does so within this time, ns. */
const longestLead = 500e6;
/** Work with a longer pause in it is not one piece, ns. */
const longestPause = 50e6;
/** A thread without a core is looked for in so many rows before and after. */
const mostRowsAway = 16;
/** How many samples of a thread share what is left of its CPU time in the end; as many as the agent takes. */
const recentSamples = 8;

/** A sample of a helper. */
export interface HelperSample {
  thread: ThreadFeed;
  cell: number;
  timeNs: number;
  wallNs: number;
  cpuNs: number;
  /** CPU time that was left over in the end, not an observation. */
  remainder: boolean;
  /** What it is counted as while nobody is known for whom it was. */
  cost: Float64Array;
}

/** What is known of a helper. */
interface Helper {
  /** Every library that it was seen in. */
  libraries: Set<string>;
  /** For which cells its last samples were. */
  recent: (readonly number[])[];
  remainders: number;
}

const none: ReadonlySet<string> = new Set();

/** Decides which lines the helpers of one process work for. */
export class HelperWork {
  #pending: HelperSample[] = [];
  readonly #helpers = new Map<ThreadFeed, Helper>();
  /** Which of several lines a sample is counted for. */
  #turn = 0;

  constructor(
    private readonly cells: Cells,
    private readonly threads: ReadonlyMap<number, ThreadFeed>,
    /** The innermost line of a cell, as far as it is known. */
    private readonly lineOf: (cell: number) => object | undefined,
    /** Takes the part of a sample that was for a cell, as a cost row; undefined: it was for nobody. */
    private readonly charge: (
      sample: HelperSample,
      cell: number | undefined,
      row: Float64Array,
    ) => void,
  ) {}

  /** A helper's sample, and what it costs as its own thread's. */
  sample(thread: ThreadFeed, cell: number, sample: SampleRecord, cost: Float64Array): void {
    let helper = this.#helpers.get(thread);
    if (!helper) {
      helper = { libraries: new Set(), recent: [], remainders: 0 };
      this.#helpers.set(thread, helper);
    }
    for (const key of this.#librariesOf(cell)) {
      helper.libraries.add(key);
    }
    const { timeNs, wallNs, cpuNs, remainder } = sample;
    this.#pending.push({ thread, cell, timeNs, wallNs, cpuNs, remainder, cost: cost.slice() });
  }

  /** Decides about what has become known, at a moment of the process. isFinal: nothing more will come. */
  settle(nowNs: number, isFinal: boolean): void {
    const later: HelperSample[] = [];
    for (const sample of this.#pending) {
      const age = isFinal ? Infinity : nowNs - sample.timeNs;
      const places = age < latest ? undefined : this.#placesOf(sample, age >= latest + longestLead);
      if (places) {
        this.#divide(sample, places);
      } else {
        later.push(sample);
      }
    }
    this.#pending = later;
  }

  /** The cells that a sample was for; undefined while that cannot be said. */
  #placesOf(sample: HelperSample, isLate: boolean): Places | undefined {
    const helper = this.#helpers.get(sample.thread)!;
    if (sample.remainder) {
      // Of the samples before it, each in turn.
      const { recent } = helper;
      return { cells: recent[helper.remainders++ % recent.length] ?? [], isSure: true };
    }
    let cells = this.#meanwhile(sample, helper);
    const isMeanwhile = cells.length > 0;
    if (!isMeanwhile && !isLate) {
      return undefined;
    }
    if (!isMeanwhile) {
      cells = this.#awaited(sample, helper);
    }
    helper.recent = [...helper.recent, cells].slice(-recentSamples);
    return { cells, isSure: isMeanwhile && cells.length === 1 };
  }

  /** Where the threads were that were inside the library meanwhile. */
  #meanwhile({ thread, cell, timeNs, wallNs }: HelperSample, helper: Helper): number[] {
    // Samples tell where a thread is around their moment: what a row ends with, the next half of a tick does too.
    for (const ns of [timeNs - wallNs / 2, timeNs]) {
      // A chain that ends in generated code names no library.
      for (const libraries of [this.#librariesOf(cell), helper.libraries]) {
        const found = this.#others(thread, ns).flatMap((other) =>
          rowsAt(other, ns)
            .flatMap((row) => this.#cellsOf(other, row))
            .filter((at) => this.#isInside(at, libraries))
            .slice(0, 1),
        );
        if (found.length > 0) return found;
      }
    }
    return [];
  }

  /**
   * The cell of a row. While a thread has no core it is not seen in compiled code, but it is in the same call as when it was
   * seen on that line shortly before or after.
   */
  #cellsOf({ rowStart, rowCell, rowCount }: ThreadFeed, row: number): number[] {
    const cell = rowCell[row]!;
    if (this.cells.top(cell) !== 'queue' || this.cells.leaf[cell]) return [cell];
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

  /** Where threads soon wait for what a helper does: it does not pause until then. */
  #awaited({ thread, timeNs }: HelperSample, helper: Helper): number[] {
    return this.#others(thread, timeNs).flatMap((other) => {
      for (let row = firstEndingAt(other, timeNs); row < other.rowCount; row++) {
        const start = other.rowStart[row]!;
        const cell = other.rowCell[row]!;
        if (start > timeNs + longestLead) break;
        if (start >= timeNs && this.#isInside(cell, helper.libraries)) {
          const waits = this.cells.top(cell) === 'wait';
          return waits && isAtWork(thread, timeNs, start) ? [cell] : [];
        }
      }
      return [];
    });
  }

  #others(helper: ThreadFeed, ns: number): ThreadFeed[] {
    return [...this.threads.values()].filter(
      (thread) => thread !== helper && ns >= thread.startNs && ns <= thread.endNs + longestGap,
    );
  }

  #isInside(cell: number, libraries: ReadonlySet<string>): boolean {
    if (this.cells.stack[cell] === 0) return false;
    for (const key of this.#librariesOf(cell)) {
      if (libraries.has(key)) return true;
    }
    return false;
  }

  #librariesOf(cell: number): ReadonlySet<string> {
    return this.cells.leaf[cell]?.libraries ?? none;
  }

  #divide(sample: HelperSample, { cells, isSure }: Places): void {
    const row = new Float64Array(costRowLength);
    if (cells.length === 0) {
      this.charge(sample, undefined, row);
      return;
    }
    const counted = this.#turn++ % cells.length;
    cells.forEach((cell, index) => {
      row[costRow.helper] = sample.cpuNs / cells.length;
      row[costRow.unsure] = isSure && cells.length === 1 ? 0 : row[costRow.helper]!;
      row[costRow.samples] = index === counted ? sample.cost[costRow.samples]! : 0;
      this.charge(sample, cell, row);
    });
  }
}

interface Places {
  cells: readonly number[];
  /** No other line comes into question. */
  isSure: boolean;
}

/**
 * The rows in which a thread may have been at a moment, likeliest first: the one that covers it. Where nobody saw the
 * thread, it was where it had been before or where it is met next, by what is nearer; what waits may do so until it gets
 * a core again.
 */
function rowsAt(thread: ThreadFeed, ns: number): number[] {
  const { rowStart, rowWall, rowGap, rowCpu, rowCount } = thread;
  const next = firstEndingAt(thread, ns);
  const from = next < rowCount ? rowStart[next]! + rowGap[next]! : Infinity;
  if (from <= ns) {
    return [next];
  }
  const before = next - 1;
  const until = before < 0 ? -Infinity : rowStart[before]! + rowWall[before]!;
  const near: number[] = [];
  if (ns - until < longestGap) near.push(before);
  if (from - ns < longestGap) near.push(next);
  if (ns - until > from - ns) {
    near.reverse();
  }
  const waits = before >= 0 && rowCpu[before] === 0;
  return waits ? near : near.slice(0, 1);
}

/** The first row that ends at a moment or later. */
function firstEndingAt({ rowStart, rowWall, rowCount }: ThreadFeed, ns: number): number {
  let low = 0;
  for (let high = rowCount; low < high;) {
    const middle = (low + high) >> 1;
    if (rowStart[middle]! + rowWall[middle]! < ns) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

/** Whether a thread runs from one moment to another, but for short pauses. */
function isAtWork(thread: ThreadFeed, fromNs: number, untilNs: number): boolean {
  const { rowStart, rowWall, rowCpu, rowCount } = thread;
  let reached = fromNs;
  for (let row = firstEndingAt(thread, fromNs); row < rowCount && reached < untilNs; row++) {
    if (rowCpu[row]! === 0) continue;
    if (rowStart[row]! - reached > longestPause) return false;
    reached = rowStart[row]! + rowWall[row]!;
  }
  return untilNs - reached <= longestPause;
}
