/** A brush over the whole run; its selection is the time in view. */
import { brushX, select, type BrushSelection } from 'd3';
import type { Span, State } from '../state/state';

interface BrushEvent {
  type: string;
  sourceEvent: unknown;
  selection: BrushSelection | null;
}

/**
 * Puts a brush into a strip whose `width()` CSS px stand for the run; `show` is asked to show what was brushed, ns.
 * Returns a function that moves the brush to the time in view.
 */
export function createTimeBrush(
  state: State,
  svg: SVGSVGElement,
  width: () => number,
  height: number,
  show: (span: Span) => void,
): () => void {
  let isPlacing = false;
  /** During a gesture the brush moves the view, so the view must not move the brush. */
  let isBrushing = false;
  let brushWidth = 0;

  const brush = brushX<unknown>().on('start brush end', (event: BrushEvent) => {
    if (isPlacing || !event.sourceEvent) return;
    isBrushing = event.type !== 'end';
    if (event.type === 'start') return;
    const total = state.store.endNs;
    if (event.selection) {
      const [from, to] = event.selection as [number, number];
      show({ start: (from / width()) * total, end: (to / width()) * total });
    } else if (event.type === 'end') show({ start: 0, end: total });
  });
  const group = select(svg).append('g');

  return () => {
    const total = state.store.endNs;
    if (!(total > 0) || isBrushing) return;
    isPlacing = true;
    if (brushWidth !== width()) {
      brushWidth = width();
      brush.extent([
        [0, 0],
        [brushWidth, height],
      ]);
      group.call(brush);
    }
    const { start, end } = state.time;
    const whole = start <= 0 && end >= total;
    const left = Math.min(brushWidth - 2, (start / total) * brushWidth);
    const right = Math.min(brushWidth, Math.max(left + 2, (end / total) * brushWidth));
    group.call((chosen) => brush.move(chosen, whole ? null : [left, right]));
    isPlacing = false;
  };
}
