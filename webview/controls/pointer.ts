/** The mouse over the chart: card, selection, showing and opening the source, zooming to a frame, folding threads. */
import type { Chart } from '../draw/chart';
import { oncePerFrame } from '../dom';
import type { Dispatch } from '../intents/intent';
import type { HoverCard } from '../views/hover';
import { focusOfHit } from '../state/navigate';
import { headingAt, hitTest } from '../draw/scene';
import type { Focus, State } from '../state/state';

/** Listen to the pointer over a chart; returns a function that takes the card away, e.g. after the view moved. */
export function listenToPointer(
  state: State,
  chart: Chart,
  card: HoverCard,
  dispatch: Dispatch,
): () => void {
  let pointer: { x: number; y: number } | null = null;

  const pointOf = (event: MouseEvent): { x: number; y: number } => {
    const box = chart.surface.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  };
  const focusAtPoint = (point: { x: number; y: number }): Focus | null => {
    const hit = hitTest(chart.scene(), point.x, point.y);
    return hit && focusOfHit(state, chart.scene(), hit);
  };
  const hide = (): void => {
    card.hide();
    dispatch({ type: 'point', focus: null });
  };
  const hover = oncePerFrame(() => {
    if (!pointer) return;
    const scene = chart.scene();
    const hit = hitTest(scene, pointer.x, pointer.y);
    const focus = hit && focusOfHit(state, scene, hit);
    const heading = hit ? null : headingAt(scene, pointer.y);
    chart.surface.style.cursor = focus || heading ? 'pointer' : '';
    dispatch({ type: 'point', focus });
    const box = chart.surface.getBoundingClientRect();
    const room = card.element.parentElement!.getBoundingClientRect();
    const x = pointer.x + box.left - room.left;
    const y = pointer.y + box.top - room.top;
    if (focus) card.show(focus, x, y);
    else if (hit?.depth === 0 && hit.ns <= state.store.endNs) {
      card.showText('No sample of this thread here.', x, y);
    } else card.hide();
  });

  chart.surface.addEventListener('pointermove', (event) => {
    if (event.buttons !== 0) {
      pointer = null;
      hide();
      return;
    }
    pointer = pointOf(event);
    hover();
  });
  chart.surface.addEventListener('pointerleave', () => {
    pointer = null;
    hide();
  });
  chart.surface.addEventListener('click', (event) => {
    chart.scroller.focus({ preventScroll: true });
    const point = pointOf(event);
    const heading = headingAt(chart.scene(), point.y);
    if (heading) {
      dispatch({ type: 'toggleHeading', key: heading.key });
      return;
    }
    const focus = focusAtPoint(point);
    dispatch({ type: 'select', focus });
    if (!focus) return;
    if (event.ctrlKey || event.metaKey) dispatch({ type: 'zoomTo', focus });
    else if (event.detail <= 2) dispatch({ type: 'open', focus, go: event.detail === 2 });
  });
  return () => {
    pointer = null;
    hide();
  };
}
