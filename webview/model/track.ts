/**
 * One thread's samples in the flame chart, and an index over them that answers "which stack dominates this
 * stretch of time" without reading every sample: blocks of 8 samples, then a binary tree over the blocks.
 */
import type { Busy } from './activity';
import { damaged, withRoom } from '../../recording/arrays';
import type { FlameStore } from './store';
import type { Stretch } from './sums';
import type { FlameThread } from '../../profile/types';

const blockShift = 3;
const blockSize = 1 << blockShift;
const unattributed = 0xffffffff;

/** Samples in order of time, not overlapping; arrays are longer than count. */
export interface Track {
  readonly id: number;
  readonly pid: number;
  readonly tid: number;
  name: string;
  /** What its process runs. */
  process: string;
  /** Within stretches of this length, ns, the order of what happened long ago is lost; 0: it is not. */
  coarseNs: number;
  count: number;
  /** −1 = nothing known. */
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

/** Complete groups of 8 · 2^level samples: the dominant stack of each, and its weight in ns. */
interface Level {
  count: number;
  stack: Int32Array;
  weight: Float32Array;
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

/** Forgets the samples from a moment on, and returns how many those are. */
export function dropSamples(store: FlameStore, track: Track, fromNs: number): number {
  const { count, wall, cpu, stack } = track;
  const left = firstStartingAt(track, fromNs);
  track.count = left;
  track.endNs = left === 0 ? 0 : endOf(track, left - 1);
  track.wallNs = track.cpuNs = track.unattributedNs = track.unattributedCpuNs = track.rows = 0;
  for (let i = 0; i < left; i++) addSums(store, track, stack[i]!, wall[i]!, cpu[i]!);
  track.levels.forEach((level, number) => {
    level.count = Math.min(level.count, left >>> (blockShift + number));
  });
  track.cells = null;
  return count - left;
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
    if (stack >= store.stackCount) throw damaged('stack', id);
    const time = Math.max(chunk.time[i - start]!, track.endNs);
    const wall = Math.max(0, chunk.time[i - start]! + chunk.wall[i - start]! - time);
    stacks[i] = stack;
    times[i] = time;
    walls[i] = wall;
    track.endNs = time + wall;
    addSums(store, track, stack, wall, chunk.cpu[i - start]!);
  }
  track.count = end;
  index(store, track);
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

let bestStack = -1;
let bestWeight = 0;

/** A tournament: equal functions add up, otherwise the heavier one goes on. */
function challenge(store: FlameStore, stack: number, weight: number): void {
  const same =
    stack === bestStack ||
    (stack >= 0 && bestStack >= 0 && store.stackNode[stack] === store.stackNode[bestStack]);
  if (same) bestWeight += weight;
  else if (weight > bestWeight) {
    bestStack = stack;
    bestWeight = weight;
  }
}

const unknown = -2;

/** Answers for one grid, kept from paint to paint: panning and small zooms ask for the same cells again. */
interface Cells {
  gridNs: number;
  /** Number of the first cell: it begins at first · gridNs. */
  first: number;
  stacks: Int32Array;
  /** Samples there were when the answers were made. */
  samples: number;
}

/**
 * For each of `width` buckets of time starting at `startNs + i · stepNs`, ns, the stack that dominates it, −1 for
 * none. A bucket is the cell of a power-of-two grid its middle falls in, so that panning never changes the answer.
 */
export function dominantStacks(
  store: FlameStore,
  track: Track,
  startNs: number,
  stepNs: number,
  width: number,
  out: Int32Array,
): void {
  const gridNs = 2 ** Math.floor(Math.log2(stepNs));
  const firstCell = Math.floor((startNs + 0.5 * stepNs) / gridNs);
  const lastCell = Math.floor((startNs + (width - 0.5) * stepNs) / gridNs);
  const cells = cellsFor(track, gridNs, firstCell, lastCell - firstCell + 1);
  let first = -1;
  for (let x = 0; x < width; x++) {
    const cell = Math.floor((startNs + (x + 0.5) * stepNs) / gridNs);
    const at = cell - firstCell;
    if (cells[at] === unknown) {
      const from = cell * gridNs;
      first = first < 0 ? firstEndingAfter(track, from) : gallop(track, first, from);
      cells[at] = dominantBetween(store, track, first, from, from + gridNs);
    }
    out[x] = cells[at]!;
  }
}

/** Room for `count` cells from `first` on, with what is already known about them. */
function cellsFor(track: Track, gridNs: number, first: number, count: number): Int32Array {
  const known = track.cells;
  const stacks = new Int32Array(count).fill(unknown);
  if (known?.gridNs === gridNs && known.samples === track.count) {
    const from = Math.max(first, known.first);
    const to = Math.min(first + count, known.first + known.stacks.length);
    if (to > from) {
      stacks.set(known.stacks.subarray(from - known.first, to - known.first), from - first);
    }
  }
  track.cells = { gridNs, first, stacks, samples: track.count };
  return stacks;
}

/** The first sample that ends after a time, searched for from a sample before it: mostly a few steps away. */
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

function dominantBetween(
  store: FlameStore,
  track: Track,
  first: number,
  from: number,
  to: number,
): number {
  const { time, wall, stack, count, levels } = track;
  bestStack = -1;
  bestWeight = 0;
  let i = first;
  while (i < count && time[i]! < to) {
    if ((i & (blockSize - 1)) === 0 && time[i]! >= from) {
      const level = levelFrom(track, i, to);
      if (level >= 0) {
        const at = i >>> (blockShift + level);
        challenge(store, levels[level]!.stack[at]!, levels[level]!.weight[at]!);
        i += blockSize << level;
        continue;
      }
    }
    challenge(store, stack[i]!, Math.min(to, time[i]! + wall[i]!) - Math.max(from, time[i]!));
    i++;
  }
  return bestStack;
}

/** The highest level whose group starting at sample i lies wholly before `to`, −1 for none. */
function levelFrom(track: Track, i: number, to: number): number {
  let level = -1;
  for (let next = 0; next < track.levels.length; next++) {
    const size = blockSize << next;
    if ((i & (size - 1)) !== 0 || i >>> (blockShift + next) >= track.levels[next]!.count) break;
    if (endOf(track, i + size - 1) > to) break;
    level = next;
  }
  return level;
}

/** Extend the index over samples that complete new groups. */
function index(store: FlameStore, track: Track): void {
  const blocks = track.count >>> blockShift;
  const base = levelAt(track, 0, blocks);
  for (let block = base.count; block < blocks; block++) {
    bestStack = -1;
    bestWeight = 0;
    for (let i = block << blockShift; i < (block + 1) << blockShift; i++) {
      challenge(store, track.stack[i]!, track.wall[i]!);
    }
    base.stack[block] = bestStack;
    base.weight[block] = bestWeight;
  }
  base.count = blocks;
  for (let number = 1; track.levels[number - 1]!.count >= 2; number++) {
    const below = track.levels[number - 1]!;
    const level = levelAt(track, number, below.count >>> 1);
    for (let at = level.count; at < below.count >>> 1; at++) {
      bestStack = below.stack[at * 2]!;
      bestWeight = below.weight[at * 2]!;
      challenge(store, below.stack[at * 2 + 1]!, below.weight[at * 2 + 1]!);
      level.stack[at] = bestStack;
      level.weight[at] = bestWeight;
    }
    level.count = below.count >>> 1;
  }
}

function levelAt(track: Track, number: number, room: number): Level {
  const level = (track.levels[number] ??= {
    count: 0,
    stack: new Int32Array(0),
    weight: new Float32Array(0),
  });
  level.stack = withRoom(level.stack, room);
  level.weight = withRoom(level.weight, room);
  return level;
}
