/** What the panel shows, in one place. Views read it; app.ts changes it and says what became stale. */
import { FlameStore } from '../model/store';
import { isOfTime, memoryByStack, type FlameMemory } from '../../profile/flame/memory';
import { isBytes, type FlameMetric, type Merged } from '../model/merged';
import { framesOnLine, matchFrames, matchFunctions, parseQuery } from '../model/search';
import { amountOf, type Amount } from '../model/stats';
import { sumByStack, type StackSums } from '../model/sums';
import { stacksUnder } from '../model/timeOrder';
import type { Track } from '../model/track';
import type { RunRange } from '../../protocol/lsp';
import { nothingKnown, type Known } from './known';
import { isMain } from './share';
import { makeTrees, type Center } from './trees';

export type Mode = 'time' | 'merged' | 'table';
/** Which call tree the merged view shows: callers first, callees first, or what is around one function. */
export type TreeShape = 'top' | 'inverted' | 'sandwich';

/** A stretch of the horizontal axis, ns, or bytes in a call tree of memory. */
export interface Span {
  start: number;
  end: number;
}

/** The frame that has the keyboard's attention. */
export interface Focus {
  /** null in the left-heavy view. */
  track: Track | null;
  /** Among the callers of the sandwich view. */
  up?: boolean;
  /** The frame as a stack; its line is the one executing at timeNs. */
  stack: number;
  node: number;
  timeNs: number;
}

export interface Found {
  text: string;
  /** One byte per function. */
  functions: Uint8Array;
  functionCount: number;
  /** One byte per stack that is, or is on top of, a match. */
  stacks: Uint8Array;
  amount: Amount;
}

export interface State {
  store: FlameStore;
  /** Which run it is; '' = none. */
  run: string;
  title: string;
  live: boolean;
  /** All of the run is here. */
  complete: boolean;
  /** Compiled code has frames of its own. */
  native: boolean;
  /** Frames of libraries are folded into those of the user's own code. */
  onlyMyCode: boolean;
  /** The part of the run's time that figures everywhere are of, and its words; null: of all. */
  range: { range: RunRange; text: string } | null;
  /** How well the run was sampled, in words. */
  sampling: string;
  /** Something to say instead of a chart. */
  message: string;
  mode: Mode;
  tree: TreeShape;
  /** The function in the middle of the sandwich view; null: the one that costs most. */
  center: Center | null;
  /** As chosen; see metricOf. */
  metric: FlameMetric;
  /** What leads beside the code, and its name; null: nobody has said yet. */
  leading: { metric: string; label: string } | null;
  /** null: not measured, or not here yet. */
  memory: FlameMemory | null;
  /** `t3`: one track, `p71`: those of one process; '' = all. */
  only: string;
  /** Tracks shown, of the busiest process the busiest first. */
  shown: Track[];
  /** Headings that somebody opened or closed. */
  toggled: Set<string>;
  time: Span;
  merged: Span;
  /** The time axis grows with the run: nobody has zoomed in. */
  following: boolean;
  focus: Focus | null;
  search: string;
  searchError: string;
  found: Found | null;
  highlight: { path: string; line: number } | null;
  /** One byte per frame on the highlighted line; null = none is. */
  lit: Uint8Array | null;
  /** What was derived from all this. */
  known: Known;
}

/** The state before anything arrived. */
export function createState(): State {
  return {
    store: new FlameStore(),
    run: '',
    title: '',
    live: false,
    complete: false,
    native: true,
    onlyMyCode: false,
    range: null,
    sampling: '',
    message: 'Waiting for the first samples…',
    mode: 'time',
    tree: 'top',
    center: null,
    metric: 'wall',
    leading: null,
    memory: null,
    only: '',
    shown: [],
    toggled: new Set(),
    time: { start: 0, end: 0 },
    merged: { start: 0, end: 0 },
    following: true,
    focus: null,
    search: '',
    searchError: '',
    found: null,
    highlight: null,
    lit: null,
    known: nothingKnown(),
  };
}

/** Everything of the run gone; how it is looked at stays, and of the same run also where. */
export function resetState(
  state: State,
  shown: Pick<State, 'run' | 'title' | 'live' | 'native' | 'onlyMyCode'>,
): void {
  const { mode, tree, center, metric, leading, search, highlight } = state;
  const { only, toggled, time, following, range } = state;
  const look = { mode, tree, metric, leading, search, highlight };
  const place = state.run === shown.run ? { only, toggled, time, following, range, center } : {};
  Object.assign(state, createState(), look, place, shown);
}

/** Choose the tracks shown. Their order is kept while a run is live, so that nothing jumps under the pointer. */
export function refreshTracks(state: State, reorder: boolean): void {
  const all = state.store.tracks;
  const { only } = state;
  const wanted = all.filter(({ id, pid }) => !only || only === `t${id}` || only === `p${pid}`);
  const chosen = new Set(wanted);
  const known = reorder ? [] : state.shown.filter((track) => chosen.has(track));
  const old = new Set(known);
  const added = wanted.filter((track) => !old.has(track));
  state.shown = [...known, ...busiestFirst(added)];
}

/** The process with most CPU first, and in it the main thread, then the one with most, then the one that lived longest. */
export function busiestFirst(tracks: readonly Track[]): Track[] {
  const processes = new Map<number, number>();
  for (const { pid, cpuNs } of tracks) processes.set(pid, (processes.get(pid) ?? 0) + cpuNs);
  return [...tracks].sort(
    (a, b) =>
      processes.get(b.pid)! - processes.get(a.pid)! ||
      a.pid - b.pid ||
      Number(isMain(b)) - Number(isMain(a)) ||
      b.cpuNs - a.cpuNs ||
      b.wallNs - a.wallNs,
  );
}

function dataKey(state: State): string {
  const { store, shown } = state;
  return [store.revision, ...shown.map((track) => track.id)].join();
}

/** What the tracks shown spent by stack in the run, or in the part of it that figures are of. */
export function runSums(state: State): StackSums {
  const { start, end } = chosenSpan(state);
  const key = `${dataKey(state)} ${start} ${end}`;
  if (state.known.run?.key !== key) {
    state.known.run = { key, value: sumByStack(state.store, state.shown, start, end) };
  }
  return state.known.run.value;
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
  if (state.known.view?.key !== key) {
    state.known.view = { key, value: sumByStack(state.store, state.shown, start, end) };
  }
  return state.known.view.value;
}

/** What frames weigh. Time order is always of wall time. */
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
  if (state.known.bytes?.key !== key || state.known.bytes.memory !== memory) {
    const value = memory
      ? memoryByStack(memory, store.stackCount, metric, start, end)
      : { weight: new Float64Array(store.stackCount), count: new Float64Array(store.stackCount) };
    state.known.bytes = { key, memory, value };
  }
  return state.known.bytes.value;
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
  const known = state.known.merged;
  if (known?.weight !== weight || known.nodes !== nodes || known.key !== key) {
    const value = makeTrees(store, weight, count, tree, center);
    state.known.merged = { weight, nodes, key, value };
  }
  const { callers, main } = state.known.merged!.value;
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

/**
 * After new rows: the time axis reaches to the end when it follows the run and nobody sees it move, and the left-heavy
 * view keeps looking at the same share of its total, which was `mergedTotal` ns before.
 */
export function growSpans(state: State, mergedTotal: number): void {
  const unseen = state.time.end === 0 || (state.following && state.mode === 'merged');
  if (unseen) state.time = { start: 0, end: state.store.endNs };
  if (state.mode !== 'merged') return;
  const extent = extentOf(state);
  const factor = mergedTotal > 0 ? extent / mergedTotal : 0;
  const { start, end } = state.merged;
  state.merged = factor ? { start: start * factor, end: end * factor } : { start: 0, end: extent };
}

/** Bring search and highlight up to date with the tables. */
export function refreshMarks(state: State): void {
  const { store } = state;
  const query = parseQuery(state.search);
  state.searchError = query.ok ? '' : query.message;
  state.found = null;
  if (query.ok && query.terms.length > 0) {
    const functions = matchFunctions(store, query.terms);
    const stacks = stacksUnder(store, matchFrames(store, functions));
    state.found = {
      text: state.search,
      functions,
      functionCount: functions.reduce((sum, match) => sum + match, 0),
      stacks,
      amount: amountOf(runSums(state), stacks),
    };
  }
  state.lit = null;
  if (state.highlight) {
    const lit = framesOnLine(store, state.highlight.path, state.highlight.line);
    if (lit.includes(1)) state.lit = lit;
  }
}
