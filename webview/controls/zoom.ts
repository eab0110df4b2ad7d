/** Zooming and panning along the horizontal axis: d3-zoom's gestures, kept as a span of ns that outlives growing data. */
import { easeCubicOut, scaleLinear, select, timer, zoom, zoomIdentity, type Timer } from 'd3';
import { extentOf, spanOf, type Span, type State } from '../state/state';

/** ns: the least that fills the panel. */
const leastSpan = 10_000;

export interface ViewControl {
  /** Show a span, clamped to what there is. */
  show: (span: Span, animated: boolean) => void;
  /** Multiply the zoom around the middle, or around a place in ns. */
  zoomBy: (factor: number, around?: number) => void;
  /** Move by a share of what is visible. */
  panBy: (share: number) => void;
  /** Everything. In time order the axis follows a running program again. */
  reset: (animated: boolean) => void;
  /** The data or the panel's size changed. */
  sync: () => void;
}

/**
 * Attach gestures to `target`: wheel and pinch zoom, drag pans. `scrollBy` receives the vertical part of a drag, CSS
 * px; `changed` is called after the span changed.
 */
export function createView(
  state: State,
  target: HTMLElement,
  scrollBy: (px: number) => void,
  changed: () => void,
): ViewControl {
  let quiet = false;
  let animation: Timer | null = null;
  let dragY = 0;
  const width = (): number => Math.max(1, target.clientWidth);
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
      if (quiet) return;
      stop();
      const base = scaleLinear()
        .domain([0, extentOf(state)])
        .range([0, width()]);
      const [start, end] = event.transform.rescaleX(base).domain() as [number, number];
      store({ start: Math.max(0, start), end: Math.min(extentOf(state), end) });
      const source = event.sourceEvent;
      if (source instanceof MouseEvent && !(source instanceof WheelEvent)) {
        scrollBy(dragY - source.clientY);
        dragY = source.clientY;
      }
      changed();
    });
  const selection = select(target).call(behaviour).on('dblclick.zoom', null);

  const stop = (): void => {
    animation?.stop();
    animation = null;
  };
  const coversAll = (span: Span): boolean =>
    span.start <= 0 && span.end >= extentOf(state) * (1 - 1e-9);
  const store = (span: Span): void => {
    Object.assign(spanOf(state), span);
    if (state.mode === 'time') state.following = coversAll(span);
  };
  const clamp = (span: Span): Span => {
    const extent = extentOf(state);
    const length = Math.min(extent, Math.max(leastSpan, span.end - span.start));
    const middle = (span.start + span.end) / 2;
    const start = Math.min(Math.max(0, middle - length / 2), extent - length);
    return { start, end: start + length };
  };
  const sync = (): void => {
    const extent = extentOf(state);
    const span = spanOf(state);
    if (!(extent > 0) || !(span.end > span.start)) return;
    const w = width();
    behaviour.scaleExtent([1, Math.max(1, extent / leastSpan)]).translateExtent([
      [0, -Infinity],
      [w, Infinity],
    ]);
    const k = extent / (span.end - span.start);
    quiet = true;
    const transform = zoomIdentity.scale(k).translate((-span.start / extent) * w, 0);
    selection.call((chosen) => behaviour.transform(chosen, transform));
    quiet = false;
  };
  const animateTo = (to: Span, milliseconds: number, done?: () => void): void => {
    stop();
    const from = { ...spanOf(state) };
    const span = spanOf(state);
    animation = timer((elapsed) => {
      const t = easeCubicOut(Math.min(1, elapsed / milliseconds));
      span.start = from.start + (to.start - from.start) * t;
      span.end = from.end + (to.end - from.end) * t;
      if (elapsed >= milliseconds) {
        stop();
        sync();
        done?.();
      }
      changed();
    });
  };
  const show = (span: Span, animated: boolean): void => {
    const to = clamp(span);
    if (animated && !reducedMotion()) {
      // Decided now: a running program goes on while the view moves.
      if (state.mode === 'time') state.following = coversAll(to);
      animateTo(to, 180, () => Object.assign(spanOf(state), to));
      return;
    }
    stop();
    store(to);
    sync();
    changed();
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
      const along = Math.abs(event.deltaX) > Math.abs(event.deltaY) ? event.deltaX : event.deltaY;
      pan((along * lineFactor(event)) / width());
    },
    { passive: false },
  );
  const pan = (share: number): void => {
    const span = spanOf(state);
    const by = (span.end - span.start) * share;
    show({ start: span.start + by, end: span.end + by }, false);
  };

  return {
    show,
    sync,
    panBy: pan,
    zoomBy: (factor, around) => {
      const span = spanOf(state);
      const middle = around ?? (span.start + span.end) / 2;
      show(
        {
          start: middle - (middle - span.start) / factor,
          end: middle + (span.end - middle) / factor,
        },
        false,
      );
    },
    reset: (animated) => show({ start: 0, end: extentOf(state) }, animated),
  };
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
export function reducedMotion(): boolean {
  return matchMedia('(prefers-reduced-motion: reduce)').matches;
}
