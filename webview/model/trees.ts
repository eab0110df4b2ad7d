/** Call trees derived from that of the store: callees first, and the callers and callees of one function. */
import { childLists, mergeStacks, type Merged, type Tree } from './merged';
import { outermostNodes } from './stats';
import type { FlameStore } from './store';
import { frameKinds } from '../../profile/flame/tables';

/** Steps that making a tree may take. Nodes too far from the roots for that are left out, and the status line says so. */
const mostSteps = 12_000_000;
const leastDepth = 64;

interface Node {
  function: number;
  kind: number;
  parent: number;
  depth: number;
  total: number;
  samples: number;
  stack: number;
  heaviest: number;
}

/** Collects nodes; equal paths become one. */
class TreeBuilder {
  readonly #nodes: Node[] = [];
  readonly #ids = new Map<number, number>();
  readonly #keys: number;

  constructor(store: FlameStore) {
    this.#keys = store.functionCount * frameKinds.length;
  }

  /** Adds a weight to the node of a function under a parent (−1: none), and returns its number. */
  add(
    parent: number,
    store: FlameStore,
    from: number,
    weight: { total: number; samples: number; stack: number },
  ): number {
    const fn = store.nodeFunction[from]!;
    const kind = store.nodeKind[from]!;
    const key = (parent + 1) * this.#keys + fn * frameKinds.length + kind;
    let id = this.#ids.get(key);
    if (id === undefined) {
      const depth = parent < 0 ? 0 : this.#nodes[parent]!.depth + 1;
      const empty = { total: 0, samples: 0, stack: -1, heaviest: -1 };
      id = this.#nodes.push({ function: fn, kind, parent, depth, ...empty }) - 1;
      this.#ids.set(key, id);
    }
    const node = this.#nodes[id]!;
    node.total += weight.total;
    node.samples += weight.samples;
    if (weight.total > node.heaviest) {
      node.heaviest = weight.total;
      node.stack = weight.stack;
    }
    return id;
  }

  /** rootTotal: the width of the view; whole: all that was spent, for shares. */
  finish(rootTotal: number, whole: number, cut: number): Merged {
    const nodes = this.#nodes;
    const tree: Tree = {
      nodeCount: nodes.length,
      nodeFunction: Uint32Array.from(nodes, (node) => node.function),
      nodeKind: Uint8Array.from(nodes, ({ kind }) => kind),
      nodeParent: Int32Array.from(nodes, ({ parent }) => parent),
      nodeDepth: Int32Array.from(nodes, ({ depth }) => depth),
    };
    const total = Float64Array.from(nodes, (node) => node.total);
    return {
      tree,
      nodeCount: nodes.length,
      total,
      samples: Float64Array.from(nodes, ({ samples }) => samples),
      stack: Int32Array.from(nodes, ({ stack }) => stack),
      rootTotal,
      whole,
      cut,
      rows: nodes.reduce((rows, { depth }) => Math.max(rows, depth + 1), 0),
      ...childLists(tree, total),
    };
  }
}

/** The call tree with callees first: its roots are innermost frames, and below each node are its callers. */
export function invertStacks(
  store: FlameStore,
  weights: Float64Array,
  counts: Float64Array,
): Merged {
  const base = mergeStacks(store, weights, counts);
  const self = new Float64Array(base.nodeCount);
  const samples = new Float64Array(base.nodeCount);
  for (let stack = 0; stack < store.stackCount; stack++) {
    self[store.stackNode[stack]!]! += weights[stack]!;
    samples[store.stackNode[stack]!]! += counts[stack]!;
  }
  const starts = Array.from(self.keys()).filter((node) => self[node]! > 0);
  const most = depthFor(starts.length);
  const builder = new TreeBuilder(store);
  let cut = 0;
  for (const start of starts) {
    const weight = { total: self[start]!, samples: samples[start]! };
    if (addCallers(builder, store, start, base.stack[start]!, weight, most)) cut = most;
  }
  return builder.finish(base.rootTotal, base.rootTotal, cut);
}

/** The callers and the callees of a function as two trees. The function is the root of its callees; its direct callers are the roots of the other tree. */
export function aroundFunction(
  store: FlameStore,
  weights: Float64Array,
  counts: Float64Array,
  fn: number,
  kind: number,
): { callers: Merged; callees: Merged } {
  const base = mergeStacks(store, weights, counts);
  const outermost = outermostNodes(store);
  const callers = new TreeBuilder(store);
  const callees = new TreeBuilder(store);
  const inside = new Int32Array(base.nodeCount).fill(-1);
  const starts: number[] = [];
  let rootTotal = 0;
  for (let node = 0; node < base.nodeCount; node++) {
    const parent = store.nodeParent[node]!;
    const weight = {
      total: base.total[node]!,
      samples: base.samples[node]!,
      stack: base.stack[node]!,
    };
    if (!(weight.total > 0)) continue;
    if (outermost[node] && store.nodeFunction[node] === fn && store.nodeKind[node] === kind) {
      inside[node] = callees.add(-1, store, node, weight);
      rootTotal += weight.total;
      starts.push(node);
    } else if (parent >= 0 && inside[parent]! >= 0) {
      inside[node] = callees.add(inside[parent]!, store, node, weight);
    }
  }
  const most = depthFor(starts.length);
  let cut = 0;
  for (const node of starts) {
    const parent = store.nodeParent[node]!;
    if (parent < 0) continue;
    const weight = { total: base.total[node]!, samples: base.samples[node]! };
    const above = store.stackParent[base.stack[node]!]!;
    if (addCallers(callers, store, parent, above, weight, most)) cut = most;
  }
  return {
    callers: callers.finish(rootTotal, base.rootTotal, cut),
    callees: callees.finish(rootTotal, base.rootTotal, 0),
  };
}

/** Adds a node and its ancestors, each below the one before; true when some of them were left out. */
function addCallers(
  builder: TreeBuilder,
  store: FlameStore,
  start: number,
  stackOfStart: number,
  weight: { total: number; samples: number },
  most: number,
): boolean {
  let below = -1;
  let stack = stackOfStart;
  let steps = 0;
  for (let at = start; at >= 0; at = store.nodeParent[at]!) {
    if (steps++ === most) return true;
    below = builder.add(below, store, at, { ...weight, stack });
    stack = store.stackParent[stack]!;
  }
  return false;
}

function depthFor(starts: number): number {
  return Math.max(leastDepth, Math.floor(mostSteps / Math.max(1, starts)));
}

/** The way from a root to a node, as functions with their kinds: the path leads to the same node when the tree is made again. */
export function pathOf(tree: Tree, node: number): number[] {
  const path: number[] = [];
  for (let at = node; at >= 0; at = tree.nodeParent[at]!) path.push(keyOf(tree, at));
  return path.reverse();
}

/** The node a path leads to; −1 where there is none any more. */
export function nodeAt(tree: Tree, path: readonly number[]): number {
  let at = -1;
  for (const key of path) {
    let next = -1;
    for (let node = at + 1; node < tree.nodeCount && next < 0; node++) {
      if (tree.nodeParent[node] === at && keyOf(tree, node) === key) next = node;
    }
    if (next < 0) return -1;
    at = next;
  }
  return at;
}

function keyOf(tree: Tree, node: number): number {
  return tree.nodeFunction[node]! * frameKinds.length + tree.nodeKind[node]!;
}
