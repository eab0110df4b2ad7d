/**
 * What the panel shows, in one place. Views read this state; only intents change it (intents/reduce.ts). A change replaces
 * values; `store` and `cache` alone are extended in place, because they are large.
 */
import { FlameStore } from '../model/store';
import type { FlameMemory } from '../../profile/flame/memory';
import type { FlameMetric } from '../model/merged';
import type { Amount } from '../model/stats';
import type { Track } from '../model/track';
import type { RunRange } from '../../protocol/lsp';
import { emptyCache, type StateCache } from './cache';
import { emptyTrail, type Trail } from './trail';
import type { Center } from './trees';

export type Mode = 'time' | 'merged' | 'table';
/** Which call tree the merged view shows: callers first, callees first, or what is around one function. */
export type TreeShape = 'top' | 'inverted' | 'sandwich';

/** The horizontal axis of time order and the table, and that of left heavy. */
export type Axis = 'time' | 'merged';

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

/** What a search has found. */
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
  /** Tracks shown: processes and, within each, threads in the order of busiestFirst, as far as a live run allows. */
  shown: Track[];
  /** Headings that somebody opened or closed. */
  toggled: ReadonlySet<string>;
  time: Span;
  merged: Span;
  /** The extent of the left-heavy view when everything was drawn last. */
  mergedTotal: number;
  /** The time axis grows with the run: nobody has zoomed in. */
  following: boolean;
  focus: Focus | null;
  /** The frame under the pointer. */
  pointed: Focus | null;
  /** Back and forward. */
  trail: Trail;
  search: string;
  searchError: string;
  found: Found | null;
  /** Which match was stepped to, counted from 1; null: none since the search changed. */
  match: { number: number; of: number } | null;
  highlight: { path: string; line: number } | null;
  /** One byte per frame on the highlighted line; null = none is. */
  lit: Uint8Array | null;
  /** The highlighted line has still to be shown: its rows may not be here yet. */
  wantsReveal: boolean;
  /** The sheet with keys is open. */
  help: boolean;
  /** Results derived from all this. */
  cache: StateCache;
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
    mergedTotal: 0,
    following: true,
    focus: null,
    pointed: null,
    trail: emptyTrail,
    search: '',
    searchError: '',
    found: null,
    match: null,
    highlight: null,
    lit: null,
    wantsReveal: false,
    help: false,
    cache: emptyCache(),
  };
}

/** The state of a run of which nothing has arrived. How runs are looked at stays, and where, if it is the same run. */
export function stateOfRun(
  state: State,
  run: Pick<State, 'run' | 'title' | 'live' | 'native' | 'onlyMyCode'>,
): State {
  const { mode, tree, center, metric, leading, search, match, highlight, wantsReveal, help } =
    state;
  const { only, toggled, time, following, range } = state;
  const look = { mode, tree, metric, leading, search, match, highlight, wantsReveal, help };
  const place = state.run === run.run ? { only, toggled, time, following, range, center } : {};
  return { ...createState(), ...look, ...place, ...run };
}
