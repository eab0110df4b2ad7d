/**
 * Keeps the recordings of a run below a limit on the disk, while it goes on. Beyond that the oldest detail is given up first:
 * in stretches of time of which only sums are kept, longer ones where short ones do not help.
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
import { detailNote, overLimitNote, type Detail } from './words';

const periodMs = 1000;
const longestPauseMs = 1000;
/** Looking may take this share of the time, and making recordings smaller this one; more of it the further they are beyond. */
const lookShare = 0.05;
const workShare = 0.25;
/**
 * Work begins before the limit is reached: while it goes on there is both what is made smaller and what it is made into. It
 * ends when there is room, so that it is not done again soon.
 */
const beginShare = 0.75;
const goalShare = 0.5;
/** Stretches grow by this. */
const longer = 4;
/** Recordings with fewer bytes than this are left alone: what they take is mostly what it takes to be a recording. */
const leastBytes = 48 * 1024;
/** The end of a recording that goes on is left alone: this part of the limit for all of them, between these bounds. */
const keptShare = 1 / 8;
const leastKept = 64 * 1024;
const mostKept = 32 << 20;
/** So much more of it has to be old before it is made smaller again, as what is old by then is read again. */
const moreShare = 1 / 16;

/** The work is given up. */
class Stopped extends Error {}

/** What was done with a recording. */
interface Done {
  stretchNs: number;
  /** All of it; or of one that goes on: up to where in its record area. */
  isWhole: boolean;
  until: number;
  /** Up to which moment it was merged, ns of CLOCK_MONOTONIC. */
  untilNs: number;
}

interface Candidate extends OnDisk {
  header: RecordingHeader;
  isOver: boolean;
  /** Up to which byte of its record area it may be merged, where it is not over. */
  until: number;
  /** Of its oldest detail. */
  ageNs: number;
}

/** Owns a timer: stop it. */
export class RecordingLimit {
  readonly #done = new Map<string, Done>();
  readonly #failures = new Map<string, string>();
  #stretchNs = shortestStretchNs;
  /** When the first process began, and whose recordings were asked for that. */
  #startNs = Infinity;
  readonly #asked = new Set<string>();
  #over: Note | undefined;
  #timer: NodeJS.Timeout | undefined;
  #working: Promise<void> | undefined;
  #stopped = false;
  /** How long it took to look at them. */
  #lookMs = 0;
  /** What the recordings take that are not being made smaller now. */
  #otherBytes = 0;
  #rested = process.cpuUsage();

  /** readTo: up to which byte of its record area somebody who follows a recording has read it. */
  constructor(
    private readonly folder: string,
    private readonly limit: number,
    private readonly readTo: (path: string) => number = () => Infinity,
  ) {}

  start(): void {
    removeUnfinished(this.folder);
    this.#next(periodMs);
  }

  /** Ends the work. Then recordings of processes that are over are in one file each. */
  async stop(): Promise<void> {
    if (this.#stopped) return;
    this.#stopped = true;
    clearTimeout(this.#timer);
    await this.#working;
    await this.#joinAll();
  }

  /** What is to be said about the recording as it is on the disk. */
  get notes(): Note[] {
    const { detail } = this;
    return [...(detail ? [detailNote(detail)] : []), ...(this.#over ? [this.#over] : [])];
  }

  /** From when on nothing is missing; undefined when nothing is. */
  get detail(): Detail | undefined {
    if (this.#done.size === 0) return undefined;
    const all = [...this.#done.values()];
    return {
      ns: Math.max(...all.map(({ untilNs }) => untilNs)) - this.#startNs,
      stretchNs: Math.max(...all.map(({ stretchNs }) => stretchNs)),
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
    let { bytes, recordings } = onDisk(this.folder);
    this.#lookMs = performance.now() - startMs;
    if (bytes <= this.limit * beginShare) {
      this.#over = undefined;
      return;
    }
    this.#failures.clear();
    for (;;) {
      for (const candidate of this.#candidates(recordings)) {
        this.#otherBytes = bytes - candidate.bytes;
        await this.#thin(candidate);
        bytes = this.#otherBytes + recordingBytes(candidate.path);
        if (bytes <= this.limit * goalShare) break;
      }
      ({ bytes, recordings } = onDisk(this.folder));
      const isEnough = bytes <= this.limit * goalShare;
      if (!isEnough && this.#lengthen()) continue;
      const why = [...this.#failures.values()];
      this.#over = bytes > this.limit ? overLimitNote(bytes, this.limit, why) : undefined;
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
    const each = this.limit / Math.max(1, open);
    const kept = clamp(each * keptShare, leastKept, mostKept);
    const more = Math.max(each * moreShare, leastKept);
    const candidates = found.flatMap((one): Candidate[] => {
      const { committed, startMonotonicNs } = one.header;
      const done = this.#done.get(one.path);
      const until = Math.min(committed - kept, this.readTo(one.path));
      const isCoarser = (done?.stretchNs ?? 0) < this.#stretchNs;
      const isMore = one.isOver ? !done?.isWhole : until - (done?.until ?? 0) >= more;
      if (!isMore && !(isCoarser && done)) return [];
      return [{ ...one, until, ageNs: (!isCoarser && done?.untilNs) || startMonotonicNs }];
    });
    return candidates.sort((a, b) => a.ageNs - b.ageNs);
  }

  #findStart(recordings: readonly OnDisk[]): void {
    for (const { path } of recordings) {
      if (this.#asked.has(path)) continue;
      const start = headerOf(path)?.startMonotonicNs;
      if (start === undefined) continue;
      this.#asked.add(path);
      this.#startNs = Math.min(this.#startNs, start);
    }
  }

  async #thin({ path, header, isOver: whole, until }: Candidate): Promise<void> {
    const stretchNs = this.#stretchNs;
    const pause = (): Promise<void> => this.#pause(path);
    this.#rested = process.cpuUsage();
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

  /** Of a recording that may go on: what is merged becomes a hole. */
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
      for (const { path } of onDisk(this.folder).recordings) {
        if (!existsSync(`${path}${frontExtension}`)) continue;
        const header = headerOf(path);
        if (header && isOver(header, 0)) await joinFront(path, () => sleep(0));
      }
    } catch {
      // A recording in two files is read like any other.
    }
  }

  /** Leaves most of the time to others; less of it when the recordings outgrow the limit meanwhile. */
  async #pause(path: string): Promise<void> {
    if (this.#stopped) throw new Stopped();
    const { user, system } = process.cpuUsage(this.#rested);
    const beyond = (this.#otherBytes + recordingBytes(path)) / this.limit - 1;
    const share = clamp(workShare + 2 * beyond, workShare, 1);
    await sleep(Math.min(longestPauseMs, ((user + system) / 1000) * (1 / share - 1)));
    this.#rested = process.cpuUsage();
  }
}

function clamp(value: number, least: number, most: number): number {
  return Math.min(most, Math.max(least, value));
}
