/** Back and forward through what was focused, as in a browser: each place with the view that showed it. */
import { nodeAt, pathOf } from '../model/trees';
import { coversRun, mergedOf, spanOf } from './derived';
import { focusNode } from './navigate';
import { withSpan } from './spans';
import type { Focus, Span, State } from './state';

const mostPlaces = 100;

interface Place extends Pick<State, 'mode' | 'tree' | 'center' | 'metric'> {
  span: Span;
  focus: Focus | null;
  /** How to find the focused node again: nodes of a tree get other numbers when the tree is made again. */
  path: number[];
  /** The focus came here by an arrow key: of a row of such places only the last is kept. */
  isStep: boolean;
}

/** Places in the order in which they were visited; `at` is the current one, −1 for none. */
export interface Trail {
  places: readonly Place[];
  at: number;
}

export const emptyTrail: Trail = { places: [], at: -1 };

/** The state with its focus and view added to the trail. */
export function withPlace(state: State, isStep: boolean): State {
  const { places, at } = state.trail;
  const place = placeOf(state, isStep);
  const last = places[at];
  const replaces = last && (isSame(last, place) || (isStep && last.isStep));
  const kept = [...places.slice(0, replaces ? at : at + 1), place].slice(-mostPlaces);
  return { ...state, trail: { places: kept, at: kept.length - 1 } };
}

/** Whether there is a place before (−1) or after (1) the current one. */
export function canGo({ trail }: State, by: 1 | -1): boolean {
  return trail.places[trail.at + by] !== undefined;
}

/** The state at the place before (−1) or after (1); null when there is none. */
export function goAlong(state: State, by: 1 | -1): State | null {
  const { places, at } = state.trail;
  const place = places[at + by];
  if (!place) return null;
  const span = { ...spanOf(state) };
  const leaving = places.map((other, i) => (i === at ? { ...other, span } : other));
  const trail = { places: leaving, at: at + by };
  const { mode, tree, center, metric, focus, path } = place;
  const next = withSpan({ ...state, mode, tree, center, metric, focus, trail }, { ...place.span });
  if (mode === 'time') next.following = coversRun(next);
  if (focus && !focus.track) {
    const node = nodeAt(mergedOf(next, focus.up).tree, path);
    next.focus = focusNode(next, node, focus.up ?? false);
  }
  return next;
}

function placeOf(state: State, isStep: boolean): Place {
  const { mode, tree, center, metric, focus } = state;
  const path = focus && !focus.track ? pathOf(mergedOf(state, focus.up).tree, focus.node) : [];
  return { mode, tree, center, metric, span: { ...spanOf(state) }, focus, path, isStep };
}

function isSame(a: Place, b: Place): boolean {
  return (
    (['mode', 'tree', 'center', 'metric'] as const).every((key) => a[key] === b[key]) &&
    a.focus?.track === b.focus?.track &&
    a.focus?.timeNs === b.focus?.timeNs &&
    a.focus?.up === b.focus?.up &&
    a.focus?.node === b.focus?.node
  );
}
