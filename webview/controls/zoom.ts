/** Zooming and panning along the horizontal axis: d3-zoom's gestures become spans, which outlive growing data. */
import { easeCubicOut, scaleLinear, select, timer, zoom, zoomIdentity, type Timer } from 'd3';
import type { Dispatch } from '../intents/intent';
import { extentOf, spanOf } from '../state/derived';
import { leastSpan } from '../state/spans';
import type { Axis, Span, State } from '../state/state';

const glideMs = 180;

export interface ZoomControl {
  /** Move the view to a span smoothly, or at once where the user asked for less movement. */
  glideTo: (span: Span) => void;
  /** The visible span was set: no glide goes on, and the next gesture begins there. */
  settle: () => void;
  /** The data or the panel's size changed. */
  sync: () => void;
}

/** Attach gestures to `target`: wheel and pinch zoom, drag pans. `scrollBy` receives the vertical part of a drag, CSS px. */
export function createZoom(
  state: State,
  target: HTMLElement,
  scrollBy: (px: number) => void,
  dispatch: Dispatch,
): ZoomControl {
  let isSyncing = false;
  let glide: Timer | null = null;
  let dragY = 0;
  const width = (): number => Math.max(1, target.clientWidth);
  const stop = (): void => {
    glide?.stop();
    glide = null;
  };

  const behaviour = zoom<HTMLElement, unknown>()
    .filter(acceptGesture)
    .extent(() => [
      [0, 0],
      [width(), 1],
    ])
    .clickDistance(4)
    .on('start', (event: { sourceEvent: unknown }) => {
      dragY = clientY(event.sourceEvent);
    })
    .on('zoom', (event: { transform: { rescaleX: Rescale }; sourceEvent: unknown }) => {
      if (isSyncing) return;
      stop();
      const extent = extentOf(state);
      const base = scaleLinear().domain([0, extent]).range([0, width()]);
      const [start, end] = event.transform.rescaleX(base).domain() as [number, number];
      const span = { start: Math.max(0, start), end: Math.min(extent, end) };
      const source = event.sourceEvent;
      if (source instanceof MouseEvent && !(source instanceof WheelEvent)) {
        scrollBy(dragY - source.clientY);
        dragY = source.clientY;
      }
      dispatch({ type: 'moved', span });
    });
  const selection = select(target).call(behaviour).on('dblclick.zoom', null);

  const sync = (): void => {
    const extent = extentOf(state);
    const span = spanOf(state);
    if (!(extent > 0) || !(span.end > span.start)) return;
    const w = width();
    behaviour.scaleExtent([1, Math.max(1, extent / leastSpan)]).translateExtent([
      [0, -Infinity],
      [w, Infinity],
    ]);
    const scale = extent / (span.end - span.start);
    isSyncing = true;
    const transform = zoomIdentity.scale(scale).translate((-span.start / extent) * w, 0);
    selection.call((chosen) => behaviour.transform(chosen, transform));
    isSyncing = false;
  };
  const settle = (): void => {
    stop();
    sync();
  };
  const glideTo = (to: Span): void => {
    stop();
    if (prefersReducedMotion()) {
      dispatch({ type: 'moved', span: to });
      sync();
      return;
    }
    const from = spanOf(state);
    const axis = state.mode === 'merged' ? 'merged' : 'time';
    const axisKey = keyOf(state, axis);
    glide = timer((elapsed) => {
      // Another run or another call tree: the axis is a different one.
      if (keyOf(state, axis) !== axisKey) {
        stop();
        return;
      }
      const share = easeCubicOut(Math.min(1, elapsed / glideMs));
      const isThere = elapsed >= glideMs;
      const span = {
        start: from.start + (to.start - from.start) * share,
        end: from.end + (to.end - from.end) * share,
      };
      dispatch({ type: 'glided', axis, span: isThere ? to : span });
      if (isThere) settle();
    });
  };

  target.addEventListener(
    'wheel',
    (event) => {
      if (acceptGesture(event)) return;
      event.preventDefault();
      if (event.shiftKey) {
        scrollBy((event.deltaY || event.deltaX) * lineFactor(event));
        return;
      }
      const delta = Math.abs(event.deltaX) > Math.abs(event.deltaY) ? event.deltaX : event.deltaY;
      dispatch({ type: 'panBy', share: (delta * lineFactor(event)) / width() });
    },
    { passive: false },
  );

  return { glideTo, settle, sync };
}

/** The same as long as an axis means the same. */
function keyOf({ run, tree, center, metric }: State, axis: Axis): string {
  return JSON.stringify(axis === 'merged' ? [run, tree, center, metric] : [run]);
}

type Rescale = (scale: ReturnType<typeof scaleLinear<number, number>>) => {
  domain: () => number[];
};

/** What d3-zoom handles: plain or pinched vertical wheel, the left button, touch. The rest pans or scrolls. */
function acceptGesture(event: Event): boolean {
  if (event instanceof WheelEvent) {
    const sideways = Math.abs(event.deltaX) > Math.abs(event.deltaY);
    return !event.shiftKey && !event.altKey && (event.ctrlKey || !sideways);
  }
  return !(event instanceof MouseEvent) || (event.button === 0 && !event.ctrlKey);
}

function lineFactor(event: WheelEvent): number {
  return event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 18 : 1;
}

function clientY(event: unknown): number {
  return event instanceof MouseEvent ? event.clientY : 0;
}

/** Whether the user asked for less movement. */
function prefersReducedMotion(): boolean {
  return matchMedia('(prefers-reduced-motion: reduce)').matches;
}
