/** A brush over the whole run: what it selects is the time in view. */
import { brushX, select, type BrushSelection } from 'd3';
import type { Span, State } from '../state/state';

interface BrushEvent {
  type: string;
  sourceEvent: unknown;
  selection: BrushSelection | null;
}

/**
 * Puts a brush into a strip whose `width()` CSS px stand for the run; `show` is asked to show what was brushed, ns.
 * Returns what moves the brush to the time in view.
 */
export function createTimeBrush(
  state: State,
  svg: SVGSVGElement,
  width: () => number,
  height: number,
  show: (span: Span) => void,
): () => void {
  let quiet = false;
  /** A gesture is under way: the brush moves the view, so the view must not move the brush. */
  let brushing = false;
  let brushWidth = 0;

  const brush = brushX<unknown>().on('start brush end', (event: BrushEvent) => {
    if (quiet || !event.sourceEvent) return;
    brushing = event.type !== 'end';
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
    if (!(total > 0) || brushing) return;
    quiet = true;
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
    quiet = false;
  };
}
