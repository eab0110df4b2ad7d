/**
 * Threads of one kind share lanes: many short-lived threads are drawn one after the other, and of many threads that mostly
 * wait only the time in which they do something is drawn. Nothing is copied: a lane says when it shows which track.
 */
import type { FlameStore } from '../model/store';
import { dominantStacks } from '../model/dominant';
import { firstEndingAfter, type Track } from '../model/track';
import { frameKinds } from '../../profile/flame/tables';
import { threadName } from './names';

/** Fewer threads than this keep a lane each. */
const leastThreads = 6;
/** Threads that need more lanes than this are no easier to read together. */
const mostLanes = 12;
/** ns: a thread that waits for less than this keeps its lane. */
const leastWait = 2e6;
const mostParts = 100_000;

/** A stretch of time in which a lane shows a track, ns. */
export interface Part {
  track: Track;
  start: number;
  end: number;
}

/** Threads in the lanes they share, in order of time. */
export interface Sharing {
  /** `Thread-* (handle)`. */
  name: string;
  tracks: Track[];
  lanes: Part[][];
  /** Times in which a thread waits are left out. */
  busyOnly: boolean;
}

/** The main thread of a process has the number of the process. */
export function isMain({ pid, tid }: Track): boolean {
  return pid === tid;
}

/** A thread's name without its numbers: libraries name threads of one kind by a word and a number. */
function nameOfKind(track: Track): string {
  return threadName(track).replace(/\d+(?:[-_.:]\d+)*/g, '*');
}

/** What shares lanes among the tracks of a process; the others are left as they are. */
export function shareLanes(store: FlameStore, tracks: readonly Track[]): Sharing[] {
  const kinds = new Map<string, Track[]>();
  for (const track of tracks) {
    if (isMain(track)) continue;
    const name = nameOfKind(track);
    const tracksOfKind = kinds.get(name);
    if (tracksOfKind) tracksOfKind.push(track);
    else kinds.set(name, [track]);
  }
  return [...kinds].flatMap(([name, tracksOfKind]): Sharing[] => {
    if (tracksOfKind.length < leastThreads) return [];
    const lives = tracksOfKind
      .filter(({ count }) => count > 0)
      .map((track) => ({ track, start: track.time[0]!, end: track.endNs }));
    const most = Math.min(mostLanes, Math.floor(tracksOfKind.length / 2));
    const byLife = pack(lives, most);
    const lanes = byLife ?? pack(busyParts(store, tracksOfKind), most);
    return lanes ? [{ name, tracks: tracksOfKind, lanes, busyOnly: !byLife }] : [];
  });
}

/** Each part goes to the lane of its track if that lane is free, else to the first free one; null without parts, or where more than `most` lanes are needed. */
function pack(parts: Part[], most: number): Part[][] | null {
  const lanes: Part[][] = [];
  const last = new Map<Track, number>();
  const isFree = (lane: number, from: number): boolean => lanes[lane]!.at(-1)!.end <= from;
  for (const part of parts.sort((a, b) => a.start - b.start)) {
    const own = last.get(part.track);
    let lane = own !== undefined && isFree(own, part.start) ? own : -1;
    if (lane < 0) lane = lanes.findIndex((_, at) => isFree(at, part.start));
    if (lane < 0) {
      if (lanes.length === most) return null;
      lane = lanes.push([]) - 1;
    }
    lanes[lane]!.push(part);
    last.set(part.track, lane);
  }
  return lanes.length > 0 ? lanes : null;
}

/** The times in which threads do not wait; empty when there are too many to read. */
function busyParts(store: FlameStore, tracks: readonly Track[]): Part[] {
  const isWait = frameKinds.map((kind) => kind === 'wait');
  const parts: Part[] = [];
  for (const track of tracks) {
    let open: Part | null = null;
    for (let i = 0; i < track.count; i++) {
      const stack = track.stack[i]!;
      if (stack < 0 || isWait[store.frameKind[store.stackFrame[stack]!]!]) continue;
      const start = track.time[i]!;
      const end = start + track.wall[i]!;
      if (open && start - open.end < leastWait) open.end = end;
      else if (end > start) parts.push((open = { track, start, end }));
    }
    if (parts.length > mostParts) return [];
  }
  return parts;
}

/** Index of the part of a lane at a time, or of the next one; the length for none. */
function partFrom(lane: readonly Part[], ns: number): number {
  let low = 0;
  for (let high = lane.length; low < high;) {
    const middle = (low + high) >>> 1;
    if (lane[middle]!.end <= ns) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The part of a lane at a time, or the nearest one within `nearNs` of it. */
export function partAt(lane: readonly Part[], ns: number, nearNs = 0): Part | null {
  const next = partFrom(lane, ns);
  const near = [lane[next - 1], lane[next]].filter((part) => part !== undefined);
  const away = (part: Part): number => Math.max(part.start - ns, ns - part.end, 0);
  const [best] = near.sort((a, b) => away(a) - away(b));
  return best && away(best) <= nearNs ? best : null;
}

/** The part of a lane before (−1) or after (1) the one that shows a track at a time. */
export function partBeside(
  lane: readonly Part[],
  track: Track,
  ns: number,
  by: 1 | -1,
): Part | null {
  const at = partFrom(lane, ns);
  return lane[at]?.track === track ? (lane[at + by] ?? null) : null;
}

/**
 * As dominantStacks, for a lane. A pixel that two threads share shows the first; where there is room, a pixel between them
 * stays empty, so that they do not look like one.
 */
export function sharedStacks(
  store: FlameStore,
  lane: readonly Part[],
  startNs: number,
  stepNs: number,
  width: number,
  out: Int32Array,
): void {
  out.fill(-1, 0, width);
  let filled = 0;
  for (let at = partFrom(lane, startNs); at < lane.length && filled < width; at++) {
    const { track, start, end } = lane[at]!;
    const from = Math.max(filled, Math.floor((start - startNs) / stepNs));
    if (from >= width) break;
    const to = Math.min(width, Math.max(from + 1, Math.floor((end - startNs) / stepNs)));
    if ((end - startNs) / stepNs <= filled) continue;
    const fromNs = startNs + from * stepNs;
    if (to === from + 1) {
      // Less than a pixel of the part is here: the grid of dominantStacks may have its middle elsewhere.
      const sample = firstEndingAfter(track, Math.max(start, fromNs));
      out[from] = sample < track.count ? track.stack[sample]! : -1;
    } else dominantStacks(store, track, fromNs, stepNs, to - from, out.subarray(from, to));
    filled = to;
    if (to - from > 3 && to < width) out[to - 1] = -1;
  }
}
