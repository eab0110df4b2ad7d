/** Intents about which frame has the focus: by pointer, by arrow keys, by search. */
import { matchPlaces, stepMatch } from '../state/find';
import { layoutLanes } from '../state/lanes';
import { firstFocus, focusAt, neighbour, type Direction } from '../state/navigate';
import { heaviestLit } from '../state/reveal';
import { partAt, partBeside } from '../state/share';
import type { Focus, State } from '../state/state';
import { withPlace } from '../state/trail';
import { andThen, outcome, type Outcome } from './effect';
import type { FocusIntent } from './intent';
import { setSearch } from './view';

export function reduceFocus(state: State, intent: FocusIntent): Outcome {
  switch (intent.type) {
    case 'select':
      return select(state, intent.focus, false);
    case 'point':
      return outcome({ ...state, pointed: intent.focus }, { do: 'draw', what: 'outlines' });
    case 'move':
      return move(state, intent.direction, intent.nsPerPx);
    case 'step':
      return step(state, intent.by);
    case 'escape':
      return andThen(escape(state), (next) => outcome(next, { do: 'focus', what: 'chart' }));
  }
}

/** Goes to the heaviest frame of the highlighted line, if somebody asked for it and its rows are here. */
export function reveal(state: State): Outcome {
  const focus = state.wantsReveal ? heaviestLit(state) : null;
  if (!focus) return outcome(state);
  return andThen(select({ ...state, wantsReveal: false }, focus, false), (next) =>
    outcome(
      next,
      { do: 'drawChartNow' },
      { do: 'show', focus, closer: true },
      { do: 'focus', what: 'chart' },
    ),
  );
}

/** isStep: the focus came from a neighbour. */
function select(state: State, focus: Focus | null, isStep: boolean): Outcome {
  const focused = { ...state, focus };
  const next = focus ? withPlace(focused, isStep) : focused;
  return outcome(next, { do: 'draw', what: 'focus' });
}

function move(state: State, direction: Direction, nsPerPx: number): Outcome {
  const { focus } = state;
  const next = focus
    ? (neighbour(state, focus, direction, nsPerPx) ?? inNextThread(state, focus, direction))
    : firstFocus(state);
  if (!next) return outcome(state, { do: 'showFigures' });
  return andThen(select(state, next, true), (moved) =>
    outcome(moved, { do: 'show', focus: next, closer: false }, { do: 'showFigures' }),
  );
}

/** In a lane that threads share: the frame of the thread before or after. */
function inNextThread(state: State, focus: Focus, direction: Direction): Focus | null {
  const by = direction === 'right' ? 1 : direction === 'left' ? -1 : 0;
  const { track, timeNs } = focus;
  if (!track || by === 0 || state.mode === 'merged') return null;
  const lanes = layoutLanes(state).map(({ shared }) => shared ?? []);
  const lane = lanes.find((parts) => partAt(parts, timeNs)?.track === track);
  const part = lane && partBeside(lane, track, timeNs, by);
  if (!part) return null;
  const inside = (by * (part.end - part.start)) / 1e3;
  const at = (by > 0 ? part.start : part.end) + inside;
  return focusAt(state, part.track, at, state.store.nodeDepth[focus.node]!);
}

function step(state: State, by: 1 | -1): Outcome {
  const match = state.mode === 'table' ? null : stepMatch(state, by);
  if (!match) return outcome(state);
  const { focus, number } = match;
  const stepped = { ...state, match: { number, of: matchPlaces(state).length } };
  return andThen(select(stepped, focus, false), (next) =>
    outcome(next, { do: 'show', focus, closer: true }),
  );
}

/** Takes back the last thing that can be taken back: the sheet with keys, then the search, then the focus. */
function escape(state: State): Outcome {
  if (state.help) return outcome({ ...state, help: false }, { do: 'help' });
  if (!state.search) return select(state, null, false);
  return andThen(outcome(state, { do: 'clearSearchBox' }), (next) => setSearch(next, ''));
}
