/** Back and forward through what was focused, as in a browser: each place with the view it was seen in. */
import { nodeAt, pathOf } from '../model/trees';
import { focusNode } from './navigate';
import { coversRun, mergedOf, spanOf, type Focus, type Span, type State } from './state';

const mostPlaces = 100;

type Look = Pick<State, 'mode' | 'tree' | 'center' | 'metric'>;

interface Place extends Look {
  span: Span;
  focus: Focus | null;
  /** Nodes of a tree get other numbers when it is made anew. */
  path: number[];
  /** Arrow keys went on from here: only where they arrived is kept. */
  step: boolean;
}

export interface Trail {
  /** The focus or the view changed; step: to a neighbour. */
  note: (step: boolean) => void;
  /** Makes the state that of the place before (−1) or after (1); false when there is none. */
  go: (by: 1 | -1) => boolean;
  can: (by: 1 | -1) => boolean;
}

/** The trail of a state; that of another run is forgotten. */
export function createTrail(state: State): Trail {
  let places: Place[] = [];
  let at = -1;
  let of = state.store;

  const forgetOther = (): void => {
    if (of === state.store) return;
    of = state.store;
    places = [];
    at = -1;
  };
  const now = (step: boolean): Place => {
    const { mode, tree, center, metric, focus } = state;
    const path = focus && !focus.track ? pathOf(mergedOf(state, focus.up).tree, focus.node) : [];
    return { mode, tree, center, metric, span: { ...spanOf(state) }, focus, path, step };
  };
  const isSame = (a: Place, b: Place): boolean =>
    (['mode', 'tree', 'center', 'metric'] as const).every((key) => a[key] === b[key]) &&
    a.focus?.track === b.focus?.track &&
    a.focus?.timeNs === b.focus?.timeNs &&
    a.focus?.up === b.focus?.up &&
    a.focus?.node === b.focus?.node;

  return {
    note: (step) => {
      forgetOther();
      const place = now(step);
      const last = places[at];
      const replaces = last && (isSame(last, place) || (step && last.step));
      places = [...places.slice(0, replaces ? at : at + 1), place].slice(-mostPlaces);
      at = places.length - 1;
    },
    can: (by) => of === state.store && places[at + by] !== undefined,
    go: (by) => {
      forgetOther();
      const place = places[at + by];
      if (!place) return false;
      places[at]!.span = { ...spanOf(state) };
      at += by;
      const { mode, tree, center, metric, span, focus, path } = place;
      Object.assign(state, { mode, tree, center, metric, focus });
      Object.assign(spanOf(state), span);
      if (mode === 'time') state.following = coversRun(state);
      if (focus && !focus.track) {
        const node = nodeAt(mergedOf(state, focus.up).tree, path);
        state.focus = focusNode(state, node, focus.up ?? false);
      }
      return true;
    },
  };
}
