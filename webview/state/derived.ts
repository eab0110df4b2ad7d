/** Values derived from the state: sums, call trees, extents. Results are kept in `state.cache` until their inputs change. */
import { isOfTime, memoryByStack } from '../../profile/flame/memory';
import { isBytes, type FlameMetric, type Merged } from '../model/merged';
import { sumByStack, type StackSums } from '../model/sums';
import type { Focus, Span, State } from './state';
import { makeTrees } from './trees';

function dataKey(state: State): string {
  const { store, shown } = state;
  return [store.revision, ...shown.map((track) => track.id)].join();
}

/** What the tracks shown spent by stack in the run, or in the part of it that figures are of. */
export function runSums(state: State): StackSums {
  const { start, end } = chosenSpan(state);
  const key = `${dataKey(state)} ${start} ${end}`;
  if (state.cache.run?.key !== key) {
    state.cache.run = { key, value: sumByStack(state.store, state.shown, start, end) };
  }
  return state.cache.run.value;
}

/** The time that figures everywhere are of. */
function chosenSpan({ range, store }: State): Span {
  if (!range) return { start: 0, end: Infinity };
  const chosen = range.range;
  return 'lastNs' in chosen
    ? { start: Math.max(0, store.endNs - chosen.lastNs), end: Infinity }
    : { start: chosen.fromNs, end: chosen.untilNs ?? Infinity };
}

/** The same for the time in view. */
export function viewSums(state: State): StackSums {
  const { start, end } = state.time;
  const key = `${dataKey(state)} ${start} ${end}`;
  if (state.cache.view?.key !== key) {
    state.cache.view = { key, value: sumByStack(state.store, state.shown, start, end) };
  }
  return state.cache.view.value;
}

/** The metric that frames are drawn by. Time order is always of wall time. */
export function metricOf(state: State): FlameMetric {
  return state.mode === 'time' ? 'wall' : state.metric;
}

/** Columns by stack: ns or bytes, and samples or allocations. */
export interface Weights {
  weight: Float64Array;
  count: Float64Array;
}

/**
 * By what the metric weighs, of the run. Growth and what was freed are those of the time chosen, and so is the time of the
 * table: what was allocated in all, and what was held at the peak, have no time.
 */
export function weightsOf(state: State): Weights {
  const metric = metricOf(state);
  const { memory, store } = state;
  if (!isBytes(metric)) {
    const sums = state.mode === 'table' ? viewSums(state) : runSums(state);
    return { weight: sums[metric], count: sums.samples };
  }
  const { start, end } = memorySpan(state);
  const key = [metric, store.stackCount, ...(isOfTime(metric) ? [start, end] : [])].join();
  if (state.cache.bytes?.key !== key || state.cache.bytes.memory !== memory) {
    const value = memory
      ? memoryByStack(memory, store.stackCount, metric, start, end)
      : { weight: new Float64Array(store.stackCount), count: new Float64Array(store.stackCount) };
    state.cache.bytes = { key, memory, value };
  }
  return state.cache.bytes.value;
}

/** Whether no part of the run's time has been chosen. A view that follows a running program is a moment behind it. */
export function isWholeRun(state: State): boolean {
  return state.following || coversRun(state);
}

/** Whether the time in view is all of the run. */
export function coversRun({ time, store }: State): boolean {
  return time.start <= 0 && time.end >= store.endNs;
}

/**
 * The time chosen, for what happened to memory in it. What reaches to the end of the run has no end: the last memory is
 * freed after the last sample, and in a slice of time that the run filled only in part.
 */
export function memorySpan({ time, store }: State): Span {
  return { start: time.start, end: time.end >= store.endNs ? Infinity : time.end };
}

/** The call tree of the merged view with its totals under the metric; up: that of the callers in the sandwich view. */
export function mergedOf(state: State, up = false): Merged {
  const { weight, count } = weightsOf(state);
  const { store, tree, center } = state;
  const nodes = store.nodeCount;
  const key = tree === 'sandwich' ? `${tree} ${JSON.stringify(center)}` : tree;
  const cached = state.cache.merged;
  if (cached?.weight !== weight || cached.nodes !== nodes || cached.key !== key) {
    const value = makeTrees(store, weight, count, tree, center);
    state.cache.merged = { weight, nodes, key, value };
  }
  const { callers, main } = state.cache.merged!.value;
  return (up && callers) || main;
}

/** How deep a frame is in what is shown. */
export function depthOf(state: State, { track, node, up }: Focus): number {
  return (track ? state.store : mergedOf(state, up).tree).nodeDepth[node]!;
}

/** The whole horizontal axis: the run's time, ns, or the total of the call tree. */
export function extentOf(state: State): number {
  return state.mode === 'merged' ? mergedOf(state).rootTotal : state.store.endNs;
}

/** The visible part of the horizontal axis. The table covers the same time as the time order view. */
export function spanOf(state: State): Span {
  return state.mode === 'merged' ? state.merged : state.time;
}

/** Whether the strip of memory over time is shown. */
export function isFootprintShown(state: State): boolean {
  if (state.store.sampleCount === 0 || !state.memory) return false;
  return state.mode !== 'merged' || isBytes(metricOf(state));
}
