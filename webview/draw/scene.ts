/** Where everything is: tracks stacked from the top, rows in tracks, and which frame each device pixel shows. */
import { layoutMerged } from '../model/merged';
import type { FlameStore } from '../model/store';
import { layoutTimeOrder } from '../model/timeOrder';
import { dominantStacks } from '../model/dominant';
import type { Track } from '../model/track';
import { layoutLanes, type Heading } from '../state/lanes';
import { partAt, sharedStacks, type Part } from '../state/share';
import { mergedOf, spanOf } from '../state/derived';
import type { Focus, State } from '../state/state';

/** CSS px. */
export const rowHeight = 18;
export const headerHeight = 24;
const trackGap = 8;

/** The place of a track, a heading or both in the whole scrolled content, CSS px. */
export interface Band {
  /** null: a heading alone, a shared lane, or the call tree of the left-heavy view. */
  track: Track | null;
  /** The tracks that share the band; null: none do. */
  shared: readonly Part[] | null;
  /** Callers, the nearest at the bottom. */
  up: boolean;
  heading: Heading | null;
  /** Of the heading when there is one. */
  top: number;
  /** Of row 0. */
  rowsTop: number;
  rows: number;
  bottom: number;
}

/** Bands from top to bottom. */
export function layoutBands(state: State): Band[] {
  let top = 0;
  if (state.mode === 'merged') {
    const parts = state.tree === 'sandwich' ? [true, false] : [false];
    return parts.map((up) => {
      const { rows } = mergedOf(state, up);
      const [from, bottom] = [top, top + rows * rowHeight];
      top = bottom;
      return {
        track: null,
        shared: null,
        heading: null,
        up,
        top: from,
        rowsTop: from,
        rows,
        bottom,
      };
    });
  }
  return layoutLanes(state).map(({ heading, track, shared, open }) => {
    const rows = open ? (track?.rows ?? mostRows(shared)) : 0;
    const rowsTop = top + (heading ? headerHeight : 0);
    const bottom = rowsTop + rows * rowHeight;
    const band = { track, shared, heading, up: false, top, rowsTop, rows, bottom };
    top = band.bottom + (rows > 0 ? trackGap : 0);
    return band;
  });
}

function mostRows(shared: readonly Part[] | null): number {
  return (shared ?? []).reduce((most, { track }) => Math.max(most, track.rows), 0);
}

/** The track a band shows at a time, or within `nearNs` of it. */
export function trackOf(band: Band, ns: number, nearNs = 0): Track | null {
  return band.track ?? (band.shared && (partAt(band.shared, ns, nearNs)?.track ?? null));
}

/** The band that shows a frame, and between which times; null when none does. */
export function bandOf(
  scene: Scene,
  { track, timeNs, up }: Focus,
): { band: Band; start: number; end: number } | null {
  for (const band of scene.bands) {
    const isOne = scene.merged
      ? !track && band.up === (up ?? false)
      : track && band.track === track;
    if (isOne) return { band, start: -Infinity, end: Infinity };
    const part = band.shared && partAt(band.shared, timeNs);
    if (part?.track === track && part) return { band, start: part.start, end: part.end };
  }
  return null;
}

/** The visible rows of a band with what each device pixel shows. */
export interface View {
  band: Band;
  firstRow: number;
  rows: number;
  /** CSS px from the top of the viewport to firstRow; may be negative. */
  y: number;
  /** rows × width: a stack in time order, a node in left-heavy, −1 for nothing. */
  cells: Int32Array;
}

/** What every visible pixel shows; made by layoutScene. */
export interface Scene {
  bands: Band[];
  views: View[];
  /** Device px. */
  width: number;
  /** CSS px. */
  cssWidth: number;
  height: number;
  scrollTop: number;
  startNs: number;
  /** ns per device px. */
  stepNs: number;
  merged: boolean;
}

/** Arrays for the cells of a scene, used again by the next scene. */
export interface SceneBuffers {
  cells: Int32Array;
  columns: Int32Array;
}

export function noBuffers(): SceneBuffers {
  return { cells: new Int32Array(0), columns: new Int32Array(0) };
}

/** Decide what every visible pixel shows. A scene is valid until the next one is laid out in the same buffers. */
export function layoutScene(
  state: State,
  viewport: { cssWidth: number; height: number; scrollTop: number; ratio: number },
  buffers = noBuffers(),
): Scene {
  const width = Math.max(1, Math.round(viewport.cssWidth * viewport.ratio));
  const span = spanOf(state);
  const scene: Scene = {
    ...viewport,
    bands: layoutBands(state),
    views: [],
    width,
    startNs: span.start,
    stepNs: (span.end - span.start) / width,
    merged: state.mode === 'merged',
  };
  if (!(scene.stepNs > 0)) return scene;
  const windows = scene.bands.map((band) => visibleRows(band, viewport));
  const needed = windows.reduce((sum, { rows }) => sum + rows, 0) * width;
  if (buffers.cells.length < needed) buffers.cells = new Int32Array(needed);
  if (buffers.columns.length < width) buffers.columns = new Int32Array(width);
  const { columns } = buffers;
  let used = 0;
  scene.bands.forEach((band, i) => {
    const { firstRow, rows } = windows[i]!;
    if (rows === 0) return;
    const cells = buffers.cells.subarray(used, (used += rows * width));
    if (band.track || band.shared) {
      const { startNs, stepNs } = scene;
      if (band.track) dominantStacks(state.store, band.track, startNs, stepNs, width, columns);
      else sharedStacks(state.store, band.shared!, startNs, stepNs, width, columns);
      layoutTimeOrder(state.store, columns, width, firstRow, rows, cells);
    } else {
      const merged = mergedOf(state, band.up);
      const firstDepth = band.up ? band.rows - firstRow - rows : firstRow;
      layoutMerged(merged, scene.startNs, scene.stepNs, width, firstDepth, rows, cells);
      if (band.up) flipRows(cells, width, rows);
    }
    const y = band.rowsTop + firstRow * rowHeight - viewport.scrollTop;
    scene.views.push({ band, firstRow, rows, y, cells });
  });
  return scene;
}

/** Make the first row the last one. */
function flipRows(cells: Int32Array, width: number, rows: number): void {
  for (let row = 0; row < rows >> 1; row++) {
    const [upper, lower] = [row * width, (rows - 1 - row) * width];
    const kept = cells.slice(upper, upper + width);
    cells.copyWithin(upper, lower, lower + width);
    cells.set(kept, lower);
  }
}

function visibleRows(
  band: Band,
  viewport: { height: number; scrollTop: number },
): { firstRow: number; rows: number } {
  const first = Math.max(0, Math.floor((viewport.scrollTop - band.rowsTop) / rowHeight));
  const last = Math.min(
    band.rows,
    Math.ceil((viewport.scrollTop + viewport.height - band.rowsTop) / rowHeight),
  );
  return { firstRow: first, rows: Math.max(0, last - first) };
}

/** The node of the call tree that a cell shows. */
export function nodeOfCell(store: FlameStore, scene: Scene, cell: number): number {
  return scene.merged ? cell : store.stackNode[cell]!;
}

/** A point in the rows of a view: a frame's cell, or a gap (cell −1). */
export interface Hit {
  view: View;
  depth: number;
  cell: number;
  ns: number;
}

/** What is under a point of the viewport, CSS px; null outside all rows. */
export function hitTest(scene: Scene, x: number, y: number): Hit | null {
  const column = Math.floor((x * scene.width) / scene.cssWidth);
  if (column < 0 || column >= scene.width) return null;
  for (const view of scene.views) {
    const row = Math.floor((y - view.y) / rowHeight);
    if (row < 0 || row >= view.rows) continue;
    return {
      view,
      depth: view.firstRow + row,
      cell: view.cells[row * scene.width + column]!,
      ns: scene.startNs + (column + 0.5) * scene.stepNs,
    };
  }
  return null;
}

/** The heading under a point of the viewport, CSS px. */
export function headingAt(scene: Scene, y: number): Heading | null {
  const at = y + scene.scrollTop;
  return scene.bands.find(({ top, rowsTop }) => at >= top && at < rowsTop)?.heading ?? null;
}

/** A stretch of one row that shows the same node, device px. */
export interface Run {
  view: View;
  row: number;
  from: number;
  to: number;
  cell: number;
}

/** Call `visit` for every run of a view, row by row from the left. */
export function forEachRun(
  store: FlameStore,
  scene: Scene,
  view: View,
  visit: (run: Run) => void,
): void {
  const { width } = scene;
  for (let row = 0; row < view.rows; row++) {
    const base = row * width;
    for (let from = 0; from < width;) {
      const cell = view.cells[base + from]!;
      let to = from + 1;
      if (cell < 0) {
        while (to < width && view.cells[base + to]! < 0) to++;
      } else {
        const node = nodeOfCell(store, scene, cell);
        while (to < width) {
          const next = view.cells[base + to]!;
          if (next !== cell && (next < 0 || nodeOfCell(store, scene, next) !== node)) break;
          to++;
        }
        visit({ view, row, from, to, cell });
      }
      from = to;
    }
  }
}
