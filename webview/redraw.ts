/** Brings the panel up to date with its state: all of the panel, or the parts that one kind of change makes stale. */
import { oncePerFrame } from './dom';
import type { Host } from './host';
import type { Drawing } from './intents/effect';
import type { Parts } from './parts';
import { isFootprintShown } from './state/derived';
import type { State } from './state/state';

export type Redraw = Record<Drawing, () => void> & {
  /** The panel has another size. */
  resized: () => void;
  /** The chart was scrolled. */
  scrolled: () => void;
};

/** What is costly is drawn on the next frame, once however often somebody asks. */
export function createRedraw(state: State, parts: Parts, host: Host): Redraw {
  const { chart, minimap, footprint, table, empty, toolbar, rangeChip, zoom } = parts;
  const { status, mirror, hideCard } = parts;
  const outlines = oncePerFrame(chart.paintOverlay);
  const updateTable = oncePerFrame(table.update);
  const updateRangeChip = oncePerFrame(rangeChip.update);
  const paintChart = oncePerFrame(() => {
    if (state.mode !== 'table') chart.paint();
    chart.paintOverlay();
    if (state.mode !== 'merged') minimap.moveBrush();
    if (!footprint.element.hidden) footprint.moveBrush();
  });
  const paintStrips = (): void => {
    if (!minimap.element.hidden) minimap.paint(chart.theme());
    if (!footprint.element.hidden) footprint.paint();
  };
  const choosePanes = (): void => {
    const isEmpty = empty.update() !== '';
    chart.element.hidden = isEmpty || state.mode === 'table';
    table.element.hidden = isEmpty || state.mode !== 'table';
    minimap.element.hidden = state.store.sampleCount === 0 || state.mode === 'merged';
    footprint.element.hidden = !isFootprintShown(state);
  };

  return {
    everything: () => {
      choosePanes();
      hideCard();
      chart.recolour();
      zoom.sync();
      toolbar.update();
      rangeChip.update();
      status.update();
      mirror.update();
      if (state.store.sampleCount > 0) {
        paintStrips();
        paintChart();
        updateTable();
      }
      host.remember({ mode: state.mode, tree: state.tree, metric: state.metric });
    },
    span: () => {
      hideCard();
      paintChart();
      updateTable();
      updateRangeChip();
    },
    focus: () => {
      mirror.update();
      status.update();
      toolbar.updateFocus();
      outlines();
    },
    chart: paintChart,
    outlines,
    status: status.update,
    resized: () => {
      zoom.sync();
      paintStrips();
      paintChart();
    },
    scrolled: () => {
      hideCard();
      paintChart();
    },
  };
}
