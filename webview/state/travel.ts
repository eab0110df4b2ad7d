/** Going to a frame: by key, by search, by source line, by double click. */
import type { Chart } from '../draw/chart';
import { matchPlaces, stepMatch } from './find';
import { openTrack } from './lanes';
import { blockOf, firstFocus, focusAt, neighbour, type Direction } from './navigate';
import { heaviestLit } from './reveal';
import { bandOf } from '../draw/scene';
import { partBeside } from './share';
import { spanOf, type Focus, type Span, type State } from './state';
import type { ViewControl } from '../controls/zoom';

export interface Travel {
  move: (direction: Direction) => void;
  /** To the next (1) or previous (−1) match; its number and how many there are. */
  step: (by: 1 | -1) => { number: number; of: number } | null;
  /** Scrolls to a frame. */
  show: (focus: Focus) => void;
  zoomTo: (focus: Focus) => void;
  /** Zoom around the focused frame where it is in view, else around the middle. */
  zoomBy: (factor: number) => void;
  /** To the heaviest frame of the highlighted line; false when there is none yet. */
  reveal: () => boolean;
}

/** Frames narrower than this, CSS px, are zoomed to when somebody asks for them by name. */
const leastPx = 3;

/** Travel over a chart; `select` gives a frame the focus. */
export function createTravel(
  state: State,
  chart: Chart,
  view: ViewControl,
  select: (focus: Focus, isStep?: boolean) => void,
): Travel {
  const bringIntoView = (focus: Focus, closer: boolean): void => {
    const block = blockOf(state, focus);
    if (!block) return;
    if (focus.track && openTrack(state, focus.track)) chart.paint();
    const span = spanOf(state);
    const length = span.end - span.start;
    const width = Math.max(1, chart.surface.clientWidth);
    const middle = (block.start + block.end) / 2;
    if (closer && ((block.end - block.start) / length) * width < leastPx) {
      const wanted = ((block.end - block.start) * width) / (leastPx * 10);
      view.show({ start: middle - wanted / 2, end: middle + wanted / 2 }, true);
    } else if (block.end < span.start || block.start > span.end) {
      view.show({ start: middle - length / 2, end: middle + length / 2 }, true);
    }
    chart.revealRow(focus);
  };
  /** In a lane that threads share: the frame of the thread before or after. */
  const inNextThread = (focus: Focus, direction: Direction): Focus | null => {
    const by = direction === 'right' ? 1 : direction === 'left' ? -1 : 0;
    const shared = bandOf(chart.scene(), focus)?.band.shared;
    if (!focus.track || !shared || by === 0) return null;
    const next = partBeside(shared, focus.track, focus.timeNs, by);
    if (!next) return null;
    const inside = (by * (next.end - next.start)) / 1e3;
    const timeNs = (by > 0 ? next.start : next.end) + inside;
    return focusAt(state, next.track, timeNs, state.store.nodeDepth[focus.node]!);
  };
  return {
    move: (direction) => {
      const { stepNs, width, cssWidth } = chart.scene();
      const next = state.focus
        ? (neighbour(state, state.focus, direction, (stepNs * width) / cssWidth) ??
          inNextThread(state.focus, direction))
        : firstFocus(state);
      if (!next) return;
      select(next, true);
      bringIntoView(next, false);
    },
    step: (by) => {
      const match = state.mode === 'table' ? null : stepMatch(state, by);
      if (!match) return null;
      select(match.focus);
      bringIntoView(match.focus, true);
      return { number: match.number, of: matchPlaces(state).length };
    },
    show: (focus) => {
      chart.paint();
      bringIntoView(focus, false);
    },
    zoomTo: (focus) => {
      const block = blockOf(state, focus);
      if (!block) return;
      const margin = (block.end - block.start) * 0.01;
      view.show({ start: block.start - margin, end: block.end + margin }, true);
      chart.revealRow(focus);
    },
    zoomBy: (factor) => {
      const block = state.focus && blockOf(state, state.focus);
      view.zoomBy(factor, block ? visibleMiddle(block, spanOf(state)) : undefined);
    },
    reveal: () => {
      const focus = heaviestLit(state);
      if (!focus) return false;
      select(focus);
      // The layout must know the new rows before it can scroll to one of them.
      chart.paint();
      bringIntoView(focus, true);
      return true;
    },
  };
}

/** The middle of the visible part of a block; the middle of the view when it is out of sight. */
function visibleMiddle(block: Span, span: Span): number {
  const start = Math.max(block.start, span.start);
  const end = Math.min(block.end, span.end);
  return end > start ? (start + end) / 2 : (span.start + span.end) / 2;
}
