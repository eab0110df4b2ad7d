/**
 * Builds a profile from recordings, while they are being written or afterwards: what lines and functions cost
 * (snapshot), and the rows of the flame chart (flameSince). Both take time in proportion to what is new.
 */
import { addCost, zeroCost } from '../cost';
import { leastOf, mostOf } from '../extremes';
import { EndedProcesses, type Limits } from '../ended/processes';
import type { FlameMemory } from '../flame/memory';
import { FlameRows, type FlamePiece } from '../flame/pieces';
import type { Fold } from '../view/fold';
import { LineCosts } from './lineCosts';
import type { MemorySites } from '../memory/sites';
import { NativeTree, type Symbolize } from '../stacks/nativeChains';
import { addOffLine } from './offLine';
import {
  ChildEnds,
  findProcesses,
  processInfo,
  threadInfos,
  totalGpu,
  totalMemory,
  type Process,
} from './processes';
import { ProcessFeed } from './processFeed';
import type { RecordingHeader } from '../../recording/records';
import { ThreadFeed } from './threadFeed';
import type { Profile } from '../types';
import type { MemoryPlaces, Places, RunPlaces } from '../view/places';
import type { TimedPlaces } from '../view/viewed';

export type { Symbolize } from '../stacks/nativeChains';
export type { ProcessFeed } from './processFeed';
export type { FlamePiece } from '../flame/pieces';

/**
 * Which frames the flame chart has. native: frames of compiled functions, by default yes. fold: frames of other files
 * are folded into the user's own.
 */
export interface FlameLook {
  native?: boolean | undefined;
  fold?: Fold | undefined;
}

/** Places take at most about 4 MB, rows 135 MB. */
const usualLimits: Limits = { placesApart: 1 << 14, rows: 1 << 21 };

/** One run. Feed it recordings, ask it any time. */
export class ProfileBuilder implements RunPlaces {
  readonly #feeds: ProcessFeed[] = [];
  /** The last process of each pid. */
  readonly #byPid = new Map<number, ProcessFeed>();
  readonly #lines = new LineCosts();
  readonly #ended: EndedProcesses;
  /** Rows with native frames, and without; #foldedFlame: the same for the newest fold. */
  readonly #flame: readonly [FlameRows, FlameRows];
  #foldedFlame: readonly [FlameRows, FlameRows] | undefined;
  readonly #natives: NativeTree;
  /** When the run started, as known at the last snapshot. */
  #startNs = 0;
  #threads = 0;
  readonly #newThread = (): ThreadFeed => new ThreadFeed(++this.#threads, this.#ended.rows);
  readonly #onEnd = (feed: ProcessFeed): void => this.#settle(feed);

  /** Where the memory of lines was allocated. */
  readonly memoryPlaces: MemoryPlaces = {
    sharesOf: (path, line) => this.#lines.files.get(path)?.lines.get(line)?.memory,
    placesOf: (sites) =>
      this.#feeds.find((feed) => !feed.isCompact && feed.memory?.sites === sites) ?? this.#ended,
    starts: () => {
      const starts = new Map<MemorySites, number>();
      for (const { memory, startNs } of this.#feeds) {
        if (memory) starts.set(memory.sites, startNs - this.#startNs);
      }
      const { sites, startNs } = this.#ended.memory;
      return starts.set(sites, startNs - this.#startNs);
    },
  };

  /** symbolize is called once for each native address when it is read. */
  constructor(symbolize: Symbolize, limits: Partial<Limits> = {}) {
    this.#natives = new NativeTree(symbolize);
    this.#ended = new EndedProcesses(this.#lines, this.#natives, { ...usualLimits, ...limits });
    this.#flame = [new FlameRows(true, this.#ended), new FlameRows(false, this.#ended)];
  }

  /** A process whose recording has appeared. Recordings of one process come in the order in which they began. */
  addProcess(header: RecordingHeader): ProcessFeed {
    const feed = new ProcessFeed(
      header,
      this.#lines,
      this.#newThread,
      this.#byPid.get(header.pid),
      this.#ended.spare.take(),
      this.#onEnd,
    );
    this.#feeds.push(feed);
    this.#byPid.set(header.pid, feed);
    return feed;
  }

  /** The profile so far. Files without new cost are the same objects as last time. */
  snapshot(): Profile {
    const total = zeroCost();
    for (const feed of this.#feeds) {
      this.#settle(feed);
      if (!feed.isCompact) addCost(total, feed.total);
    }
    this.#ended.settle();
    addCost(total, this.#ended.total);
    const found = findProcesses(this.#feeds);
    const childEnds = new ChildEnds(this.#feeds);
    const processes = found.map((process) => {
      const info = processInfo(process);
      const ended = childEnds.of(process);
      return ended ? { ...info, endedBy: ended } : info;
    });
    const startOf = ({ feeds }: Process): number => feeds[0]!.startNs;
    const startNs = leastOf(found, startOf);
    this.#startNs = startNs;
    const elapsedNs = mostOf(
      found.keys(),
      (index) => startOf(found[index]!) + processes[index]!.elapsedNs - startNs,
    );
    const gpu = totalGpu(processes);
    const memories = processes.flatMap(({ memory }) => (memory ? [memory] : []));
    return {
      processes,
      threads: found.flatMap(threadInfos),
      total,
      cpuNs: processes.reduce((sum, { cpuNs }) => sum + cpuNs, 0),
      elapsedNs,
      samples: processes.reduce((sum, { samples }) => sum + samples, 0),
      dropped: processes.reduce((sum, { dropped }) => sum + dropped, 0),
      rejected: processes.reduce((sum, { rejected }) => sum + rejected, 0),
      late: processes.reduce((sum, { late }) => sum + late, 0),
      isQueueKnown: found.some(({ feeds }) => feeds.some((feed) => feed.isQueueKnown)),
      offLine: addOffLine(processes.map(({ offLine }) => offLine)),
      files: this.#lines.snapshot(),
      memory: memories.length > 0 ? totalMemory(memories) : null,
      ...(gpu && { gpu }),
    };
  }

  /** Where time was spent: in each process that has not ended, and in all others together. */
  get places(): readonly Places[] {
    return [...this.#feeds.filter((feed) => !feed.isCompact), this.#ended];
  }

  /** The same with the rows of the tracks, so that a view can count a part of the time only. */
  timedPlaces(): TimedPlaces[] {
    const startNs = leastOf(this.#shown(), (feed) => feed.startNs);
    const tracksOf = (feeds: readonly ProcessFeed[]): TimedPlaces['tracks'] =>
      feeds.flatMap((feed) =>
        [...feed.threads.values()].map((thread) => ({
          rows: thread.rows(0, thread.shownRows),
          shiftNs: feed.startNs - startNs,
        })),
      );
    const apart = this.#feeds.filter((feed) => !feed.isCompact);
    const ended = this.#feeds.filter((feed) => feed.isCompact);
    return [
      ...apart.map((feed) => ({
        stacks: feed.stacks,
        cells: feed.cells,
        tracks: tracksOf([feed]),
      })),
      { stacks: this.#ended.stacks, cells: this.#ended.cells, tracks: tracksOf(ended) },
    ];
  }

  /** Adds what a process did to lines. If it has ended, folds it together with the others that have. */
  #settle(feed: ProcessFeed): void {
    if (feed.isCompact) return;
    feed.settle();
    if (!feed.isOver) return;
    feed.fold(this.#ended);
    for (const rows of [...this.#flame, ...(this.#foldedFlame ?? [])]) rows.forget(feed);
  }

  /**
   * The flame chart's rows that come after a cursor (0: all), at most about 4 MB of them. Ids and rows continue where
   * the previous piece ended, except for tracks that are sent anew (FlameThread.anewNs). A cursor belongs to one
   * look.
   */
  flameSince(cursor: number, look: FlameLook = {}): FlamePiece {
    return this.#rowsOf(look).since(this.#shown(), cursor);
  }

  /**
   * The memory of the run by stack, as it is now. The stacks are those of flameSince; some come only with its next
   * piece.
   */
  flameMemory(look: FlameLook = {}): FlameMemory {
    return this.#rowsOf(look).memory(this.#shown());
  }

  #rowsOf({ native = true, fold }: FlameLook): FlameRows {
    if (!fold) return this.#flame[native ? 0 : 1];
    if (this.#foldedFlame?.[0].fold !== fold) {
      const folded = (isNative: boolean): FlameRows => new FlameRows(isNative, this.#ended, fold);
      this.#foldedFlame = [folded(true), folded(false)];
    }
    return this.#foldedFlame[native ? 0 : 1];
  }

  /** All recordings, except those of processes that were only forked to run another program (exec.ts). */
  #shown(): ProcessFeed[] {
    const passing = new Set(findProcesses(this.#feeds).flatMap((process) => process.passing));
    return this.#feeds.filter((feed) => !passing.has(feed));
  }

  /** Changes whenever memory does; 0 while memory is not measured. */
  get memoryRevision(): number {
    const { revision } = this.#ended.memory;
    return this.#feeds.reduce((sum, { memory }) => sum + (memory?.revision ?? 0), revision);
  }
}
