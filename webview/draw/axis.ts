/** The axis above the chart. */
import { axisTop, scaleLinear, select } from 'd3';
import { axisFormat } from '../format';
import { metricOf, spanOf } from '../state/derived';
import type { State } from '../state/state';

/** Draw the axis over the visible part of the horizontal axis; returns where its ticks are. */
export function paintAxis(axis: SVGSVGElement, state: State, width: number): number[] {
  const span = spanOf(state);
  const scale = scaleLinear().domain([span.start, span.end]).range([0, width]);
  const ticks = scale.ticks(Math.max(2, Math.floor(width / 110)));
  const step = ticks.length > 1 ? ticks[1]! - ticks[0]! : span.end - span.start;
  const format = axisFormat(metricOf(state), step);
  axis.setAttribute('viewBox', `0 0 ${width} 22`);
  axis.setAttribute('width', String(width));
  select(axis)
    .selectAll<SVGGElement, null>('g.ticks')
    .data([null])
    .join('g')
    .attr('class', 'ticks')
    .attr('transform', 'translate(0,21)')
    .call(
      axisTop<number>(scale)
        .tickValues(ticks)
        .tickSize(4)
        .tickFormat((ns) => format(ns)),
    );
  select(axis)
    .selectAll<SVGTextElement, number>('text')
    .attr('text-anchor', (ns) =>
      scale(ns) < 16 ? 'start' : scale(ns) > width - 16 ? 'end' : 'middle',
    );
  return ticks;
}
