/**
 * Finds the stack that dominates a stretch of time without reading every sample: an index over blocks of 8 samples, and a
 * binary tree over the blocks.
 */
import { withRoom } from '../../recording/arrays';
import type { FlameStore } from './store';
import { endOf, firstEndingAfter, gallop, type Track } from './track';

const blockShift = 3;
const blockSize = 1 << blockShift;
/** A cell that nobody asked about yet. */
const unknown = -2;

/** Complete groups of 8 · 2^level samples: the dominant stack of each, and its weight in ns. */
export interface Level {
  count: number;
  stack: Int32Array;
  weight: Float32Array;
}

/** The dominant stacks of one grid, kept from paint to paint: panning and small zooms ask for the same cells again. */
export interface Cells {
  gridNs: number;
  /** Number of the first cell, which begins at first · gridNs. */
  first: number;
  stacks: Int32Array;
  /** How many samples the track had when the stacks were found. */
  samples: number;
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

/** An array for `count` cells from `first` on, filled with the stacks that are cached. */
function cellsFor(track: Track, gridNs: number, first: number, count: number): Int32Array {
  const cached = track.cells;
  const stacks = new Int32Array(count).fill(unknown);
  if (cached?.gridNs === gridNs && cached.samples === track.count) {
    const from = Math.max(first, cached.first);
    const to = Math.min(first + count, cached.first + cached.stacks.length);
    if (to > from) {
      stacks.set(cached.stacks.subarray(from - cached.first, to - cached.first), from - first);
    }
  }
  track.cells = { gridNs, first, stacks, samples: track.count };
  return stacks;
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

/** Forget groups that are no longer complete. */
export function cutLevels(track: Track): void {
  track.levels.forEach((level, number) => {
    level.count = Math.min(level.count, track.count >>> (blockShift + number));
  });
  track.cells = null;
}

/** Extend the index over samples that complete new groups. */
export function extendLevels(store: FlameStore, track: Track): void {
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
