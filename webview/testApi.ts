/**
 * `window.__lineheatTest`: read-only, for journeys that click a frame by its name. Boxes are CSS px in the panel's
 * document, clipped to the chart.
 */
import type { Chart } from './draw/chart';
import { frameName, frameSource } from './state/names';
import { focusOfHit } from './state/navigate';
import { forEachRun, hitTest, nodeOfCell, rowHeight } from './draw/scene';
import { mergedOf, metricOf, spanOf } from './state/derived';
import type { State } from './state/state';

export interface FrameBox {
  name: string;
  path: string;
  line: number;
  kind: string;
  depth: number;
  thread: string;
  x: number;
  y: number;
  width: number;
  height: number;
}

export interface TestApi {
  /** Frames at least `leastPx` wide that are visible now. */
  frames: (leastPx?: number) => FrameBox[];
  view: () => {
    mode: string;
    tree: string;
    metric: string;
    startNs: number;
    endNs: number;
    samples: number;
    threads: string[];
    headings: string[];
    native: boolean;
    sampling: string;
    live: boolean;
    following: boolean;
    focused: string;
    lit: boolean;
    message: string;
  };
}

declare global {
  interface Window {
    __lineheatTest?: TestApi;
  }
}

/** Put the helper on the window. */
export function exposeTestApi(state: State, chart: Chart): void {
  const frames = (leastPx = 3): FrameBox[] => {
    const scene = chart.scene();
    const ratio = scene.width / scene.cssWidth;
    const origin = chart.surface.getBoundingClientRect();
    const found: FrameBox[] = [];
    for (const view of scene.views) {
      forEachRun(state.store, scene, view, (run) => {
        const y = view.y + run.row * rowHeight;
        if ((run.to - run.from) / ratio < leastPx || y < 0 || y + rowHeight > scene.height) return;
        const node = nodeOfCell(state.store, scene, run.cell);
        const stack = scene.merged ? mergedOf(state, view.band.up).stack[node]! : run.cell;
        const x = run.from / ratio;
        const width = (run.to - run.from) / ratio;
        // A box may join several lines of a function: the one named is what a click on its middle opens.
        const hit = hitTest(scene, x + width / 2, y + rowHeight / 2);
        const focus = hit && focusOfHit(state, scene, hit);
        const { path, line } = frameSource(state.store, focus?.stack ?? stack);
        found.push({
          name: frameName(state.store, stack),
          path,
          line,
          kind: state.store.kindOf(stack),
          depth: view.firstRow + run.row,
          thread: focus?.track?.name ?? '',
          x: origin.left + x,
          y: origin.top + y,
          width,
          height: rowHeight,
        });
      });
    }
    return found;
  };
  window.__lineheatTest = {
    frames,
    view: () => ({
      mode: state.mode,
      tree: state.tree,
      metric: metricOf(state),
      startNs: spanOf(state).start,
      endNs: spanOf(state).end,
      samples: state.store.sampleCount,
      threads: state.shown.map((track) => track.name),
      headings: chart.scene().bands.flatMap(({ heading }) => (heading ? [heading.title] : [])),
      native: state.native,
      sampling: state.sampling,
      live: state.live,
      following: state.following,
      focused: state.focus ? frameName(state.store, state.focus.stack) : '',
      lit: state.lit !== null,
      message: state.store.sampleCount > 0 ? '' : state.message,
    }),
  };
}
