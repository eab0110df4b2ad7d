/** The samples of one thread in the flame chart, and how to find them by time. */
import type { Busy } from './activity';
import type { Cells, Level } from './dominant';
import { withRoom } from '../../recording/arrays';
import { damagedChart } from '../../recording/damage';
import type { FlameStore } from './store';
import type { Stretch } from './sums';
import type { FlameThread } from '../../profile/flame/tables';

const unattributed = 0xffffffff;

/** Samples in order of time, not overlapping; arrays are longer than count. */
export interface Track {
  readonly id: number;
  readonly pid: number;
  readonly tid: number;
  name: string;
  /** What its process runs. */
  process: string;
  /** Old samples have no order within stretches of this length, ns; 0: all have an order. */
  coarseNs: number;
  count: number;
  /** −1 = unknown. */
  stack: Int32Array;
  /** ns since the run's start. */
  time: Float64Array;
  wall: Float64Array;
  cpu: Float32Array;
  endNs: number;
  /** Sums, ns. */
  wallNs: number;
  cpuNs: number;
  unattributedNs: number;
  /** CPU time of samples without a known stack, ns. */
  unattributedCpuNs: number;
  /** Rows its deepest stack needs. */
  rows: number;
  levels: Level[];
  busy: Busy;
  stretches: Stretch[];
  cells: Cells | null;
}

/** An empty track for a thread. */
export function createTrack(thread: FlameThread): Track {
  return {
    id: thread.id,
    pid: thread.pid,
    tid: thread.tid,
    process: thread.process,
    coarseNs: 0,
    name: thread.name,
    count: 0,
    stack: new Int32Array(0),
    time: new Float64Array(0),
    wall: new Float64Array(0),
    cpu: new Float32Array(0),
    endNs: 0,
    wallNs: 0,
    cpuNs: 0,
    unattributedNs: 0,
    unattributedCpuNs: 0,
    rows: 0,
    levels: [],
    busy: { blocks: 0, cpu: new Float32Array(0) },
    stretches: [],
    cells: null,
  };
}

/** Drops the samples from a moment on; returns how many were dropped. */
export function dropSamples(store: FlameStore, track: Track, fromNs: number): number {
  const { count, wall, cpu, stack } = track;
  const kept = firstStartingAt(track, fromNs);
  track.count = kept;
  track.endNs = kept === 0 ? 0 : endOf(track, kept - 1);
  track.wallNs = track.cpuNs = track.unattributedNs = track.unattributedCpuNs = track.rows = 0;
  for (let i = 0; i < kept; i++) addSums(store, track, stack[i]!, wall[i]!, cpu[i]!);
  return count - kept;
}

/** Index of the first sample that starts at a moment or later; the count for none. */
function firstStartingAt({ time, count }: Track, ns: number): number {
  let low = 0;
  for (let high = count; low < high;) {
    const middle = (low + high) >>> 1;
    if (time[middle]! < ns) low = middle + 1;
    else high = middle;
  }
  return low;
}

function addSums(store: FlameStore, track: Track, stack: number, wall: number, cpu: number): void {
  track.wallNs += wall;
  track.cpuNs += cpu;
  if (stack < 0) {
    track.unattributedNs += wall;
    track.unattributedCpuNs += cpu;
  } else if (store.stackDepth[stack]! >= track.rows) {
    track.rows = store.stackDepth[stack]! + 1;
  }
}

/** Append a thread's new samples. A sample that would overlap the one before is shortened, so that search by time holds. */
export function appendSamples(store: FlameStore, track: Track, chunk: FlameThread): void {
  const start = track.count;
  const end = start + chunk.time.length;
  const stacks = (track.stack = withRoom(track.stack, end));
  const times = (track.time = withRoom(track.time, end));
  const walls = (track.wall = withRoom(track.wall, end));
  (track.cpu = withRoom(track.cpu, end)).set(chunk.cpu, start);
  for (let i = start; i < end; i++) {
    const id = chunk.stack[i - start]!;
    const stack = id === unattributed ? -1 : id;
    if (stack >= store.stackCount) throw damagedChart(`stack ${id}`);
    const time = Math.max(chunk.time[i - start]!, track.endNs);
    const wall = Math.max(0, chunk.time[i - start]! + chunk.wall[i - start]! - time);
    stacks[i] = stack;
    times[i] = time;
    walls[i] = wall;
    track.endNs = time + wall;
    addSums(store, track, stack, wall, chunk.cpu[i - start]!);
  }
  track.count = end;
}

/** Index of the first sample in `[from, to)` that ends after a time, ns; `to` when there is none. */
export function firstEndingAfter(track: Track, ns: number, from = 0, to = track.count): number {
  let low = from;
  let high = to;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (track.time[middle]! + track.wall[middle]! > ns) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** The sample running at a time, ns, or −1 in a gap. */
export function sampleAt(track: Track, ns: number): number {
  const i = firstEndingAfter(track, ns);
  return i < track.count && track.time[i]! <= ns ? i : -1;
}

/** The first sample that ends after a time. The search begins at an earlier sample, which is mostly a few steps away. */
export function gallop(track: Track, from: number, ns: number): number {
  if (from >= track.count || endOf(track, from) > ns) return from;
  let stride = 1;
  while (from + stride < track.count && endOf(track, from + stride) <= ns) stride *= 2;
  return firstEndingAfter(track, ns, from + (stride >>> 1), Math.min(track.count, from + stride));
}

/** When a sample ends, ns. */
export function endOf(track: Track, sample: number): number {
  return track.time[sample]! + track.wall[sample]!;
}
