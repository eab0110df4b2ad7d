/** One thread of a run: its accounts, and the rows of its flame-chart track. */
import type { Work } from '../stacks/classify';
import { withRoom } from '../../recording/arrays';
import type { SampleRecord, ThreadRecord } from '../../recording/records';
import { coarseRows } from '../flame/coarseRows';
import { partOfRows, type Rows } from '../flame/rows';
import type { KeptRows, RowStore } from '../flame/rowStore';
import type { SystemPool } from './sampleCost';

/**
 * Gaps shorter than this, ns, belong to the sample after them. A running sample covers its CPU time; while the thread
 * only lacked a core, or slept too briefly to be sampled, it stayed in the same calls. Longer gaps stay gaps.
 */
const shortGap = 50e6;
/**
 * Longer gaps than this, ns, of threads without Python code stay known even within a row: whether such a thread slept
 * tells for whom it worked (servedCells.ts).
 */
const negligibleGap = 10e6;
/** A gap longer than this, ns, means that the thread slept. */
const shortestSleep = 2e6;

/** Shared by threads without samples, since a recording can name very many of those. */
const noCells = new Uint32Array(0);
const noTimes = new Float64Array(0);
const noGaps: number[] = [];
/** Tracks with fewer rows are not merged. */
const leastLong = 1 << 12;
const noPool: SystemPool = { uncharged: 0 };

/** How much of a thread was handed out: the rows appended by then, and how many of those had been merged by then. */
export interface HandedRows {
  rows: number;
  merged: number;
}

/** Takes the samples of one thread. Rows are columns, in order of time, without overlap. */
export class ThreadFeed {
  /** The id of the track that shows it. A thread that goes on in another program after exec keeps its track. */
  track: number;
  tid = 0;
  /** The system's number of the thread that created it; 0: unknown. */
  makerTid = 0;
  name = '';
  /** Whether the program, or the library that it belongs to, gave it the name. */
  isNamed = false;
  /** Whether any of its samples is in Python code. */
  runsPython = false;
  /** Sums over its records, ns. */
  cpuNs = 0;
  waitNs = 0;
  gilNs = 0;
  queueNs = 0;
  /** The first and the last moment at which it is known to have lived, ns of the recording's time. */
  startNs = Infinity;
  endNs = 0;
  /** The thread's own CPU clock when it ended, ns; 0 while it lives. */
  clockNs = 0;
  pool: SystemPool = { uncharged: 0 };
  lastWork: Work = 'native';

  /** Rows: cell, and the interval in ns of the recording's time. Longer than rowCount. */
  rowCell = noCells;
  rowStart = noTimes;
  rowWall = noTimes;
  rowCpu = noTimes;
  /** The length of the short gap that a row begins with, without a sample. */
  rowGap = noTimes;
  rowCount = 0;
  /** Starts and ends, in turn, of the gaps in which it slept: rows may hide them. */
  gaps: number[] = [];
  /** Rows before this one have been handed out and must not change. */
  sealed = 0;
  #carriedCpu = 0;
  /** Where its rows are once the process has ended. */
  #kept: KeptRows | undefined;

  /**
   * How many leading rows lost detail, how many rows fewer that made, and the length of the stretches of time within
   * which they did, ns.
   */
  #coarse = 0;
  #merged = 0;
  #coarseNs = 0;
  /** isLong looks at the row limit again from this many rows on. */
  #recheckAt = leastLong;

  /** id: unique within the run. */
  constructor(
    readonly id: number,
    private readonly store: RowStore,
  ) {
    this.track = id;
    store.begin();
  }

  /** How many rows were merged with others since they were appended. */
  get merged(): number {
    return this.#merged + (this.#kept?.merged ?? 0);
  }

  /** Within stretches of this length, ns, the order of old rows is lost; 0: it is not. */
  get coarseNs(): number {
    return Math.max(this.#coarseNs, this.#kept?.coarseNs ?? 0);
  }

  /** How many rows there are, while it grows and afterwards. */
  get shownRows(): number {
    return this.#kept ? this.#kept.count : this.rowCount;
  }

  /**
   * The first row that was not handed out yet. −1: rows that were handed out have been merged with rows that were not,
   * so that all are needed again.
   */
  rowAfter({ rows, merged }: HandedRows): number {
    const row = rows - this.merged;
    const coarse = this.#kept && this.#kept.merged > 0 ? this.#kept.count : this.#coarse;
    return merged === this.merged || row >= coarse ? row : -1;
  }

  /** Its lifetime as far as it is known, ns. */
  get wallNs(): number {
    return Math.max(0, this.endNs - this.startNs);
  }

  /** Takes what is recorded when the thread is found. track: that of the same thread before exec. */
  begin({ tid, makerTid, startNs, name }: ThreadRecord, mainTid: number, track = this.id): void {
    this.tid = tid;
    this.makerTid = makerTid;
    this.track = track;
    this.lived(startNs, startNs);
    this.isNamed = name !== '' || tid === mainTid;
    this.name = name || (this.isNamed ? 'MainThread' : `Thread ${tid}`);
  }

  /** It is known to have lived at these moments, ns. */
  lived(fromNs: number, untilNs: number): void {
    this.startNs = Math.min(this.startNs, Math.max(0, fromNs));
    this.endNs = Math.max(this.endNs, untilNs);
  }

  /** The same from one record. Its beginning counts only until a ThreadRecord has said when the thread began. */
  #livedIn(record: { timeNs: number; wallNs: number }): void {
    const fromNs = record.timeNs - record.wallNs;
    this.lived(this.startNs === Infinity ? fromNs : this.startNs, record.timeNs);
  }

  /** Appends a sample to the track, or makes the last row longer if it shows the same. */
  add(cell: number, sample: SampleRecord): void {
    const waitNs = Math.max(sample.wallNs - sample.cpuNs, 0);
    this.cpuNs += sample.cpuNs;
    this.waitNs += waitNs;
    this.gilNs += sample.state === 'gil' ? waitNs : 0;
    this.#livedIn(sample);
    const last = this.rowCount - 1;
    const end = last < 0 ? -Infinity : this.rowStart[last]! + this.rowWall[last]!;
    const from = sample.timeNs - sample.wallNs;
    const start = from < end || (from - end < shortGap && !sample.remainder) ? end : from;
    const wall = sample.timeNs - start;
    if (start === end) this.#gap(end, from);
    const isSame = last >= this.sealed && this.rowCell[last] === cell && start === end;
    if (isSame && (sample.stack !== 0 || from - end < negligibleGap)) {
      this.rowWall[last] = Math.max(sample.timeNs, end) - this.rowStart[last]!;
      this.rowCpu[last]! += sample.cpuNs;
      return;
    }
    if (wall <= 0) {
      // A sample without duration gets no row: its CPU time goes to the row before, or to the next one if the rows
      // before were handed out.
      const neighbour = this.#neighbour(cell);
      if (neighbour >= 0) {
        this.rowCpu[neighbour]! += sample.cpuNs;
      } else {
        this.#carriedCpu += sample.cpuNs;
      }
      return;
    }
    this.#append(cell, start, wall, sample.cpuNs, from - start);
    if (sample.cpuNs === 0) return;
    this.rowCpu[this.rowCount - 1]! += this.#carriedCpu;
    this.#carriedCpu = 0;
  }

  /** Appends time without a core, up to a moment. Until then the thread was where the row before shows it. */
  addQueue(cell: number, timeNs: number, wallNs: number): void {
    this.queueNs += wallNs;
    this.#livedIn({ timeNs, wallNs });
    const last = this.rowCount - 1;
    const end = last < 0 ? -Infinity : this.rowStart[last]! + this.rowWall[last]!;
    const start = Math.max(timeNs - wallNs, end);
    if (timeNs <= start) return;
    if (start - end < shortGap) this.#gap(end, start);
    if (last >= this.sealed && start - end < shortGap) {
      const isSame = this.rowCell[last] === cell;
      this.rowWall[last] = (isSame ? timeNs : start) - this.rowStart[last]!;
      if (isSame) return;
    }
    this.#append(cell, start, timeNs - start, 0, 0);
  }

  /** Rows [from, until) as they are now; not to be changed. */
  rows(from: number, until: number): Rows {
    if (this.#kept) {
      const { rows, from: first } = this.#kept;
      return partOfRows(rows, first + from, first + until);
    }
    const { rowCell: cell, rowStart: start, rowWall: wall, rowCpu: cpu } = this;
    return partOfRows({ cell, start, wall, cpu }, from, until);
  }

  /** The process has ended: the rows move to a store. cellNow: by cell, its id among those of all ended processes. */
  compact(cellNow: Uint32Array): void {
    const { rowCell: cell, rowStart: start, rowWall: wall, rowCpu: cpu } = this;
    this.#kept = this.store.keep({ cell, start, wall, cpu }, this.rowCount, cellNow);
    this.rowCell = noCells;
    this.rowStart = noTimes;
    this.rowWall = noTimes;
    this.rowCpu = noTimes;
    this.rowGap = noTimes;
    this.gaps = noGaps;
    this.pool = noPool;
  }

  #append(cell: number, start: number, wall: number, cpu: number, gap: number): void {
    const row = this.rowCount++;
    if (this.rowCount > this.rowCell.length) {
      this.rowCell = withRoom(this.rowCell, this.rowCount);
      const room = this.rowCell.length;
      this.rowStart = withRoom(this.rowStart, room);
      this.rowWall = withRoom(this.rowWall, room);
      this.rowCpu = withRoom(this.rowCpu, room);
      this.rowGap = withRoom(this.rowGap, room);
    }
    this.rowCell[row] = cell;
    this.rowStart[row] = start;
    this.rowWall[row] = wall;
    this.rowGap[row] = Math.max(0, gap);
    this.rowCpu[row] = cpu;
  }

  /** Whether the track has too many rows: mergeOld is to be called. */
  get isLong(): boolean {
    if (this.rowCount < this.#recheckAt) return false;
    // Where merging does not help much, it is not tried again for every row.
    this.#recheckAt = this.rowCount * 1.5;
    return this.rowCount >= this.store.mostOfOne;
  }

  /** The older half of the rows loses detail: from then on it does not tell where the thread was at a moment. */
  mergeOld(): void {
    const half = this.rowCount >> 1;
    const newer = this.rows(half, this.rowCount);
    const { rows, widthNs } = coarseRows(this.rows(0, half), half, half >> 2);
    const count = rows.cell.length;
    const oldestNs = newer.start[0]!;
    this.rowGap.copyWithin(count, half, this.rowCount);
    this.rowGap.fill(0, 0, count);
    for (const [to, old, kept] of [
      [this.rowCell, rows.cell, newer.cell],
      [this.rowStart, rows.start, newer.start],
      [this.rowWall, rows.wall, newer.wall],
      [this.rowCpu, rows.cpu, newer.cpu],
    ] as const) {
      to.set(kept, count);
      to.set(old);
    }
    this.rowCount -= half - count;
    this.#recheckAt = this.rowCount * 1.5;
    this.sealed = Math.max(count, this.sealed - (half - count));
    this.#coarse = count;
    this.#merged += half - count;
    this.#coarseNs = Math.max(this.#coarseNs, widthNs);
    this.gaps = this.gaps.slice(
      2 * this.gaps.filter((ns, at) => at % 2 === 1 && ns < oldestNs).length,
    );
  }

  #gap(fromNs: number, untilNs: number): void {
    if (untilNs - fromNs >= shortestSleep) this.gaps.push(fromNs, untilNs);
  }

  /** The last row near the end, not handed out yet, that shows the same; otherwise the last one that ran; −1: none. */
  #neighbour(cell: number): number {
    const first = Math.max(this.sealed, this.rowCount - 64);
    let ran = -1;
    for (let row = this.rowCount - 1; row >= first; row--) {
      if (this.rowCell[row] === cell) return row;
      if (ran < 0 && this.rowCpu[row]! > 0) ran = row;
    }
    return ran;
  }
}
