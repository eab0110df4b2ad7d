/**
 * Keeps the recordings of a run below a limit on the disk while the run goes on. The oldest detail is given up first: of
 * stretches of time only sums are kept. Stretches get longer where short ones do not save enough.
 */
import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { RecordingHeader } from '../../recording/records';
import { shortestStretchNs } from '../../profile/thin/thinner';
import type { Note } from '../reading/recordingFile';
import { frontExtension } from '../reading/recordingFront';
import { headerOf, isOver, onDisk, recordingBytes, removeUnfinished, type OnDisk } from './folder';
import { punchHole } from './hole';
import {
  joinFront,
  removeUnusedFront,
  thinFront,
  thinWhole,
  type Pause,
  type Thinned,
} from './thin';
import { detailNote, overLimitNote, type Detail } from '../output/limitNotes';

const periodMs = 1000;
const longestPauseMs = 1000;
/** The share of the time that measuring the folder may take. */
const lookShare = 0.05;
/** The share that making recordings smaller may take; more, the further they are above the limit. */
const workShare = 0.25;
/**
 * Work begins at this share of the limit, because while it goes on the old file and the new one are both there. It ends at
 * the second share, so that it does not begin again soon.
 */
const beginShare = 0.75;
const goalShare = 0.5;
/** Stretches become this many times as long. */
const longer = 4;
/** Recordings with fewer bytes are left alone: most of those are what every recording needs. */
const leastBytes = 48 * 1024;
/** The end of a recording that goes on keeps its detail: this part of the limit for all of them, between these bounds. */
const keptShare = 1 / 8;
const leastKept = 64 * 1024;
const mostKept = 32 << 20;
/** This part of the limit has to be added before a recording is made smaller again, because its old part is read again then. */
const moreShare = 1 / 16;

/** Thrown to give up the work. */
class Stopped extends Error {}

/** How far a recording was thinned. */
interface Done {
  stretchNs: number;
  /** Whether all of it was thinned. */
  isWhole: boolean;
  /** Otherwise up to this byte of its record area. */
  until: number;
  /** Up to this moment, ns of CLOCK_MONOTONIC. */
  untilNs: number;
}

interface Candidate extends OnDisk {
  header: RecordingHeader;
  isOver: boolean;
  /** If its process may go on: the byte of its record area up to which it may be thinned. */
  until: number;
  /** The time of its oldest detail. */
  oldestNs: number;
}

/** Thins the recordings of one run's folder as they grow. Owns a timer: stop it. */
export class RecordingLimit {
  readonly #done = new Map<string, Done>();
  readonly #failures = new Map<string, string>();
  #stretchNs = shortestStretchNs;
  /** When the first process began, and the recordings whose headers were read for that. */
  #startNs = Infinity;
  readonly #timed = new Set<string>();
  /** Said when the recordings are above the limit in spite of the work. */
  #overLimit: Note | undefined;
  #timer: NodeJS.Timeout | undefined;
  #working: Promise<void> | undefined;
  #stopped = false;
  /** How long it took to measure the folder. */
  #lookMs = 0;
  /** Bytes of all files of the folder but the recording that is being made smaller. */
  #otherBytes = 0;
  /** The CPU time of this process at the end of the last pause. */
  #cpuAtPause = process.cpuUsage();
  readonly #folder: string;
  readonly #limit: number;
  readonly #readTo: (path: string) => number;

  /** readTo: the byte of its record area up to which a recording was read by whoever follows it. */
  constructor(folder: string, limit: number, readTo: (path: string) => number = () => Infinity) {
    this.#folder = folder;
    this.#limit = limit;
    this.#readTo = readTo;
  }

  start(): void {
    removeUnfinished(this.#folder);
    this.#next(periodMs);
  }

  /** Ends the work, and then puts recordings of processes that are over into one file each. */
  async stop(): Promise<void> {
    if (this.#stopped) return;
    this.#stopped = true;
    clearTimeout(this.#timer);
    await this.#working;
    await this.#joinAll();
  }

  /** What the user should know about the recordings as they are on the disk. */
  get notes(): Note[] {
    const { detail } = this;
    return [...(detail ? [detailNote(detail)] : []), ...(this.#overLimit ? [this.#overLimit] : [])];
  }

  /** Which detail is left; undefined when nothing is missing. */
  get detail(): Detail | undefined {
    if (this.#done.size === 0) return undefined;
    const done = [...this.#done.values()];
    return {
      ns: Math.max(...done.map(({ untilNs }) => untilNs)) - this.#startNs,
      stretchNs: Math.max(...done.map(({ stretchNs }) => stretchNs)),
    };
  }

  #next(delayMs: number): void {
    this.#timer = setTimeout(() => {
      this.#working = this.#check()
        .catch(() => undefined)
        .finally(() => {
          this.#working = undefined;
          if (!this.#stopped) this.#next(Math.max(periodMs, this.#lookMs * (1 / lookShare - 1)));
        });
    }, delayMs);
    // A tool that has nothing else to do may end.
    this.#timer.unref();
  }

  async #check(): Promise<void> {
    const startMs = performance.now();
    let { bytes, recordings } = onDisk(this.#folder);
    this.#lookMs = performance.now() - startMs;
    if (bytes <= this.#limit * beginShare) {
      this.#overLimit = undefined;
      return;
    }
    this.#failures.clear();
    for (;;) {
      for (const candidate of this.#candidates(recordings)) {
        this.#otherBytes = bytes - candidate.bytes;
        await this.#thin(candidate);
        bytes = this.#otherBytes + recordingBytes(candidate.path);
        if (bytes <= this.#limit * goalShare) break;
      }
      ({ bytes, recordings } = onDisk(this.#folder));
      const isEnough = bytes <= this.#limit * goalShare;
      if (!isEnough && this.#lengthen()) continue;
      const why = [...this.#failures.values()];
      this.#overLimit = bytes > this.#limit ? overLimitNote(bytes, this.#limit, why) : undefined;
      return;
    }
  }

  /** Recordings with detail that can be given up, the oldest first. */
  #candidates(recordings: readonly OnDisk[]): Candidate[] {
    this.#findStart(recordings);
    const large = recordings.filter(({ bytes }) => bytes >= leastBytes);
    const found = large.flatMap((recording) => {
      const header = headerOf(recording.path);
      if (!header || this.#failures.has(recording.path)) return [];
      return [{ ...recording, header, isOver: isOver(header) }];
    });
    const open = found.filter((one) => !one.isOver).length;
    const each = this.#limit / Math.max(1, open);
    const kept = clamp(each * keptShare, leastKept, mostKept);
    const more = Math.max(each * moreShare, leastKept);
    const candidates = found.flatMap((one): Candidate[] => {
      const { committed, startMonotonicNs } = one.header;
      const done = this.#done.get(one.path);
      const until = Math.min(committed - kept, this.#readTo(one.path));
      const isCoarser = (done?.stretchNs ?? 0) < this.#stretchNs;
      const isMore = one.isOver ? !done?.isWhole : until - (done?.until ?? 0) >= more;
      if (!isMore && !(isCoarser && done)) return [];
      return [{ ...one, until, oldestNs: (!isCoarser && done?.untilNs) || startMonotonicNs }];
    });
    return candidates.sort((a, b) => a.oldestNs - b.oldestNs);
  }

  #findStart(recordings: readonly OnDisk[]): void {
    for (const { path } of recordings) {
      if (this.#timed.has(path)) continue;
      const start = headerOf(path)?.startMonotonicNs;
      if (start === undefined) continue;
      this.#timed.add(path);
      this.#startNs = Math.min(this.#startNs, start);
    }
  }

  async #thin({ path, header, isOver: whole, until }: Candidate): Promise<void> {
    const stretchNs = this.#stretchNs;
    const pause = (): Promise<void> => this.#pause(path);
    this.#cpuAtPause = process.cpuUsage();
    try {
      const thinned = whole
        ? await thinWhole(path, stretchNs, pause)
        : await this.#thinOpen(path, header, until, stretchNs, pause);
      this.#done.set(path, {
        stretchNs,
        isWhole: whole,
        until,
        untilNs: header.startMonotonicNs + thinned.untilNs,
      });
    } catch (error) {
      if (error instanceof Stopped) throw error;
      const why = error instanceof Error ? error.message : String(error);
      this.#failures.set(path, `process ${header.pid}: ${why}`);
      removeUnusedFront(path);
    }
  }

  /** Thins a recording whose process may go on: the part that was thinned becomes a hole. */
  async #thinOpen(
    path: string,
    header: RecordingHeader,
    until: number,
    stretchNs: number,
    pause: Pause,
  ): Promise<Thinned> {
    const thinned = await thinFront(path, until, stretchNs, pause);
    await punchHole(path, header.headerSize, thinned.resume);
    return thinned;
  }

  /** Makes stretches longer. Returns false where they cover everything already. */
  #lengthen(): boolean {
    const livedNs = Number(process.hrtime.bigint()) - this.#startNs;
    if (this.#stretchNs > livedNs) return false;
    this.#stretchNs *= longer;
    return true;
  }

  async #joinAll(): Promise<void> {
    try {
      for (const { path } of onDisk(this.#folder).recordings) {
        if (!existsSync(`${path}${frontExtension}`)) continue;
        const header = headerOf(path);
        if (header && isOver(header, 0)) await joinFront(path, () => sleep(0));
      }
    } catch {
      // A recording that stays in two files is read like any other.
    }
  }

  /** Leaves most of the CPU to other work; less of it the further the recordings are above the limit. */
  async #pause(path: string): Promise<void> {
    if (this.#stopped) throw new Stopped();
    const { user, system } = process.cpuUsage(this.#cpuAtPause);
    const excess = (this.#otherBytes + recordingBytes(path)) / this.#limit - 1;
    const share = clamp(workShare + 2 * excess, workShare, 1);
    await sleep(Math.min(longestPauseMs, ((user + system) / 1000) * (1 / share - 1)));
    this.#cpuAtPause = process.cpuUsage();
  }
}

function clamp(value: number, least: number, most: number): number {
  return Math.min(most, Math.max(least, value));
}
