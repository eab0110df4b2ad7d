/**
 * Whether memory that a line holds is leaking: growing, and still growing.
 *
 * The series is what the line holds at the end of each slice of time. It is tested in four ways. The likelihood of a leak
 * is the product of the results, so that one clear no is enough:
 *
 * - Does it rise in the second half? The Mann–Kendall test (Mann 1945, Kendall 1975) counts pairs of moments that rise
 *   and pairs that fall; it assumes nothing about sizes or shape. A cache that is full fails it.
 * - Did it rise all the way? This tests the floor of the series: the least that it holds from a moment on. The floor
 *   leaves out what a saw-tooth frees again. Each quarter of the time must have raised the floor, and the newest eighth
 *   nearly as much as the median quarter did. A one-time allocation, a cache that fills up and then stays, and a buffer
 *   that is emptied now and then fail it.
 * - Is the rise larger than what comes and goes? That is the mean height of the series above its floor.
 * - Is the rise larger than the sampling error, in the second half too? The error follows from the probability with which
 *   each allocation was recorded.
 *
 * New memory is right-censored: it has had no time to be freed. So the newest slices do not count. And memory may be kept
 * for as long as the process has lived so far: a line that began to grow in the younger half of that time is not judged.
 *
 * A call that builds its result grows like a leak until it returns. Growth counts as one call's if the line was being
 * executed for all of the time in which it grew: a line that leaks is left and executed again.
 *
 * The rate is the median of the slopes between all pairs of moments (Theil 1950, Sen 1968), which a few outliers do not
 * move. A loop over many lines that does nothing but build a result for most of the run looks like a leak, because its
 * growth does not end.
 */
import type { Leak } from './types';

/** Fewer slices than these since the first allocation are too few to judge. */
const leastSlices = 16;
/** The newest part of the time, which does not count. */
const newest = 1 / 16;
/** A line must have been growing for this part of the life of its process. */
const leastLife = 1 / 2;
/** A line that was executed for this part of the time was never left; the rest is the error of sampling. */
const neverLeft = 0.98;
/** A rise in the second half of fewer standard errors counts as noise; the limit is high because many lines are tested, often. */
const leastErrors = 3;
/** Less likely leaks are not mentioned. */
const leastLikelihood = 0.75;
/**
 * As parts of the rise of the median quarter: what is enough for any quarter, since leaks can speed up, and for the
 * newest eighth.
 */
const leastShare = 1 / 10;
const lastShare = 1 / 2;

/**
 * A bounded history or cache that is still filling grows like a leak for some seconds. Growth has to last this long
 * to be mentioned.
 */
const leastGrowthNs = 15e9;
/**
 * When the process is over, no more data will come. Shorter growth is then enough, if the line holds more blocks than
 * usual small bounds (200 entries, 256 keys), or very many bytes.
 */
const leastGrowthAtEndNs = 0.5e9;
const manyBlocks = 300;
const manyBytes = 50e6;

/** Since when a line has been growing, about how many blocks and bytes it holds, and whether the process has ended. */
export interface Growth {
  firstNs: number;
  livedNs: number;
  blocks: number;
  bytes: number;
  isOver: boolean;
}

/** Whether a process that is over lived long enough for anything to count as a leak. */
export function mayLeakAtEnd(livedNs: number): boolean {
  return livedNs >= leastGrowthAtEndNs;
}

/** Whether there is enough data to tell a leak from something that is still filling. */
export function isTold({ firstNs, livedNs, blocks, bytes, isOver }: Growth): boolean {
  const grewNs = livedNs - firstNs;
  const isMuch = blocks > manyBlocks || bytes > manyBytes;
  return grewNs >= (isOver && isMuch ? leastGrowthAtEndNs : leastGrowthNs);
}

/** When a line allocated what it holds, and how long it was executed, with the times of its process. All in ns. */
export interface Execution {
  firstNs: number;
  lastNs: number;
  /** By all threads of all processes together. */
  executedNs: number;
  /** How much of the time of all threads of the process is known. Less than it lived if threads lacked a core. */
  knownNs: number;
  livedNs: number;
}

/** Whether a single call may have caused all the growth. */
export function mayBeOneCall(execution: Execution): boolean {
  const { firstNs, lastNs, executedNs, knownNs, livedNs } = execution;
  const grewNs = lastNs - firstNs;
  const cores = Math.min(1, knownNs / livedNs);
  // More time than the process lived means several threads, so several calls.
  return (
    executedNs >= grewNs * cores * neverLeft &&
    executedNs >= grewNs / 2 &&
    executedNs <= livedNs / neverLeft
  );
}

/**
 * The leak in a series; null: none worth mentioning. live: bytes held at the end of each slice since the start; the
 * last one is now. variance: the expected square of the error of the last value.
 */
export function findLeak(live: Float64Array, sliceNs: number, variance: number): Leak | null {
  const first = live.findIndex((bytes) => bytes > 0);
  const grows = live.length - first;
  if (first < 0 || grows < leastSlices || grows < live.length * leastLife) {
    return null;
  }
  const floor = floorOf(live);
  const counted = live.length - Math.max(1, Math.ceil(grows * newest));
  const held = live.subarray(first, counted);
  const kept = floor.subarray(first, counted);
  // In a cache that is full, the second half is noise, and both its ends have an error of their own, since its
  // content is sampled anew all the time.
  const late = kept.at(-1)! - kept[kept.length >> 1]!;
  const chance = 2 * Math.max(variance, 0);
  if (late <= leastErrors * Math.sqrt(chance)) {
    return null;
  }
  const rise = kept.at(-1)! - kept[0]!;
  const above = held.reduce((sum, bytes, index) => sum + bytes - kept[index]!, 0) / held.length;
  const strength = rise / Math.sqrt(Math.max(variance, 0) + above ** 2);
  const likelihood =
    risingConfidence(held.subarray(held.length >> 1)) *
    steadiness(kept) *
    -Math.expm1(-(strength ** 2) / 2);
  if (likelihood < leastLikelihood) {
    return null;
  }
  const bytesPerSecond = (medianSlope(held) / sliceNs) * 1e9;
  return bytesPerSecond > 0 ? { likelihood, bytesPerSecond } : null;
}

/** By moment: the least of its value and all later ones. */
function floorOf(series: Float64Array): Float64Array {
  const floor = series.slice();
  for (let at = floor.length - 2; at >= 0; at--) {
    floor[at] = Math.min(floor[at]!, floor[at + 1]!);
  }
  return floor;
}

/**
 * How surely a series rose all the way and still does, 0…1: its least quarter and its last eighth, compared with the
 * median quarter.
 */
function steadiness(series: Float64Array): number {
  const at = (part: number): number => {
    const place = part * (series.length - 1);
    const before = Math.floor(place);
    const next = Math.min(before + 1, series.length - 1);
    return series[before]! + (place - before) * (series[next]! - series[before]!);
  };
  const rises = [0, 1, 2, 3].map((quarter) => at((quarter + 1) / 4) - at(quarter / 4));
  rises.sort((a, b) => a - b);
  const median = (rises[1]! + rises[2]!) / 2;
  if (median <= 0) {
    return 0;
  }
  const least = rises[0]! / median;
  const last = (at(1) - at(7 / 8)) / (median / 2);
  return Math.min(1, least / leastShare, last / lastShare);
}

/** One minus the one-sided p-value of the Mann–Kendall test for a rising trend; variance corrected for ties. */
function risingConfidence(series: Float64Array): number {
  const { length } = series;
  let score = 0;
  for (let later = 1; later < length; later++) {
    for (let earlier = 0; earlier < later; earlier++) {
      score += Math.sign(series[later]! - series[earlier]!);
    }
  }
  if (score <= 0) {
    return 0;
  }
  const pairs = (n: number): number => n * (n - 1) * (2 * n + 5);
  const ties = new Map<number, number>();
  for (const value of series) {
    ties.set(value, (ties.get(value) ?? 0) + 1);
  }
  const tied = [...ties.values()].reduce((sum, n) => sum + pairs(n), 0);
  return normalBelow((score - 1) / Math.sqrt((pairs(length) - tied) / 18));
}

/** The probability of a standard normal value below z ≥ 0, to 1e-7: Abramowitz and Stegun 26.2.17. */
function normalBelow(z: number): number {
  const t = 1 / (1 + 0.2316419 * z);
  const tail =
    t *
    (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))));
  return 1 - (Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI)) * tail;
}

/** The median of the slopes between all pairs, per slice. */
function medianSlope(series: Float64Array): number {
  const slopes = new Float64Array((series.length * (series.length - 1)) / 2);
  let count = 0;
  for (let later = 1; later < series.length; later++) {
    for (let earlier = 0; earlier < later; earlier++) {
      slopes[count++] = (series[later]! - series[earlier]!) / (later - earlier);
    }
  }
  slopes.sort();
  return (slopes[(count - 1) >> 1]! + slopes[count >> 1]!) / 2;
}
