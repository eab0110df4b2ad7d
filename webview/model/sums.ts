/**
 * Sums of the samples of tracks by stack. Sums of long stretches are kept as samples arrive, so that summing any part of a
 * run reads few samples.
 */
import type { FlameStore } from './store';
import { endOf, firstEndingAfter, type Track } from './track';

/** Columns by stack, each for the time when it was the whole stack: wall and CPU time in ns, and how many samples were taken. */
export interface StackSums {
  wall: Float64Array;
  cpu: Float64Array;
  samples: Float64Array;
}

/** Samples of a stretch, by their power of two: stretches of half the length would take nearly twice the memory. */
const stretchShift = 17;
const stretchSize = 1 << stretchShift;

/** Columns of the sums of a stretch, for the stacks that are in it. */
export interface Stretch extends StackSums {
  stack: Int32Array;
}

/** Keep the sums of stretches that new samples completed. */
export function extendStretches(store: FlameStore, track: Track): void {
  const { stretches } = track;
  while ((stretches.length + 1) << stretchShift <= track.count) {
    const from = stretches.length << stretchShift;
    const sums = emptySums(store.stackCount);
    addSamples(sums, track, from, from + stretchSize, -Infinity, Infinity);
    stretches.push(sparse(sums));
  }
}

/** Forget the sums of stretches that are no longer complete. */
export function cutStretches(track: Track): void {
  track.stretches.length = Math.min(track.stretches.length, track.count >>> stretchShift);
}

/**
 * Sum the samples of tracks within `[fromNs, toNs)` by stack; those without a stack are left out. A sample that is
 * partly inside counts with that part of its weights.
 */
export function sumByStack(
  store: FlameStore,
  tracks: readonly Track[],
  fromNs: number,
  toNs: number,
): StackSums {
  const sums = emptySums(store.stackCount);
  for (const track of tracks) {
    const { time, count, stretches } = track;
    let i = firstEndingAfter(track, fromNs);
    while (i < count && time[i]! < toNs) {
      const next = ((i >>> stretchShift) + 1) << stretchShift;
      const stretch = stretches[i >>> stretchShift];
      const isWhole = stretch && next - i === stretchSize && time[i]! >= fromNs;
      if (isWhole && time[next - 1]! < toNs && endOf(track, next - 1) <= toNs) {
        addStretch(sums, stretch);
      } else addSamples(sums, track, i, Math.min(next, count), fromNs, toNs);
      i = next;
    }
  }
  return sums;
}

function emptySums(rows: number): StackSums {
  const column = (): Float64Array => new Float64Array(rows);
  return { wall: column(), cpu: column(), samples: column() };
}

/** The same sums, of the stacks that have samples only. */
function sparse(sums: StackSums): Stretch {
  const used = sums.samples.reduce((count, samples) => count + Number(samples > 0), 0);
  const stretch = { stack: new Int32Array(used), ...emptySums(used) };
  let at = 0;
  for (let id = 0; id < sums.samples.length; id++) {
    if (sums.samples[id] === 0) continue;
    stretch.stack[at] = id;
    stretch.wall[at] = sums.wall[id]!;
    stretch.cpu[at] = sums.cpu[id]!;
    stretch.samples[at++] = sums.samples[id]!;
  }
  return stretch;
}

function addStretch(sums: StackSums, { stack, wall, cpu, samples }: Stretch): void {
  for (let i = 0; i < stack.length; i++) {
    const id = stack[i]!;
    sums.wall[id]! += wall[i]!;
    sums.cpu[id]! += cpu[i]!;
    sums.samples[id]! += samples[i]!;
  }
}

/** Add the samples numbered `[from, to)`, as far as they are within `[fromNs, toNs)`. */
function addSamples(
  sums: StackSums,
  { time, wall, cpu, stack }: Track,
  from: number,
  to: number,
  fromNs: number,
  toNs: number,
): void {
  for (let i = from; i < to && time[i]! < toNs; i++) {
    const id = stack[i]!;
    if (id < 0) continue;
    const start = time[i]!;
    const whole = wall[i]!;
    const isInside = start >= fromNs && start + whole <= toNs;
    const inside = isInside ? whole : Math.min(toNs, start + whole) - Math.max(fromNs, start);
    sums.wall[id]! += inside;
    sums.cpu[id]! += isInside ? cpu[i]! : (cpu[i]! * inside) / whole;
    sums.samples[id]! += 1;
  }
}
