/** The memory of the whole run in a strip: resident size, live bytes, the peak marked, and a brush over what is chosen. */
import { area, line, scaleLinear, select } from 'd3';
import { footprintAt } from '../profile/flameMemory';
import { formatBytes } from '../profile/words';
import { el } from './dom';
import { formatNs } from './format';
import type { Span, State } from './state';
import { createTimeBrush } from './timeBrush';

const height = 46;
/** CSS px above the highest value, for the words. */
const headroom = 13;

export interface FootprintStrip {
  element: HTMLElement;
  /** The data or the size changed. */
  paint: () => void;
  /** The chosen time changed. */
  moveBrush: () => void;
}

interface Point {
  ns: number;
  resident: number;
  live: number;
}

/** A strip for a state; `show` is asked to choose what was brushed, ns. */
export function createFootprint(state: State, show: (span: Span) => void): FootprintStrip {
  const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
  svg.setAttribute('aria-hidden', 'true');
  const text = el('div', { class: 'footprint-text' });
  const element = el('div', { class: 'minimap footprint', role: 'img' }, text);
  element.prepend(svg);
  const drawing = select(svg).append('g');
  const width = (): number => Math.max(1, element.clientWidth);
  const moveBrush = createTimeBrush(state, svg, width, height, show);

  return {
    element,
    moveBrush,
    paint: () => {
      const { memory, store } = state;
      if (!memory || !(store.endNs > 0)) return;
      const points = Array.from({ length: width() + 1 }, (_, x): Point => {
        const ns = (x / width()) * store.endNs;
        return { ns, ...footprintAt(memory, ns) };
      });
      const peak = points.reduce((a, b) => (b.live > a.live ? b : a));
      const mostResident = Math.max(...points.map(({ resident }) => resident));
      const most = Math.max(peak.live, mostResident, 1);
      const x = scaleLinear().domain([0, store.endNs]).range([0, width()]);
      const y = scaleLinear()
        .domain([0, most])
        .range([height - 1, headroom]);
      // One process says exactly when; of several it is where their sum is highest.
      const [only, ...others] = memory.processes;
      const highest =
        only && others.length === 0
          ? { ns: only.peakNs, live: only.peakBytes }
          : { ns: peak.ns, live: peak.live };
      svg.setAttribute('width', String(width()));
      svg.setAttribute('height', String(height));
      const shapes = [
        {
          kind: 'resident',
          path: mostResident > 0 ? shape(x, y, ({ resident }) => resident)(points) : null,
        },
        { kind: 'live', path: shape(x, y, ({ live }) => live)(points) },
        { kind: 'edge', path: edge(x, y)(points) },
        { kind: 'peak', path: `M${x(highest.ns)},${height}V${headroom - 2}` },
      ];
      drawing
        .selectAll<SVGPathElement, (typeof shapes)[number]>('path')
        .data(shapes)
        .join('path')
        .attr('class', ({ kind }) => kind)
        .attr('d', ({ path }) => path);
      const words = [
        `live at most ${formatBytes(highest.live)} at ${formatNs(highest.ns)}`,
        ...(mostResident > 0 ? [`resident at most ${formatBytes(mostResident)}`] : []),
      ];
      text.textContent = `Memory: ${words.join(' · ')}`;
      element.setAttribute('aria-label', text.textContent);
      element.title = `${text.textContent}. Drag to choose a time; memory growth is then what grew in it.`;
      moveBrush();
    },
  };
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
