/** Which part of the horizontal axis is visible. */
import { coversRun, extentOf, spanOf } from './derived';
import type { Span, State } from './state';

/** ns: the least that fills the panel. */
export const leastSpan = 10_000;
/** CSS px: narrower frames are zoomed to when somebody asks for them by name. */
const leastPx = 3;

/** The state with another visible part, as it is. */
export function withSpan(state: State, span: Span): State {
  return state.mode === 'merged' ? { ...state, merged: span } : { ...state, time: span };
}

/** The state with another visible part that somebody chose: in time order the axis follows a running program if it is all of the run. */
export function withChosenSpan(state: State, span: Span): State {
  return withFollowing(withSpan(state, span), span);
}

/** The state whose axis follows the run, in time order, if a span is all of the run. */
export function withFollowing(state: State, { start, end }: Span): State {
  if (state.mode !== 'time') return state;
  return { ...state, following: start <= 0 && end >= extentOf(state) * (1 - 1e-9) };
}

/** The state with a part of the run's time chosen for what happened to memory in it. */
export function withTime(state: State, time: Span): State {
  return { ...state, time, following: coversRun({ ...state, time }) };
}

/** A span moved and stretched to what there is. */
export function clampSpan(state: State, span: Span): Span {
  const extent = extentOf(state);
  const length = Math.min(extent, Math.max(leastSpan, span.end - span.start));
  const middle = (span.start + span.end) / 2;
  const start = Math.min(Math.max(0, middle - length / 2), extent - length);
  return { start, end: start + length };
}

/** The visible span zoomed around a place. */
export function zoomedSpan({ start, end }: Span, factor: number, around: number): Span {
  return { start: around - (around - start) / factor, end: around + (end - around) / factor };
}

/** The middle of the visible part of a block; the middle of the view when the block is out of sight. */
export function visibleMiddle(block: Span, span: Span): number {
  const start = Math.max(block.start, span.start);
  const end = Math.min(block.end, span.end);
  return end > start ? (start + end) / 2 : (span.start + span.end) / 2;
}

/**
 * The state after new rows: a time axis that follows the run reaches to its end, unless it is visible and will move there
 * by itself; the left-heavy view shows the same share of its total as before.
 */
export function withGrownSpans(state: State): State {
  const { time, merged, mergedTotal, following, mode, store } = state;
  const isOutOfSight = time.end === 0 || (following && mode === 'merged');
  const grown = isOutOfSight ? { ...state, time: { start: 0, end: store.endNs } } : state;
  if (mode !== 'merged') return grown;
  const extent = extentOf(grown);
  const factor = mergedTotal > 0 ? extent / mergedTotal : 0;
  const { start, end } = merged;
  const span = factor ? { start: start * factor, end: end * factor } : { start: 0, end: extent };
  return { ...grown, merged: span };
}

/** The span that brings a block into view, and with `closer` makes it wide enough to be seen; null: the block is there. */
export function spanAround(
  state: State,
  block: Span,
  closer: boolean,
  widthPx: number,
): Span | null {
  const span = spanOf(state);
  const length = span.end - span.start;
  const middle = (block.start + block.end) / 2;
  const ofLength = (ns: number): Span => ({
    start: middle - ns / 2,
    end: middle + ns / 2,
  });
  const px = ((block.end - block.start) / length) * widthPx;
  if (closer && px < leastPx)
    return ofLength(((block.end - block.start) * widthPx) / (leastPx * 10));
  return block.end < span.start || block.start > span.end ? ofLength(length) : null;
}
