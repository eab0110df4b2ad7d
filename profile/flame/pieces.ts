/**
 * Hands out the flame chart's tables piece by piece, so that a live chart never starts over. Rows are appended. Only
 * a track whose old rows were merged before all of them had been handed out is sent anew.
 */
import { isHidden, previousProgram } from '../feed/exec';
import type { EndedProcesses } from '../ended/processes';
import { leastOf } from '../extremes';
import { FlameInterner, type FlamePlaces } from './interner';
import type { FlameMemory, FlameProcess } from './memory';
import type { Fold } from '../view/fold';
import { unpackPoints } from '../memory/packedPoints';
import type { EndedMemory } from '../ended/memory';
import { siteRow } from '../memory/siteRow';
import { mostSlices } from '../memory/sites';
import type { ProcessFeed } from '../feed/processFeed';
import type { HandedRows, ThreadFeed } from '../feed/threadFeed';
import type { FlameTables, FlameThread } from './tables';

/** New rows, the cursor for the next ones, and whether some are ready now. */
export interface FlamePiece {
  tables: FlameTables;
  cursor: number;
  more: boolean;
  /** The tables hold nothing new; the cursor is the one that was given. */
  empty: boolean;
}

/** How much of a thread was handed out, and its name then. */
interface Handed extends HandedRows {
  name: string;
}

/** How much was handed out at a cursor. */
interface Checkpoint {
  strings: number;
  functions: number;
  frames: number;
  stacks: number;
  /** The previous cursor, −1: none; and by id the threads with rows in the piece between the two. */
  before: number;
  threads: readonly (readonly [number, Handed])[];
}

/** Rows of one piece: at 28 bytes each, about 4 MB. */
const rowsPerPiece = 150_000;
const nothing = 0xffffffff;

/** The flame chart of a run under one look. */
export class FlameRows {
  readonly #interner: FlameInterner;
  /** Cursors are indexes into this. */
  readonly #checkpoints: Checkpoint[] = [
    { strings: 0, functions: 0, frames: 0, stacks: 0, before: -1, threads: [] },
  ];
  /** How much of each thread was handed out at the newest cursor. */
  #newest = { cursor: 0, handed: new Map<number, Handed>() };
  /** CLOCK_MONOTONIC at the run's start; fixed once the first rows are out. */
  #baseNs = NaN;

  /** native: whether compiled functions have frames of their own. */
  constructor(
    native: boolean,
    private readonly ended: EndedProcesses,
    readonly fold?: Fold,
  ) {
    this.#interner = new FlameInterner(native, fold);
  }

  /** A process was folded together with others that have ended. */
  forget(feed: ProcessFeed): void {
    this.#interner.forget(feed);
  }

  since(feeds: readonly ProcessFeed[], cursor: number): FlamePiece {
    const before = this.#checkpoints[cursor] ? cursor : 0;
    const from = this.#checkpoints[before]!;
    this.#base(feeds);
    const threads: FlameThread[] = [];
    const fresh: [number, Handed][] = [];
    const handed = this.#handedAt(before);
    let room = rowsPerPiece;
    let more = false;
    for (const feed of feeds) {
      // After exec a track goes on where the program before has ended.
      const previous = previousProgram(feed);
      if (isHidden(feed) || (previous && !isOut(previous, handed))) {
        continue;
      }
      for (const thread of feed.threads.values()) {
        const known = handed.get(thread.id);
        const next = known ? thread.rowAfter(known) : 0;
        const start = Math.max(0, next);
        const count = thread.shownRows;
        const isRenamed = known !== undefined && known.name !== thread.name;
        if (start >= count && !isRenamed) continue;
        const limit = Math.min(count, start + room);
        const track = this.#rows(feed, thread, start, limit);
        const end = start + track.time.length;
        room -= track.time.length;
        more ||= limit < count;
        if (end === start && (!isRenamed || next < 0)) continue;
        if (next < 0) track.anewNs = track.time[0]!;
        threads.push(track);
        const { merged, name } = thread;
        const reached = { rows: end + merged, merged, name };
        fresh.push([thread.id, reached]);
        handed.set(thread.id, reached);
      }
    }
    const interner = this.#interner;
    const tables = interner.since(from.strings, from.functions, from.frames, from.stacks, threads);
    const grown = tables.strings.length + tables.stacks.frame.length + threads.length > 0;
    if (!grown) {
      return { tables, cursor, more: false, empty: true };
    }
    const next = this.#checkpoints.push({ ...interner.counts(), before, threads: fresh }) - 1;
    this.#newest = { cursor: next, handed };
    return { tables, cursor: next, more, empty: false };
  }

  /**
   * How much of each thread was handed out at a cursor. For the newest cursor this is kept; others are rarely asked
   * for.
   */
  #handedAt(cursor: number): Map<number, Handed> {
    if (cursor === this.#newest.cursor) return this.#newest.handed;
    const handed = new Map<number, Handed>();
    for (let at = cursor; at >= 0; at = this.#checkpoints[at]!.before) {
      for (const [id, reached] of this.#checkpoints[at]!.threads) {
        if (!handed.has(id)) handed.set(id, reached);
      }
    }
    return handed;
  }

  /**
   * The memory by stack now. Stacks that it names first come with the next piece. Places with unknown code are left
   * out.
   */
  memory(feeds: readonly ProcessFeed[]): FlameMemory {
    const baseNs = this.#base(feeds);
    const apart = feeds.filter((feed) => feed.memory && !isHidden(feed));
    const merged = this.ended.memory;
    const processes = [
      ...apart.map((feed) => this.#flameProcess(feed, baseNs)),
      ...(merged.mergedProcesses > 0 ? [mergedProcess(merged, baseNs)] : []),
    ];
    const measuredPlaces = [
      ...apart.map((feed) => ({ where: this.#where(feed), sites: feed.memory!.sites })),
      { where: this.ended, sites: merged.sites },
    ];
    const places = measuredPlaces.flatMap(({ where, sites }, process) =>
      Array.from({ length: sites.count }, (_, site) => ({
        process,
        sites,
        site,
        stack: this.#interner.cellStack(where, sites.cell[site]!) ?? -1,
      })).filter(({ stack }) => stack >= 0),
    );
    const column = (figure: number): Float64Array =>
      Float64Array.from(places, ({ sites, site }) => sites.figure(site, figure));
    const change = new Float32Array(places.length * mostSlices);
    places.forEach(({ sites, site }, row) => {
      sites.eachChange(site, (slice, bytes) => (change[row * mostSlices + slice] = bytes));
    });
    return {
      processes,
      stack: Uint32Array.from(places, ({ stack }) => stack),
      process: Uint32Array.from(places, ({ process }) => process),
      allocated: column(siteRow.allocated),
      allocations: column(siteRow.allocations),
      peak: column(siteRow.peak),
      growth: column(siteRow.live),
      change,
    };
  }

  #flameProcess(feed: ProcessFeed, baseNs: number): FlameProcess {
    const { sites } = feed.memory!;
    const info = feed.info().memory!;
    const points = unpackPoints(info.footprint);
    const startNs = feed.startNs - baseNs;
    return {
      pid: feed.pid,
      processes: 1,
      startNs,
      endNs: startNs + feed.elapsedNs,
      sliceNs: sites.axis.widthNs,
      peakNs: startNs + info.peakLiveNs,
      peakBytes: info.peakLiveBytes,
      time: Float64Array.from(points, ({ ns }) => ns + startNs),
      resident: Float64Array.from(points, ({ residentBytes }) => residentBytes ?? 0),
      live: Float64Array.from(points, ({ liveBytes }) => liveBytes),
    };
  }

  #base(feeds: readonly ProcessFeed[]): number {
    if (Number.isNaN(this.#baseNs) && feeds.length > 0) {
      this.#baseNs = leastOf(feeds, ({ startNs }) => startNs);
    }
    return this.#baseNs;
  }

  /** Rows [start, limit) of a thread, up to the first one with unknown code. */
  #rows(feed: ProcessFeed, thread: ThreadFeed, start: number, limit: number): FlameThread {
    const rows = thread.rows(start, limit);
    const where = this.#where(feed);
    const stack = new Uint32Array(limit - start);
    let count = 0;
    while (count < limit - start) {
      const id = this.#interner.cellStack(where, rows.cell[count]!);
      if (id === undefined) {
        break;
      }
      stack[count++] = id < 0 ? nothing : id;
    }
    thread.sealed = Math.max(thread.sealed, start + count);
    const shift = feed.startNs - this.#baseNs;
    return {
      id: thread.track,
      pid: feed.pid,
      tid: thread.tid,
      name: thread.name,
      process: feed.program,
      coarseNs: thread.coarseNs,
      anewNs: Infinity,
      stack: stack.slice(0, count),
      time: rows.start.slice(0, count).map((ns) => ns + shift),
      wall: rows.wall.slice(0, count),
      cpu: rows.cpu.slice(0, count),
    };
  }

  /** Where the cells of a process are now. */
  #where(feed: ProcessFeed): FlamePlaces {
    return feed.isCompact ? this.ended : feed;
  }
}

/** The merged processes as if they were one. */
function mergedProcess(memory: EndedMemory, baseNs: number): FlameProcess {
  const shiftNs = memory.startNs - baseNs;
  const { time, resident, live } = memory.footprint.points();
  const peakBytes = live.reduce((a, b) => Math.max(a, b), 0);
  return {
    pid: 0,
    processes: memory.mergedProcesses,
    startNs: shiftNs,
    endNs: shiftNs + memory.footprint.endNs,
    sliceNs: memory.sites.axis.widthNs,
    peakNs: shiftNs + (time[live.indexOf(peakBytes)] ?? 0),
    peakBytes,
    time: time.map((ns) => ns + shiftNs),
    resident,
    live,
  };
}

/** Whether all rows of a process that has ended were handed out. */
function isOut(feed: ProcessFeed, handed: ReadonlyMap<number, Handed>): boolean {
  return (
    feed.state !== 'running' &&
    [...feed.threads.values()].every((thread) => {
      const known = handed.get(thread.id);
      const row = known ? thread.rowAfter(known) : 0;
      return row >= thread.shownRows;
    })
  );
}
