/** The memory of the whole run in a strip: resident size, live bytes, the peak marked, and a brush over what is chosen. */
import { area, axisBottom, line, scaleLinear, select } from 'd3';
import { footprintAt } from '../../profile/flame/memory';
import { isBytes } from '../model/merged';
import { formatBytes } from '../../profile/words/numbers';
import { el } from '../dom';
import type { Dispatch } from '../intents/intent';
import { createFootprintBar } from '../views/footprintBar';
import { axisFormat } from '../format';
import { isWholeRun, metricOf } from '../state/derived';
import type { Span, State } from '../state/state';
import { createTimeBrush } from './timeBrush';

const height = 44;
/** CSS px above the highest value, for the word at the peak. */
const headroom = 13;
const axisHeight = 16;
/** Parts of the run: how far a key moves the chosen time, and how much is chosen first. */
const keyStep = 0.02;
const firstChoice = 0.1;

export interface FootprintStrip {
  element: HTMLElement;
  /** The data or the size changed. */
  paint: () => void;
  /** The chosen time changed. */
  moveBrush: () => void;
  focus: () => void;
}

interface Point {
  ns: number;
  resident: number;
  live: number;
}

/** A strip for a state. */
export function createFootprint(state: State, dispatch: Dispatch): FootprintStrip {
  const chooseTime = (span: Span): void => dispatch({ type: 'chooseTime', span });
  const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
  const axis = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
  for (const picture of [svg, axis]) picture.setAttribute('aria-hidden', 'true');
  axis.setAttribute('class', 'axis footprint-axis');
  const bar = createFootprintBar(state, dispatch);
  const strip = el('div', {
    class: 'minimap footprint',
    role: 'slider',
    tabindex: '0',
    'aria-label': 'Memory over time: arrow keys choose a time, Enter shows what grew in it',
    'aria-valuemin': '0',
    'aria-valuemax': '100',
  });
  strip.append(svg);
  const element = el('div', { class: 'footprint-block' }, bar.element, strip);
  element.append(axis);
  // A low panel shows the strip once somebody asks for it, a very low one while the strip has the keyboard.
  const unfold = (): void => {
    element.classList.add('asked', 'now');
    strip.focus();
  };
  element.addEventListener('focusout', () => element.classList.remove('now'));
  const unfolder = el('button', { type: 'button', class: 'unfold' }, 'Over time');
  unfolder.addEventListener('click', unfold);
  bar.element.append(unfolder);
  const drawing = select(svg).append('g');
  const width = (): number => Math.max(1, strip.clientWidth);
  const placeBrush = createTimeBrush(state, svg, width, height, chooseTime);
  let peak = { ns: 0, live: 0 };
  let mostResident = 0;

  const moveBrush = (): void => {
    placeBrush();
    bar.update(peak, mostResident);
    strip.setAttribute('aria-valuetext', bar.text());
    const { start } = state.time;
    strip.setAttribute('aria-valuenow', (100 * (start / state.store.endNs || 0)).toFixed(0));
  };

  strip.addEventListener('pointermove', (event) => {
    const x = event.clientX - strip.getBoundingClientRect().left;
    bar.pointAt(event.buttons === 0 ? (x / width()) * state.store.endNs : null);
  });
  strip.addEventListener('pointerleave', () => bar.pointAt(null));
  strip.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === 'Enter') dispatch({ type: 'showChange', metric: 'growth' });
    else {
      const span = spanAfter(state, event.key, event.shiftKey);
      if (!span) return;
      chooseTime(span);
      moveBrush();
    }
    event.preventDefault();
    dispatch({ type: 'announce', text: bar.text() });
  });

  return {
    element,
    moveBrush,
    focus: unfold,
    paint: () => {
      const { memory, store } = state;
      if (!memory || !(store.endNs > 0)) return;
      element.classList.toggle('wanted', isBytes(metricOf(state)));
      const points = Array.from({ length: width() + 1 }, (_, x): Point => {
        const ns = (x / width()) * store.endNs;
        return { ns, ...footprintAt(memory, ns) };
      });
      const top = points.reduce((a, b) => (b.live > a.live ? b : a));
      // One process records its exact peak; the peak of several is where their sum is highest.
      const [only, ...others] = memory.processes;
      peak =
        only && others.length === 0
          ? { ns: only.peakNs, live: only.peakBytes }
          : { ns: top.ns, live: top.live };
      mostResident = Math.max(...points.map(({ resident }) => resident));
      const x = scaleLinear().domain([0, store.endNs]).range([0, width()]);
      const y = scaleLinear()
        .domain([0, Math.max(peak.live, mostResident, 1)])
        .range([height - 1, headroom]);
      svg.setAttribute('width', String(width()));
      svg.setAttribute('height', String(height));
      const shapes = [
        {
          kind: 'resident',
          path: mostResident > 0 ? shape(x, y, ({ resident }) => resident)(points) : null,
        },
        { kind: 'live', path: shape(x, y, ({ live }) => live)(points) },
        { kind: 'edge', path: edge(x, y)(points) },
        { kind: 'peak', path: `M${x(peak.ns)},${height}V0` },
      ];
      drawing
        .selectAll<SVGPathElement, (typeof shapes)[number]>('path')
        .data(shapes)
        .join('path')
        .attr('class', ({ kind }) => kind)
        .attr('d', ({ path }) => path);
      const isLeft = x(peak.ns) < width() / 2;
      drawing
        .selectAll('text')
        .data([peak])
        .join('text')
        .attr('x', x(peak.ns) + (isLeft ? 4 : -4))
        .attr('y', 10)
        .attr('text-anchor', isLeft ? 'start' : 'end')
        .text(`peak ${formatBytes(peak.live)}`);
      paintAxis(axis, state, x, width());
      moveBrush();
    },
  };
}

/** Time below the strip, except in time order, where the chart's own axis is. */
function paintAxis(
  axis: SVGSVGElement,
  state: State,
  x: ReturnType<typeof scaleLinear<number, number>>,
  width: number,
): void {
  axis.toggleAttribute('hidden', state.mode === 'time');
  axis.setAttribute('viewBox', `0 0 ${width} ${axisHeight}`);
  axis.setAttribute('width', String(width));
  axis.setAttribute('height', String(axisHeight));
  const ticks = x.ticks(Math.max(2, Math.floor(width / 110)));
  const step = ticks.length > 1 ? ticks[1]! - ticks[0]! : state.store.endNs;
  const format = axisFormat('wall', step);
  select(axis).call(
    axisBottom<number>(x)
      .tickValues(ticks)
      .tickSize(3)
      .tickPadding(2)
      .tickFormat((ns) => format(ns)),
  );
  select(axis)
    .selectAll<SVGTextElement, number>('.tick text')
    .attr('text-anchor', (ns) => (x(ns) < 20 ? 'start' : x(ns) > width - 20 ? 'end' : 'middle'));
}

/** The chosen time after a key; undefined: the key means nothing here. Arrows move the time, with Shift its end; Escape and 0 choose everything. */
function spanAfter(state: State, key: string, shift: boolean): Span | undefined {
  const total = state.store.endNs;
  const { start, end } = state.time;
  const length = isWholeRun(state) ? firstChoice * total : end - start;
  const within = (from: number): Span => {
    const at = Math.min(Math.max(0, from), total - length);
    return { start: at, end: at + length };
  };
  const by = key === 'ArrowRight' ? 1 : key === 'ArrowLeft' ? -1 : 0;
  if (by !== 0) {
    if (isWholeRun(state)) return within(by > 0 ? 0 : total);
    if (!shift) return within(start + by * keyStep * total);
    return {
      start,
      end: Math.min(total, Math.max(start + keyStep * total, end + by * keyStep * total)),
    };
  }
  if (key === 'Home') return within(0);
  if (key === 'End') return within(total);
  if (key === 'Escape' || key === '0') return { start: 0, end: total };
  return undefined;
}

type Scale = (value: number) => number;

function shape(
  x: Scale,
  y: Scale,
  of: (point: Point) => number,
): (points: Point[]) => string | null {
  return area<Point>()
    .x(({ ns }) => x(ns))
    .y0(height)
    .y1((point) => y(of(point)));
}

function edge(x: Scale, y: Scale): (points: Point[]) => string | null {
  return line<Point>()
    .x(({ ns }) => x(ns))
    .y(({ live }) => y(live));
}
