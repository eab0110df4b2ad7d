/** Sums over parts of the flame chart, for the hover card, the search box and the function table. */
import { frameKinds } from '../../profile/flame/tables';
import type { FlameStore } from './store';
import type { StackSums } from './sums';
import type { Track } from './track';

/** wall and cpu in ns; samples: how many were taken. */
export interface Amount {
  wall: number;
  cpu: number;
  samples: number;
}

const python = frameKinds.indexOf('python');

/** The sum of a column by stack over the marked ones (one byte per stack; null = all). */
export function sumOf(column: Float64Array, marked: Uint8Array | null): number {
  let sum = 0;
  for (let stack = 0; stack < column.length; stack++) {
    if (marked === null || marked[stack] === 1) sum += column[stack]!;
  }
  return sum;
}

/** The part of sums whose stack is marked (one byte per stack; null = all). */
export function amountOf(sums: StackSums, marked: Uint8Array | null): Amount {
  const amount = { wall: 0, cpu: 0, samples: 0 };
  for (let stack = 0; stack < sums.wall.length; stack++) {
    if (marked !== null && marked[stack] !== 1) continue;
    amount.wall += sums.wall[stack]!;
    amount.cpu += sums.cpu[stack]!;
    amount.samples += sums.samples[stack]!;
  }
  return amount;
}

/**
 * One byte per stack: 1 where a function is the one whose own time this is. For a Python function that is the
 * innermost Python frame, whatever native code, system call or wait is on top; for anything else the leaf.
 */
export function selfStacks(store: FlameStore, fn: number, kind: number): Uint8Array {
  const marked = new Uint8Array(store.stackCount);
  for (let stack = 0; stack < marked.length; stack++) {
    const owner = kind === python ? store.stackPython[stack]! : stack;
    if (owner < 0) continue;
    const frame = store.stackFrame[owner]!;
    marked[stack] = store.frameFunction[frame] === fn && store.frameKind[frame] === kind ? 1 : 0;
  }
  return marked;
}

/** The stretch of time around a sample during which marked stacks follow one another without a gap, ns. */
export function extentAround(
  track: Track,
  sample: number,
  marked: Uint8Array,
): { start: number; end: number; samples: number } {
  const { time, wall, stack, count } = track;
  // Clocks of different threads are read apart: a hole below a microsecond is not a gap.
  const slack = 1000;
  let first = sample;
  while (
    first > 0 &&
    marked[stack[first - 1]!] === 1 &&
    time[first]! - (time[first - 1]! + wall[first - 1]!) < slack
  ) {
    first--;
  }
  let last = sample;
  while (
    last + 1 < count &&
    marked[stack[last + 1]!] === 1 &&
    time[last + 1]! - (time[last]! + wall[last]!) < slack
  ) {
    last++;
  }
  return { start: time[first]!, end: time[last]! + wall[last]!, samples: last - first + 1 };
}

/** One function's row in the table, weights in ns. */
export interface FunctionRow {
  fn: number;
  kind: number;
  self: number;
  total: number;
  /** The frame of its heaviest line. */
  frame: number;
}

/**
 * Self and total per function, recursion counted once, heaviest self first. `weights`: ns by stack, a column of
 * sumByStack.
 */
export function functionTable(store: FlameStore, weights: Float64Array): FunctionRow[] {
  const kinds = frameKinds.length;
  const rows = new Map<number, FunctionRow>();
  const rowOf = (fn: number, kind: number): FunctionRow => {
    const key = fn * kinds + kind;
    let row = rows.get(key);
    if (!row) rows.set(key, (row = { fn, kind, self: 0, total: 0, frame: -1 }));
    return row;
  };
  const nodeTotal = new Float64Array(store.nodeCount);
  const frameTotal = new Float64Array(store.frameCount);
  for (let stack = 0; stack < weights.length; stack++) {
    const self = weights[stack]!;
    if (self === 0) continue;
    nodeTotal[store.stackNode[stack]!]! += self;
    const owner = store.stackPython[stack]!;
    for (const at of owner >= 0 && owner !== stack ? [stack, owner] : [stack]) {
      const frame = store.stackFrame[at]!;
      frameTotal[frame]! += self;
      rowOf(store.frameFunction[frame]!, store.frameKind[frame]!).self += self;
    }
  }
  for (let node = nodeTotal.length - 1; node >= 0; node--) {
    const parent = store.nodeParent[node]!;
    if (parent >= 0) nodeTotal[parent]! += nodeTotal[node]!;
  }
  const outermost = outermostNodes(store);
  for (let node = 0; node < nodeTotal.length; node++) {
    if (outermost[node] && nodeTotal[node]! > 0) {
      rowOf(store.nodeFunction[node]!, store.nodeKind[node]!).total += nodeTotal[node]!;
    }
  }
  for (let frame = 0; frame < frameTotal.length; frame++) {
    const row = rows.get(store.frameFunction[frame]! * kinds + store.frameKind[frame]!);
    if (row && (row.frame < 0 || frameTotal[frame]! > frameTotal[row.frame]!)) row.frame = frame;
  }
  return [...rows.values()].sort((a, b) => b.self - a.self || b.total - a.total || a.fn - b.fn);
}

/** One byte per node of the call tree: 1 where no ancestor is the same function of the same kind. */
export function outermostNodes(store: FlameStore): Uint8Array {
  const nodes = store.nodeCount;
  const firstChild = new Int32Array(nodes + 1).fill(-1);
  const sibling = new Int32Array(nodes).fill(-1);
  for (let node = nodes - 1; node >= 0; node--) {
    const parent = store.nodeParent[node]! + 1;
    sibling[node] = firstChild[parent]!;
    firstChild[parent] = node;
  }
  const outermost = new Uint8Array(nodes);
  const open = new Uint32Array(store.functionCount * frameKinds.length);
  const keyOf = (node: number): number =>
    store.nodeFunction[node]! * frameKinds.length + store.nodeKind[node]!;
  let node = firstChild[0]!;
  while (node >= 0) {
    outermost[node] = open[keyOf(node)]!++ === 0 ? 1 : 0;
    let next = firstChild[node + 1]!;
    for (let done = node; next < 0 && done >= 0; done = store.nodeParent[done]!) {
      open[keyOf(done)]!--;
      next = sibling[done]!;
    }
    node = next;
  }
  return outermost;
}
