/** Intents about how the run is looked at: which view, by which metric, of which threads. */
import type { FlameMetric } from '../model/merged';
import { frameKinds } from '../../profile/flame/tables';
import { extentOf, isFootprintShown } from '../state/derived';
import { toggled } from '../state/lanes';
import { withMarks } from '../state/marks';
import type { Mode, State, TreeShape } from '../state/state';
import { tracksToShow } from '../state/tracks';
import { goAlong, withPlace } from '../state/trail';
import { centerOf, type Center } from '../state/trees';
import { viewOf, type ViewName } from '../state/views';
import { andThen, everything, outcome, type Outcome } from './effect';
import type { ViewIntent } from './intent';

export function reduceView(state: State, intent: ViewIntent): Outcome {
  switch (intent.type) {
    case 'setView':
      return setView(state, intent.view);
    case 'toggleView':
      return setView(state, state.mode === 'merged' ? 'time' : 'merged');
    case 'invert':
      return show(state, 'merged', state.tree === 'inverted' ? 'top' : 'inverted');
    case 'setMetric':
      return setMetric(state, intent.metric);
    case 'showChange':
      return setMetric({ ...state, mode: 'merged', tree: 'top', focus: null }, intent.metric);
    case 'showFunction': {
      const words = state.store.describeFunction(intent.fn);
      return showAround(state, { ...words, kind: frameKinds[intent.kind]! });
    }
    case 'setOnly':
      return setOnly(state, intent.only);
    case 'setSearch':
      return setSearch(state, intent.text);
    case 'toggleHeading': {
      const next = { ...state, toggled: toggled(state.toggled, intent.key) };
      return outcome(next, { do: 'draw', what: 'chart' });
    }
    case 'goAlong':
      return go(state, intent.by);
    case 'showMemory':
      return showMemory(state);
  }
}

/** The call tree became another one: all of it is shown. */
export function showWholeTree(state: State): Outcome {
  if (state.mode !== 'merged') return everything(state);
  return everything({ ...state, merged: { start: 0, end: extentOf(state) } });
}

export function setSearch(state: State, text: string): Outcome {
  return everything(withMarks({ ...state, search: text, match: null }));
}

function show(state: State, mode: Mode, tree: TreeShape): Outcome {
  return showWholeTree({ ...state, mode, tree, focus: null });
}

function setView(state: State, view: ViewName): Outcome {
  const { store, focus } = state;
  if (view === 'sandwich') return showAround(state, focus && centerOf(store, focus.stack));
  return view === viewOf(state) ? outcome(state) : show(state, view, 'top');
}

/** The sandwich view around a function; null: around the one that was its center before. */
function showAround(state: State, center: Center | null): Outcome {
  const centered = { ...state, center: center ?? state.center };
  return andThen(show(centered, 'merged', 'sandwich'), (shown) =>
    outcome(withPlace(shown, false), { do: 'drawChartNow' }, { do: 'scrollToCenter' }),
  );
}

function setMetric(state: State, metric: FlameMetric): Outcome {
  return showWholeTree({ ...state, metric });
}

function setOnly(state: State, only: string): Outcome {
  if (state.only === only) return outcome(state);
  const chosen = { ...state, only, focus: null };
  return showWholeTree(withMarks({ ...chosen, shown: tracksToShow(chosen, true) }));
}

function go(state: State, by: 1 | -1): Outcome {
  const next = goAlong(state, by);
  if (!next) return outcome(state);
  if (next.focus) {
    const show = { do: 'show', focus: next.focus, closer: false } as const;
    return everything(next, { do: 'drawChartNow' }, show);
  }
  return next.tree === 'sandwich' ? everything(next, { do: 'scrollToCenter' }) : everything(next);
}

function showMemory(state: State): Outcome {
  if (!state.memory) {
    return outcome(state, { do: 'announce', text: 'Memory was not measured in this run.' });
  }
  const shown = isFootprintShown(state) ? outcome(state) : setMetric(state, 'growth');
  return andThen(shown, (next) => outcome(next, { do: 'focus', what: 'footprint' }));
}
