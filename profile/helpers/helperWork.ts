/**
 * Decides which lines helpers work for. Helpers are threads without Python code, in pools of OpenMP, BLAS, Eigen,
 * Rayon and their like. A sample of a helper is decided about once the samples of other threads at that moment have
 * come (servedCells.ts).
 */
import { CallSurroundings } from './callSurroundings';
import type { Cells } from '../feed/cells';
import { costRow, costRowLength } from '../cost';
import type { Helper, HelperSample, ServedCells } from './helper';
import { LibraryCalls } from './libraryCalls';
import { generatedCode, isPackageKey } from '../stacks/libraries';
import type { SampleRecord } from '../../recording/records';
import { longestLead, ServedCellsFinder } from './servedCells';
import type { ThreadFeed } from '../feed/threadFeed';

/** The waiting of a thread is recorded at most this long after it, ns. */
const longestDelay = 500e6;
/** This many of a thread's last samples share the rest of its CPU time when it ends; the agent does the same. */
const recentSamples = 8;
/**
 * Where nothing else is known, a helper is taken to work as in its last samples: this many, a quarter of a second of
 * CPU time or more.
 */
const rememberedSamples = 64;

/** Decides which lines the helpers of one process work for. */
export class HelperWork {
  #pending: HelperSample[] = [];
  readonly #helpers = new Map<ThreadFeed, Helper>();
  readonly #calls: LibraryCalls;
  readonly #finder: ServedCellsFinder;
  /** Samples that were divided: each counts for one of its cells, the next one each time. */
  #divided = 0;

  constructor(
    cells: Cells,
    threads: ReadonlyMap<number, ThreadFeed>,
    /** The innermost line of a cell; undefined if unknown. */
    lineOf: (cell: number) => object | undefined,
    /** The known lines of a cell, outermost first. */
    pathOf: (cell: number) => readonly object[],
    /** Called with each part of a sample, as a cost row, and the cell it was for; undefined: nobody. */
    private readonly charge: (
      sample: HelperSample,
      cell: number | undefined,
      row: Float64Array,
    ) => void,
  ) {
    this.#calls = new LibraryCalls(cells, threads);
    const surroundings = new CallSurroundings(cells, this.#calls, pathOf);
    this.#finder = new ServedCellsFinder(
      cells,
      threads,
      this.#helpers,
      lineOf,
      this.#calls,
      surroundings,
    );
  }

  /** Takes a helper's sample; cost: as its own thread's. */
  sample(thread: ThreadFeed, cell: number, sample: SampleRecord, cost: Float64Array): void {
    this.saw(thread, cell);
    const { timeNs, wallNs, cpuNs, remainder } = sample;
    const number = sample.thread;
    this.#pending.push({
      thread,
      number,
      cell,
      timeNs,
      wallNs,
      cpuNs,
      remainder,
      cost: cost.slice(),
    });
  }

  /** Takes note of the libraries that a helper is in. */
  saw(thread: ThreadFeed, cell: number): void {
    let helper = this.#helpers.get(thread);
    if (!helper) {
      const libraries = { files: new Set<string>(), packages: new Set<string>() };
      helper = { thread, libraries, recent: [], remainders: 0, guesses: 0 };
      this.#helpers.set(thread, helper);
    }
    for (const key of this.#calls.librariesOf(cell)) {
      if (key !== generatedCode) {
        helper.libraries[isPackageKey(key) ? 'packages' : 'files'].add(key);
      }
    }
  }

  /** Decides about the samples for which enough is known now. isFinal: nothing more will come. */
  settle(nowNs: number, isFinal: boolean): void {
    const undecided: HelperSample[] = [];
    for (const sample of this.#pending) {
      const age = isFinal ? Infinity : nowNs - sample.timeNs;
      const served =
        age < longestDelay ? undefined : this.#servedBy(sample, age >= longestDelay + longestLead);
      if (served) {
        this.#divide(sample, served);
      } else {
        undecided.push(sample);
      }
    }
    this.#pending = undecided;
  }

  /** The cells that a sample was for; undefined while that is unknown. */
  #servedBy(sample: HelperSample, isLate: boolean): ServedCells | undefined {
    const helper = this.#helpers.get(sample.thread)!;
    if (sample.remainder && helper.recent.length > 0) {
      // Remainders are shared by the last samples, one after the other.
      const recent = helper.recent.slice(-recentSamples);
      return recent[helper.remainders++ % recent.length]!;
    }
    if (sample.remainder) {
      // The thread ended before its first tick: its CPU time is from right after its start.
      const timeNs = Math.min(sample.timeNs, sample.thread.startNs + sample.cpuNs);
      const found = this.#finder.find({ ...sample, timeNs, wallNs: 0 }, helper, isLate);
      return found && { ...found, isSure: false };
    }
    const found = this.#finder.find(sample, helper, isLate);
    if (found) {
      helper.recent.push(found);
      if (helper.recent.length > rememberedSamples) helper.recent.shift();
    }
    return found;
  }

  #divide(sample: HelperSample, { cells, isSure, isAfter }: ServedCells): void {
    const row = new Float64Array(costRowLength);
    if (cells.length === 0) {
      this.charge(sample, undefined, row);
      return;
    }
    const counted = this.#divided++ % cells.length;
    cells.forEach((cell, index) => {
      const part = sample.cpuNs / cells.length;
      row[costRow.helper] = part;
      row[costRow.unsure] = isSure && cells.length === 1 ? 0 : part;
      row[costRow.after] = isAfter ? part : 0;
      row[costRow.samples] = index === counted ? sample.cost[costRow.samples]! : 0;
      this.charge(sample, cell, row);
    });
  }
}
