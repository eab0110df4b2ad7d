/** The chart itself: axis, scrolled canvas, and an overlay with the outlines, which change more often than the frames. */
import { formatShare } from '../../profile/words/numbers';
import { formatAmount } from '../format';
import { paintAxis } from './axis';
import { paintHeadings } from './headings';
import { createPainter, labelText, placeOf, type Colours } from './paint';
import { createPalette, framePlaces, nodePlaces } from './palette';
import { el } from '../dom';
import { blockOf } from '../state/navigate';
import {
  bandOf,
  headerHeight,
  layoutScene,
  noBuffers,
  nodeOfCell,
  rowHeight,
  type Run,
  type Scene,
} from './scene';
import { depthOf, extentOf, mergedOf, metricOf } from '../state/derived';
import type { Focus, State } from '../state/state';
import { frameName } from '../state/names';
import { readTheme, type Theme } from './theme';

export interface Chart {
  /** Holds everything below the toolbar. */
  element: HTMLElement;
  /** Scrolls vertically and takes the keyboard. */
  scroller: HTMLElement;
  /** The canvas without the scroll bar; takes the pointer. */
  surface: HTMLElement;
  scene: () => Scene;
  theme: () => Theme;
  /** ns per CSS px of the horizontal axis, as painted last. */
  nsPerPx: () => number;
  /** The label of a run, shortened to `room` columns; room 0: its whole name, without figures. */
  textOf: (run: Run, room: number) => string;
  /** A colour as Palette has it. */
  colourOf: (run: Run) => number;
  /** Call when the data or the marks changed: colours depend on them. */
  recolour: () => void;
  retheme: () => void;
  paint: () => void;
  /** Outlines of the frame pointed at and the focused frame. */
  paintOverlay: () => void;
  /** Box of a frame in the viewport, CSS px; null for a frame out of sight. */
  boxOf: (focus: Focus) => Box | null;
  /** Scroll so that the function in the middle of the sandwich view is visible. */
  revealCenter: () => void;
  /** Scroll so that a row of a band is visible. */
  revealRow: (focus: Focus) => void;
}

export interface Box {
  x: number;
  y: number;
  width: number;
  height: number;
}

/** The chart of a state; nothing is painted until asked. */
export function createChart(state: State): Chart {
  const canvas = el('canvas', { 'aria-hidden': 'true' });
  const overlay = el('canvas', { class: 'overlay', 'aria-hidden': 'true' });
  const surface = el('div', { class: 'surface' }, canvas, overlay);
  const sizer = el('div', { class: 'sizer' }, surface);
  const scroller = el('div', { class: 'scroller', tabindex: '0' }, sizer);
  const axis = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
  axis.setAttribute('class', 'axis');
  axis.setAttribute('aria-hidden', 'true');
  const element = el('div', { class: 'chart' });
  element.append(axis, scroller);

  const context = canvas.getContext('2d', { alpha: false });
  const overlayContext = overlay.getContext('2d');
  if (!context || !overlayContext) {
    throw new Error('This window cannot draw on a canvas. Reload the window and try again.');
  }
  const painter = createPainter(context);
  let theme = readTheme();
  let palette = createPalette(theme);
  const none = new Uint16Array(0);
  let colours: Colours = { palette, frames: none, nodes: none, callers: none };
  /** The revision of the store that the colours are of. */
  let colouredRevision = 0;
  const buffers = noBuffers();
  let scene: Scene = layoutScene(
    state,
    { cssWidth: 1, height: 1, scrollTop: 0, ratio: 1 },
    buffers,
  );

  const measure = (): { cssWidth: number; height: number; scrollTop: number; ratio: number } => ({
    cssWidth: Math.max(1, scroller.clientWidth),
    height: Math.max(1, scroller.clientHeight),
    scrollTop: scroller.scrollTop,
    ratio: Math.max(1, window.devicePixelRatio),
  });

  const fitCanvas = (target: HTMLCanvasElement, height: number): void => {
    const deviceHeight = Math.max(1, Math.round((height * scene.width) / scene.cssWidth));
    if (target.width !== scene.width) target.width = scene.width;
    if (target.height !== deviceHeight) target.height = deviceHeight;
    target.style.width = `${scene.cssWidth}px`;
    target.style.height = `${height}px`;
  };

  const paintGrid = (ticks: number[]): void => {
    const ratio = scene.width / scene.cssWidth;
    context.fillStyle = theme.foreground.copy({ opacity: theme.dark ? 0.1 : 0.12 }).formatRgb();
    for (const tick of ticks) {
      const x = Math.round((tick - scene.startNs) / scene.stepNs);
      context.fillRect(x, 0, Math.max(1, Math.floor(ratio)), context.canvas.height);
    }
  };

  const nameOf = (run: Run): string => {
    const node = nodeOfCell(state.store, scene, run.cell);
    const stack = scene.merged ? mergedOf(state, run.view.band.up).stack[node]! : run.cell;
    return frameName(state.store, stack);
  };
  const textOf = (run: Run, room: number): string => {
    const node = nodeOfCell(state.store, scene, run.cell);
    if (!scene.merged) return labelText(nameOf(run), '', room);
    const merged = mergedOf(state, run.view.band.up);
    const total = merged.total[node]!;
    const figures = `${formatAmount(metricOf(state), total)} · ${formatShare(total, merged.whole)}`;
    return labelText(nameOf(run), figures, room);
  };

  const recolour = (): void => {
    colouredRevision = state.store.revision;
    const marks = { matched: state.found?.functions ?? null, lit: state.lit };
    const placesIn = (up: boolean): Uint16Array =>
      state.mode === 'merged' ? nodePlaces(state.store, mergedOf(state, up), marks) : none;
    colours = {
      palette,
      frames: framePlaces(state.store, marks),
      nodes: placesIn(false),
      callers: state.tree === 'sandwich' ? placesIn(true) : none,
    };
  };

  const nsPerPx = (): number => (scene.stepNs * scene.width) / scene.cssWidth;
  const boxOf = (focus: Focus): Box | null => {
    const shown = bandOf(scene, focus);
    const block = shown ? blockOf(state, focus) : null;
    if (!shown || !block || !(scene.stepNs > 0)) return null;
    const { band } = shown;
    const start = Math.max(block.start, shown.start);
    const end = Math.min(block.end, shown.end);
    const perPx = nsPerPx();
    const depth = depthOf(state, focus);
    if (depth >= band.rows) return null;
    const row = band.up ? band.rows - 1 - depth : depth;
    const x = (start - scene.startNs) / perPx;
    return {
      x,
      y: band.rowsTop + row * rowHeight - scene.scrollTop,
      width: Math.max(1, (end - start) / perPx),
      height: rowHeight,
    };
  };

  return {
    element,
    scroller,
    surface,
    scene: () => scene,
    theme: () => theme,
    nsPerPx,
    textOf: (run, room) => (room === 0 ? nameOf(run) : textOf(run, room)),
    colourOf: (run) => palette.solid[placeOf(state.store, scene, colours, run)]!,
    recolour,
    retheme: () => {
      theme = readTheme();
      palette = createPalette(theme);
      recolour();
    },
    paint: () => {
      const viewport = measure();
      // Rows may have arrived since the colours were made: somebody zoomed before the rows were drawn.
      if (colouredRevision !== state.store.revision) recolour();
      scene = layoutScene(state, viewport, buffers);
      const content = scene.bands.at(-1)?.bottom ?? 0;
      sizer.style.height = `${Math.max(content + 4, viewport.height)}px`;
      surface.style.height = `${viewport.height}px`;
      fitCanvas(canvas, viewport.height);
      const ticks = extentOf(state) > 0 ? paintAxis(axis, state, scene.cssWidth) : [];
      const wide = painter.paintRows(scene, state.store, colours, theme);
      paintGrid(ticks);
      painter.paintLabels(scene, state.store, colours, theme, wide, textOf);
      paintHeadings(context, scene, theme);
    },
    paintOverlay: () => {
      fitCanvas(overlay, scene.height);
      overlayContext.setTransform(1, 0, 0, 1, 0, 0);
      overlayContext.clearRect(0, 0, overlay.width, overlay.height);
      const ratio = scene.width / scene.cssWidth;
      overlayContext.scale(ratio, ratio);
      const outline = (focus: Focus | null, colour: string, thickness: number): void => {
        const box = focus && boxOf(focus);
        if (!box) return;
        overlayContext.strokeStyle = colour;
        overlayContext.lineWidth = thickness;
        const left = Math.max(-4, box.x);
        const right = Math.min(scene.cssWidth + 4, Math.max(box.x + box.width, box.x + 2));
        if (right < 0 || left > scene.cssWidth) return;
        const inset = thickness / 2;
        overlayContext.strokeRect(
          left + inset,
          box.y + inset,
          Math.max(1, right - left - thickness),
          box.height - thickness - 1,
        );
      };
      const middle = state.tree === 'sandwich' ? scene.bands.at(-1) : undefined;
      if (scene.merged && middle) {
        overlayContext.fillStyle = theme.foreground.formatHex();
        overlayContext.fillRect(0, middle.top - scene.scrollTop - 1, scene.cssWidth, 1);
        overlayContext.fillRect(0, middle.top - scene.scrollTop + rowHeight - 1, scene.cssWidth, 1);
      }
      outline(state.pointed, theme.foreground.formatHex(), 1);
      outline(state.focus, theme.focus.formatHex(), 1);
      outline(state.focus, theme.foreground.formatHex(), 2);
    },
    boxOf,
    revealCenter: () => {
      const middle = scene.bands.find(({ up }) => !up);
      if (middle) scroller.scrollTop = Math.max(0, middle.top - Math.floor(scene.height * 0.45));
    },
    revealRow: (focus) => {
      const box = boxOf(focus);
      if (!box) return;
      if (box.y < headerHeight) scroller.scrollTop += box.y - headerHeight;
      else if (box.y + box.height > scene.height) {
        scroller.scrollTop += box.y + box.height - scene.height + 6;
      }
    },
  };
}
