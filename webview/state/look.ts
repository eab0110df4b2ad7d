/** Which view of the run is shown, by what frames weigh, and of which time. */
import type { FlameMetric } from '../model/merged';
import { frameKinds } from '../../profile/flame/tables';
import { coversRun, extentOf, type Mode, type Span, type State, type TreeShape } from './state';
import { centerOf, type Center } from './trees';

/** What the buttons of the toolbar choose between. */
export type ViewName = 'time' | 'merged' | 'sandwich' | 'table';

export interface Look {
  setView: (view: ViewName) => void;
  /** Between time order and the merged view. */
  toggle: () => void;
  /** Callers first, or callees first. */
  turnOver: () => void;
  setMetric: (metric: FlameMetric) => void;
  showMerged: (metric: FlameMetric) => void;
  /** Callers and callees of a function. */
  showFunction: (fn: number, kind: number) => void;
  /** The call tree became another one. */
  showWholeTree: () => void;
  /** A part of the run's time was chosen in the merged view. */
  setTime: (span: Span) => void;
}

/** The view a state shows. */
export function viewOf({ mode, tree }: Pick<State, 'mode' | 'tree'>): ViewName {
  return mode === 'merged' && tree === 'sandwich' ? 'sandwich' : mode;
}

/** `changed` is called after each change, `centred` after one of the function in the middle. */
export function createLook(state: State, changed: () => void, centred: () => void): Look {
  const showWholeTree = (): void => {
    if (state.mode === 'merged') state.merged = { start: 0, end: extentOf(state) };
    changed();
  };
  const show = (mode: Mode, tree: TreeShape): void => {
    state.mode = mode;
    state.tree = tree;
    state.focus = null;
    showWholeTree();
  };
  const showAround = (center: Center | null): void => {
    state.center = center ?? state.center;
    show('merged', 'sandwich');
    centred();
  };
  const setMetric = (metric: FlameMetric): void => {
    state.metric = metric;
    showWholeTree();
  };
  const setView = (view: ViewName): void => {
    const { store, focus } = state;
    if (view === 'sandwich') showAround(focus && centerOf(store, focus.stack));
    else if (view !== viewOf(state)) show(view, 'top');
  };

  return {
    setView,
    setMetric,
    showWholeTree,
    showFunction: (fn, kind) =>
      showAround({ ...state.store.describeFunction(fn), kind: frameKinds[kind]! }),
    toggle: () => setView(state.mode === 'merged' ? 'time' : 'merged'),
    turnOver: () => show('merged', state.tree === 'inverted' ? 'top' : 'inverted'),
    showMerged: (metric) => {
      state.mode = 'merged';
      state.tree = 'top';
      state.focus = null;
      setMetric(metric);
    },
    setTime: (span) => {
      state.time = span;
      state.following = coversRun(state);
      state.focus = null;
      showWholeTree();
    },
  };
}
