/** The effects of an intent beside the new state, as plain data. webview/effects.ts carries them out. */
import type { FromPanel } from '../../protocol/panel';
import type { SavedFormat } from '../../protocol/savedPage';
import { extentOf } from '../state/derived';
import type { Focus, Span, State } from '../state/state';

/** Parts of the panel that have to be drawn again. `span`: all that depends on the visible span. */
export type Drawing = 'everything' | 'span' | 'focus' | 'chart' | 'outlines' | 'status';

export type Effect =
  /** On the next frame where it is costly. */
  | { do: 'draw'; what: Drawing }
  /** Now: the layout must know its rows before it can scroll to one of them. */
  | { do: 'drawChartNow' }
  | { do: 'retheme' }
  /** Move the view to a span smoothly. */
  | { do: 'glide'; to: Span }
  /** The view is where it should be: no animation moves it further. */
  | { do: 'settle' }
  /** Ask for bringIntoView with the width of the chart. */
  | { do: 'show'; focus: Focus; closer: boolean }
  | { do: 'scrollTo'; focus: Focus }
  | { do: 'scrollToCenter' }
  | { do: 'scrollPage'; pages: number }
  | { do: 'focus'; what: 'chart' | 'search' | 'footprint' }
  | { do: 'clearSearchBox' }
  /** Show or hide the sheet with keys, as the state has it. */
  | { do: 'help' }
  /** Show the card of the focused frame. */
  | { do: 'showFigures' }
  /** For screen readers. */
  | { do: 'announce'; text: string }
  /** For screen readers, and in the status line for a moment. */
  | { do: 'say'; text: string }
  | { do: 'save'; format: SavedFormat }
  | { do: 'post'; message: FromPanel };

/** The result of an intent. */
export interface Outcome {
  state: State;
  effects: Effect[];
}

export function outcome(state: State, ...effects: Effect[]): Outcome {
  return { state, effects };
}

/** Marks or looks changed: all of the panel is brought up to date. */
export function everything(state: State, ...effects: Effect[]): Outcome {
  const mergedTotal = state.mode === 'merged' ? extentOf(state) : state.mergedTotal;
  return outcome({ ...state, mergedTotal }, { do: 'draw', what: 'everything' }, ...effects);
}

/** One outcome after another: `next` begins with the state that `first` led to. */
export function andThen(first: Outcome, next: (state: State) => Outcome): Outcome {
  const second = next(first.state);
  return { state: second.state, effects: [...first.effects, ...second.effects] };
}
