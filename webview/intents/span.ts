/** Intents about which part of the horizontal axis is visible: zooming, moving, a chosen time. */
import { extentOf, spanOf } from '../state/derived';
import { openedFor } from '../state/lanes';
import { blockOf } from '../state/navigate';
import {
  clampSpan,
  spanAround,
  visibleMiddle,
  withChosenSpan,
  withFollowing,
  withTime,
  zoomedSpan,
} from '../state/spans';
import type { Focus, Span, State } from '../state/state';
import { andThen, outcome, type Effect, type Outcome } from './effect';
import type { SpanIntent } from './intent';
import { showWholeTree } from './view';

const drawSpan: Effect = { do: 'draw', what: 'span' };

export function reduceSpan(state: State, intent: SpanIntent): Outcome {
  switch (intent.type) {
    case 'moved':
      return outcome(withChosenSpan(state, intent.span), drawSpan);
    case 'glided':
      return outcome({ ...state, [intent.axis]: intent.span }, drawSpan);
    case 'zoomBy': {
      const span = spanOf(state);
      const block = state.focus && blockOf(state, state.focus);
      const around = block ? visibleMiddle(block, span) : (span.start + span.end) / 2;
      return showSpan(state, zoomedSpan(span, intent.factor, around), false);
    }
    case 'panBy': {
      const { start, end } = spanOf(state);
      const by = (end - start) * intent.share;
      return showSpan(state, { start: start + by, end: end + by }, false);
    }
    case 'fit':
      return showAll(state, true);
    case 'zoomTo':
      return zoomTo(state, intent.focus);
    case 'zoomToFocus':
      return state.focus ? zoomTo(state, state.focus) : outcome(state);
    case 'chooseTime':
      if (state.mode !== 'merged') return showSpan(state, intent.span, false);
      return showWholeTree(withTime({ ...state, focus: null }, intent.span));
    case 'bringIntoView':
      return bringIntoView(state, intent);
  }
}

/** Show everything; in time order the axis follows a running program again. */
export function showAll(state: State, animated: boolean): Outcome {
  return showSpan(state, { start: 0, end: extentOf(state) }, animated);
}

/** Show a span, clamped to what there is. */
function showSpan(state: State, wanted: Span, animated: boolean): Outcome {
  const span = clampSpan(state, wanted);
  if (!animated) return outcome(withChosenSpan(state, span), { do: 'settle' }, drawSpan);
  // Decided before the view arrives: a running program goes on while the view glides.
  return outcome(withFollowing(state, span), { do: 'glide', to: span });
}

function zoomTo(state: State, focus: Focus): Outcome {
  const block = blockOf(state, focus);
  if (!block) return outcome(state);
  const margin = (block.end - block.start) * 0.01;
  const span = { start: block.start - margin, end: block.end + margin };
  return andThen(showSpan(state, span, true), (next) => outcome(next, { do: 'scrollTo', focus }));
}

function bringIntoView(
  state: State,
  { focus, closer, widthPx }: { focus: Focus; closer: boolean; widthPx: number },
): Outcome {
  const block = blockOf(state, focus);
  if (!block) return outcome(state);
  const toggled = focus.track ? openedFor(state, focus.track) : state.toggled;
  const isOpen = toggled === state.toggled;
  const opened = isOpen ? outcome(state) : outcome({ ...state, toggled }, { do: 'drawChartNow' });
  const span = spanAround(state, block, closer, widthPx);
  const shown = andThen(opened, (next) => (span ? showSpan(next, span, true) : outcome(next)));
  return andThen(shown, (next) => outcome(next, { do: 'scrollTo', focus }));
}
