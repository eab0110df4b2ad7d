/** Left-heavy: the call tree with equal paths merged, heaviest first from the left. */
import type { FlameStore } from './store';
import { flameMemoryMetrics, type FlameMemoryMetric } from '../../profile/flame/memory';

export type FlameMetric = 'wall' | 'cpu' | FlameMemoryMetric;

/** Whether frames can weigh what a metric counts. */
export function isFlameMetric(metric: string): metric is FlameMetric {
  return ['wall', 'cpu', ...flameMemoryMetrics].includes(metric);
}

/** Whether a metric is bytes; the others are ns. */
export function isBytes(metric: FlameMetric): metric is FlameMemoryMetric {
  return flameMemoryMetrics.some((bytes) => bytes === metric);
}

/** Nodes with their parents before them: functions as they call each other, or the other way round. */
export interface Tree {
  nodeCount: number;
  nodeFunction: Uint32Array;
  nodeKind: Uint8Array;
  /** −1: a root. */
  nodeParent: Int32Array;
  nodeDepth: Int32Array;
}

/** Totals per node of a call tree, ns or bytes; children of node n are `children[start[n + 1] .. start[n + 2])`, roots n = −1. */
export interface Merged {
  tree: Tree;
  nodeCount: number;
  total: Float64Array;
  /** Samples, or allocations. */
  samples: Float64Array;
  /** The heaviest stack of each node: the line to show for it. */
  stack: Int32Array;
  rootTotal: number;
  /** All that was spent; more than rootTotal where the tree is of a part. */
  whole: number;
  /** Deeper nodes than this are left out; 0: none are. */
  cut: number;
  /** Rows that its deepest node needs. */
  rows: number;
  start: Int32Array;
  children: Int32Array;
  sorted: Uint8Array;
}

/** Add columns by stack (weights and how many) up over the call tree, in one pass backwards over the stacks. */
export function mergeStacks(
  store: FlameStore,
  weights: Float64Array,
  counts: Float64Array,
): Merged {
  const stackTotal = weights.slice();
  const stackSamples = counts.slice();
  const rootTotal = stackTotal.reduce((sum, weight) => sum + weight, 0);
  const nodes = store.nodeCount;
  const total = new Float64Array(nodes);
  const samples = new Float64Array(nodes);
  const best = new Int32Array(nodes).fill(-1);
  const bestTotal = new Float64Array(nodes).fill(-1);
  for (let stack = stackTotal.length - 1; stack >= 0; stack--) {
    const parent = store.stackParent[stack]!;
    const weight = stackTotal[stack]!;
    const node = store.stackNode[stack]!;
    total[node]! += weight;
    samples[node]! += stackSamples[stack]!;
    if (weight > bestTotal[node]!) {
      bestTotal[node] = weight;
      best[node] = stack;
    }
    if (parent >= 0) {
      stackTotal[parent]! += weight;
      stackSamples[parent]! += stackSamples[stack]!;
    }
  }
  let rows = 0;
  for (let node = 0; node < nodes; node++) {
    if (total[node]! > 0) rows = Math.max(rows, store.nodeDepth[node]! + 1);
  }
  const lists = childLists(store, total);
  const totals = { total, samples, rootTotal, whole: rootTotal };
  return { tree: store, nodeCount: nodes, ...totals, stack: best, cut: 0, rows, ...lists };
}

/** Children grouped by parent with a counting sort; groups are put in order when first looked at. */
export function childLists(
  tree: Tree,
  total: Float64Array,
): Pick<Merged, 'start' | 'children' | 'sorted'> {
  const nodes = total.length;
  const start = new Int32Array(nodes + 2);
  let used = 0;
  for (let node = 0; node < nodes; node++) {
    if (total[node]! > 0) start[tree.nodeParent[node]! + 2]!++;
  }
  for (let i = 1; i < start.length; i++) start[i]! += start[i - 1]!;
  used = start[nodes + 1]!;
  const children = new Int32Array(used);
  const next = start.slice();
  for (let node = 0; node < nodes; node++) {
    if (total[node]! > 0) children[next[tree.nodeParent[node]! + 1]!++] = node;
  }
  return { start, children, sorted: new Uint8Array(nodes + 1) };
}

/** Children of a node (−1: the roots), heaviest first. */
export function childrenOf(merged: Merged, node: number): Int32Array {
  const group = merged.children.subarray(merged.start[node + 1], merged.start[node + 2]);
  if (!merged.sorted[node + 1]) {
    group.sort((a, b) => merged.total[b]! - merged.total[a]! || a - b);
    merged.sorted[node + 1] = 1;
  }
  return group;
}

/** Where a node starts, ns or bytes from the left edge. */
export function offsetOf(merged: Merged, node: number): number {
  const { nodeParent } = merged.tree;
  let offset = 0;
  for (let at = node; at >= 0; at = nodeParent[at]!) {
    for (const sibling of childrenOf(merged, nodeParent[at]!)) {
      if (sibling === at) break;
      offset += merged.total[sibling]!;
    }
  }
  return offset;
}

/**
 * Fill `cells` (row-major, `rows` × `width`) with the node seen at each pixel, −1 where there is none. Column x
 * covers `[startNs + x · stepNs, … + stepNs)`, in bytes where the totals are bytes. Only what is at least partly visible
 * is walked; a pixel shared by several narrow nodes shows the one at its middle.
 */
export function layoutMerged(
  merged: Merged,
  startNs: number,
  stepNs: number,
  width: number,
  firstRow: number,
  rows: number,
  cells: Int32Array,
): void {
  cells.fill(-1, 0, rows * width);
  let nodes: number[] = [-1];
  let offsets: number[] = [0];
  for (let depth = 0; depth < firstRow + rows && nodes.length > 0; depth++) {
    const nextNodes: number[] = [];
    const nextOffsets: number[] = [];
    const row = depth >= firstRow ? (depth - firstRow) * width : -1;
    let filled = 0;
    for (let i = 0; i < nodes.length; i++) {
      let offset = offsets[i]!;
      for (const node of childrenOf(merged, nodes[i]!)) {
        const from = Math.max(filled, Math.floor((offset - startNs) / stepNs + 0.5));
        const end = offset + merged.total[node]!;
        const to = Math.min(width, Math.floor((end - startNs) / stepNs + 0.5));
        if (to > from) {
          if (row >= 0) cells.fill(node, row + from, row + to);
          filled = to;
          nextNodes.push(node);
          nextOffsets.push(offset);
        }
        offset = end;
        if (filled >= width) break;
      }
    }
    nodes = nextNodes;
    offsets = nextOffsets;
  }
}
