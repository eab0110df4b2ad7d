/** From frame to frame: where the focused one is, and which is above, below, before and after it. */
import { childrenOf, offsetOf } from '../model/merged';
import { extentAround } from '../model/stats';
import { stacksUnderNode } from '../model/timeOrder';
import { firstEndingAfter, sampleAt, type Track } from '../model/track';
import { nodeOfCell, trackOf, type Hit, type Scene } from '../draw/scene';
import type { CachedNode } from './cache';
import { mergedOf } from './derived';
import type { Focus, Span, State } from './state';

export type Direction = 'up' | 'down' | 'left' | 'right';

/** A frame's whole extent along the horizontal axis, and how many samples, or allocations, are in it. */
export type Block = Span & { samples: number };

/** The stacks under a node and the block asked for last; kept for the two nodes that were asked about last. */
function cachedNode({ store, cache }: State, node: number): CachedNode {
  const { revision } = store;
  const cached = cache.nodes.find((kept) => kept.revision === revision && kept.node === node);
  const stacks = cached ? cached.stacks : stacksUnderNode(store, node);
  const asked = cached ?? { revision, node, stacks, track: null, block: null };
  cache.nodes = [asked, ...cache.nodes.filter((kept) => kept !== asked)].slice(0, 2);
  return asked;
}

/** The block of a frame; null when its thread is not shown. */
export function blockOf(state: State, focus: Focus): Block | null {
  if (!focus.track) {
    const merged = mergedOf(state, focus.up);
    if (focus.node >= merged.nodeCount || !(merged.total[focus.node]! > 0)) return null;
    const start = offsetOf(merged, focus.node);
    const end = start + merged.total[focus.node]!;
    return { start, end, samples: merged.samples[focus.node]! };
  }
  const { track, timeNs } = focus;
  const node = cachedNode(state, focus.node);
  const { block } = node;
  if (block && node.track === track && block.start <= timeNs && timeNs < block.end) return block;
  const sample = sampleAt(track, timeNs);
  if (sample < 0) return null;
  node.track = track;
  return (node.block = extentAround(track, sample, node.stacks));
}

/** The frame under the pointer. */
export function focusOfHit(state: State, scene: Scene, hit: Hit): Focus | null {
  if (hit.cell < 0) return null;
  const node = nodeOfCell(state.store, scene, hit.cell);
  if (scene.merged) return focusNode(state, node, hit.view.band.up);
  const track = trackOf(hit.view.band, hit.ns, 2 * scene.stepNs);
  if (!track) return null;
  // A pixel shows its dominant stack, which need not be the stack at its middle: find the sample of the one that is shown.
  const from = hit.ns - scene.stepNs;
  const to = hit.ns + scene.stepNs;
  const { stacks } = cachedNode(state, node);
  let timeNs = -1;
  for (let i = firstEndingAfter(track, from); i < track.count && track.time[i]! < to; i++) {
    if (track.stack[i]! < 0 || stacks[track.stack[i]!] !== 1) continue;
    const inside = Math.min(
      Math.max(hit.ns, track.time[i]!),
      track.time[i]! + track.wall[i]! * 0.999,
    );
    if (timeNs < 0 || Math.abs(inside - hit.ns) < Math.abs(timeNs - hit.ns)) timeNs = inside;
  }
  return timeNs < 0 ? null : { track, node, stack: hit.cell, timeNs };
}

/** The frame of a track that runs at a time at a depth, or its innermost one when it is not that deep. */
export function focusAt(state: State, track: Track, timeNs: number, depth: number): Focus | null {
  const sample = sampleAt(track, timeNs);
  const leaf = sample < 0 ? -1 : track.stack[sample]!;
  if (leaf < 0) return null;
  const stack = state.store.ancestor(leaf, depth);
  return { track, stack, node: state.store.stackNode[stack]!, timeNs };
}

/** The frame to begin with: the heaviest outermost one. */
export function firstFocus(state: State): Focus | null {
  if (state.mode === 'merged') return focusNode(state, childrenOf(mergedOf(state), -1)[0], false);
  for (const track of state.shown) {
    for (let i = firstEndingAfter(track, state.time.start); i < track.count; i++) {
      if (track.stack[i]! >= 0) return focusAt(state, track, middleOf(track, i), 0);
    }
  }
  return null;
}

/** A frame of a merged view; null for a node below zero. */
export function focusNode(state: State, node: number | undefined, up: boolean): Focus | null {
  if (node === undefined || node < 0) return null;
  return { track: null, node, up, stack: mergedOf(state, up).stack[node]!, timeNs: 0 };
}

function middleOf(track: Track, sample: number): number {
  return track.time[sample]! + track.wall[sample]! / 2;
}

/** The neighbour of a frame, or null at the edge. `stepNs`: moves sideways are at least this long, so that every key press is visible. */
export function neighbour(
  state: State,
  focus: Focus,
  direction: Direction,
  stepNs: number,
): Focus | null {
  const { store } = state;
  const { track } = focus;
  if (!track) return neighbourNode(state, focus.node, focus.up ?? false, direction);
  const depth = store.nodeDepth[focus.node]!;
  if (direction === 'up')
    return depth === 0 ? null : focusAt(state, track, focus.timeNs, depth - 1);
  const block = blockOf(state, focus);
  if (!block) return null;
  if (direction === 'down') {
    const callee = focusAt(state, track, focus.timeNs, depth + 1);
    if (callee && store.nodeDepth[callee.node] === depth + 1) return callee;
    return scan(state, track, block.start, block.end, depth + 1);
  }
  return direction === 'right'
    ? scan(state, track, Math.max(block.end, focus.timeNs + stepNs), Infinity, depth)
    : scanBack(state, track, Math.min(block.start, focus.timeNs - stepNs), depth);
}

/** The first frame at a depth that begins or runs in a stretch of time. */
function scan(state: State, track: Track, from: number, to: number, depth: number): Focus | null {
  for (let i = firstEndingAfter(track, from); i < track.count && track.time[i]! < to; i++) {
    const stack = track.stack[i]!;
    if (stack >= 0 && track.wall[i]! > 0 && state.store.stackDepth[stack]! >= depth) {
      const inside = Math.max(from, track.time[i]!);
      return focusAt(state, track, (inside + track.time[i]! + track.wall[i]!) / 2, depth);
    }
  }
  return null;
}

/** The last frame at a depth that runs before a time. */
function scanBack(state: State, track: Track, before: number, depth: number): Focus | null {
  for (let i = Math.min(track.count - 1, firstEndingAfter(track, before)); i >= 0; i--) {
    const stack = track.stack[i]!;
    if (track.time[i]! >= before || stack < 0 || !(track.wall[i]! > 0)) continue;
    if (state.store.stackDepth[stack]! < depth) continue;
    const end = Math.min(before, track.time[i]! + track.wall[i]!);
    return focusAt(state, track, (track.time[i]! + end) / 2, depth);
  }
  return null;
}

/** Callers of the sandwich view stand above what they call, the function in the middle between both. */
function neighbourNode(
  state: State,
  node: number,
  up: boolean,
  direction: Direction,
): Focus | null {
  const merged = mergedOf(state, up);
  const parent = merged.tree.nodeParent[node]!;
  if (direction === 'up' || direction === 'down') {
    if ((direction === 'up') === up) return focusNode(state, childrenOf(merged, node)[0], up);
    if (parent >= 0 || state.tree !== 'sandwich') return focusNode(state, parent, up);
    return focusNode(state, childrenOf(mergedOf(state, !up), -1)[0], !up);
  }
  const siblings = childrenOf(merged, parent);
  const at = siblings.indexOf(node) + (direction === 'right' ? 1 : -1);
  return focusNode(state, siblings[at], up);
}
