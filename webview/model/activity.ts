/** The run in a row of columns: how busy a track was in each, and where marked stacks ran. */
import type { FlameStore } from './store';
import { withRoom } from '../../recording/arrays';
import { endOf, gallop, type Track } from './track';
import { frameKinds } from '../../profile/flame/tables';

/** CPU time is summed by kind of the innermost frame, for this many kinds: the first ones. */
const kinds = frameKinds.indexOf('system') + 1;
const blockShift = 6;
const blockSize = 1 << blockShift;

/** CPU time of complete blocks of samples, ns, kind by kind. */
export interface Busy {
  blocks: number;
  cpu: Float32Array;
}

/** CPU time per column, ns: an array for each kind. */
export type Activity = Float64Array[];

/** Columns without activity. */
export function createActivity(columns: number): Activity {
  return Array.from({ length: kinds }, () => new Float64Array(columns));
}

/** Keep the CPU time of blocks that new samples completed. */
export function extendBusy(store: FlameStore, track: Track): void {
  const { busy } = track;
  const blocks = track.count >>> blockShift;
  const cpu = (busy.cpu = withRoom(busy.cpu, kinds * blocks));
  for (; busy.blocks < blocks; busy.blocks++) {
    const at = kinds * busy.blocks;
    const from = busy.blocks << blockShift;
    cpu.fill(0, at, at + kinds);
    for (let i = from; i < from + blockSize; i++)
      cpu[at + kindOf(store, track, i)]! += track.cpu[i]!;
  }
}

/** Forget blocks that are no longer complete. */
export function cutBusy({ busy, count }: Track): void {
  busy.blocks = Math.min(busy.blocks, count >>> blockShift);
}

/** Time without a known stack, and CPU on the way into a wait, counts as the interpreter's. */
function kindOf({ stackFrame, frameKind }: FlameStore, { stack }: Track, sample: number): number {
  const id = stack[sample]!;
  const kind = id < 0 ? 0 : frameKind[stackFrame[id]!]!;
  return kind < kinds ? kind : 0;
}

/** Add a track's CPU time to columns of `stepNs` each; a sample that spans several columns is shared equally among them. */
export function addActivity(
  store: FlameStore,
  track: Track,
  stepNs: number,
  activity: Activity,
): void {
  const { time, cpu, count, busy } = track;
  const last = activity[0]!.length - 1;
  for (let i = 0; i < count;) {
    const from = Math.min(last, Math.floor(time[i]! / stepNs));
    const block = i >>> blockShift;
    const isStart = (i & (blockSize - 1)) === 0 && block < busy.blocks;
    if (isStart && endOf(track, i + blockSize - 1) <= (from + 1) * stepNs) {
      for (let kind = 0; kind < kinds; kind++) {
        activity[kind]![from]! += busy.cpu[kinds * block + kind]!;
      }
      i += blockSize;
      continue;
    }
    const used = cpu[i]!;
    if (used > 0) {
      const sums = activity[kindOf(store, track, i)]!;
      const to = Math.min(last, Math.floor(endOf(track, i) / stepNs));
      for (let x = from; x <= to; x++) sums[x]! += used / (to - from + 1);
    }
    i++;
  }
}

/** Mark the columns (one byte each, of `stepNs`) in which a marked stack (one byte per stack) runs on a track. */
export function markColumns(
  track: Track,
  marked: Uint8Array,
  stepNs: number,
  columns: Uint8Array,
): void {
  const { time, stack, count } = track;
  for (let i = 0; i < count; i++) {
    if (stack[i]! < 0 || marked[stack[i]!] !== 1) continue;
    const from = Math.floor(time[i]! / stepNs);
    const to = Math.max(from + 1, Math.ceil(endOf(track, i) / stepNs));
    columns.fill(1, from, to);
    // These columns are marked: go on behind them.
    i = Math.max(i, gallop(track, i, to * stepNs) - 1);
  }
}
