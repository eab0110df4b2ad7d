/**
 * Painting a scene on a canvas. Frames become one strip of pixels, a line per row, stretched to the height of a row:
 * the work depends on the size of the panel, never on the number of frames.
 */
import { clip, columns } from '../../profile/words/columns';
import type { FlameStore } from '../model/store';
import { pack, wantsBlackText, type Palette } from './palette';
import { nodeOfCell, rowHeight, type Run, type Scene, type View } from './scene';
import type { Theme } from './theme';

const mostLabels = 700;
/** CSS px: narrower frames get no text. */
const leastLabel = 26;
/** CSS px: narrower frames get no gap before them and no border. */
const leastGap = 4;

export interface Colours {
  palette: Palette;
  /** Places in the palette, by frame, by node, and by node of the callers in the sandwich view. */
  frames: Uint16Array;
  nodes: Uint16Array;
  callers: Uint16Array;
}

export interface Painter {
  /** Paint every visible row; returns the runs wide enough to carry text. */
  paintRows: (scene: Scene, store: FlameStore, colours: Colours, theme: Theme) => Run[];
  paintLabels: (
    scene: Scene,
    store: FlameStore,
    colours: Colours,
    theme: Theme,
    runs: Run[],
    textOf: (run: Run, room: number) => string,
  ) => void;
}

/** A painter for one canvas context. */
export function createPainter(context: CanvasRenderingContext2D): Painter {
  const strip = document.createElement('canvas');
  const stripContext = strip.getContext('2d')!;
  let image = new ImageData(1, 1);
  let pixels = new Uint32Array(image.data.buffer);

  const reserve = (width: number, lines: number): void => {
    if (image.width === width && image.height >= lines) return;
    image = new ImageData(width, Math.max(lines, 64));
    pixels = new Uint32Array(image.data.buffer);
    strip.width = image.width;
    strip.height = image.height;
  };

  const paintView = (
    scene: Scene,
    view: View,
    store: FlameStore,
    colours: Colours,
    theme: Theme,
    wide: Run[],
  ): void => {
    const { width } = scene;
    const { rows } = view;
    const ratio = width / scene.cssWidth;
    const bordered = theme.highContrast;
    reserve(width, bordered ? rows * 2 : rows);
    fillStrip(pixels, scene, view, store, colours, theme, wide);
    stripContext.putImageData(image, 0, 0, 0, 0, width, bordered ? rows * 2 : rows);
    const top = Math.round(view.y * ratio);
    const rowPx = rowHeight * ratio;
    context.imageSmoothingEnabled = false;
    context.drawImage(strip, 0, 0, width, rows, 0, top, width, Math.round(rows * rowPx));
    context.fillStyle = theme.background.formatHex();
    for (let row = 0; row < rows; row++) {
      const y = Math.round(top + row * rowPx);
      const next = Math.round(top + (row + 1) * rowPx);
      const inset = Math.max(1, Math.floor(ratio));
      if (bordered) {
        const height = next - y - 3 * inset;
        context.drawImage(strip, 0, rows + row, width, 1, 0, y + inset, width, height);
      }
      context.fillRect(0, next - inset, width, inset);
    }
  };

  return {
    paintRows: (scene, store, colours, theme) => {
      context.fillStyle = theme.background.formatHex();
      context.fillRect(0, 0, scene.width, context.canvas.height);
      const wide: Run[] = [];
      for (const view of scene.views) paintView(scene, view, store, colours, theme, wide);
      return wide;
    },
    paintLabels: (scene, store, colours, theme, runs, textOf) => {
      const ratio = scene.width / scene.cssWidth;
      context.save();
      context.scale(ratio, ratio);
      context.font = theme.font;
      context.textBaseline = 'middle';
      const character = context.measureText('0').width;
      const chosen =
        runs.length <= mostLabels
          ? runs
          : [...runs].sort((a, b) => b.to - b.from - (a.to - a.from)).slice(0, mostLabels);
      for (const run of chosen) {
        const left = run.from / ratio + 5;
        const text = textOf(run, Math.floor((run.to / ratio - left - 3) / character));
        if (!text) continue;
        const place = placeOf(store, scene, colours, run);
        context.fillStyle = wantsBlackText(colours.palette.inside[place]!) ? '#000000' : '#ffffff';
        context.fillText(text, left, run.view.y + run.row * rowHeight + rowHeight / 2);
      }
      context.restore();
    },
  };
}

function nodesOf(colours: Colours, { band }: View): Uint16Array {
  return band.up ? colours.callers : colours.nodes;
}

/** The place of a run in the palette. */
export function placeOf(store: FlameStore, scene: Scene, colours: Colours, run: Run): number {
  return scene.merged
    ? nodesOf(colours, run.view)[nodeOfCell(store, scene, run.cell)]!
    : colours.frames[store.stackFrame[run.cell]!]!;
}

/**
 * One line of pixels per row, in the frames' solid colours, with a gap before wide frames. In high contrast there is
 * a second line per row after all the first ones: what is inside the borders.
 */
function fillStrip(
  pixels: Uint32Array,
  scene: Scene,
  view: View,
  store: FlameStore,
  colours: Colours,
  theme: Theme,
  wide: Run[],
): void {
  const { width, merged } = scene;
  const ratio = width / scene.cssWidth;
  const empty = pack(theme.background);
  const { solid, inside } = colours.palette;
  const { stackNode, stackFrame } = store;
  const { cells } = view;
  const nodes = nodesOf(colours, view);
  const second = theme.highContrast ? view.rows * width : 0;
  for (let row = 0; row < view.rows; row++) {
    const base = row * width;
    for (let x = 0; x < width;) {
      let cell = cells[base + x]!;
      if (cell < 0) {
        pixels[base + x] = empty;
        pixels[base + second + x++] = empty;
        continue;
      }
      const from = x;
      const first = cell;
      const node = merged ? cell : stackNode[cell]!;
      // Along a frame its line may change, and with the line whether the frame is lit; the function stays the same.
      do {
        const place = merged ? nodes[cell]! : colours.frames[stackFrame[cell]!]!;
        pixels[base + x] = solid[place]!;
        if (second > 0) pixels[base + second + x] = inside[place]!;
        if (++x >= width) break;
        cell = cells[base + x]!;
      } while (cell >= 0 && (merged ? cell : stackNode[cell]!) === node);
      const narrow = x - from < leastGap * ratio;
      if (second > 0) {
        pixels.copyWithin(base + second + from, base + from, base + (narrow ? x : from + 1));
        pixels.copyWithin(base + second + x - 1, base + x - 1, base + x);
      } else if (!narrow && from > 0) pixels[base + from] = empty;
      if (x - from >= leastLabel * ratio) wide.push({ view, row, from, to: x, cell: first });
    }
  }
}

/** The label of a run: its name, shortened to `room` columns, with figures where there is room for them. */
export function labelText(name: string, figures: string, room: number): string {
  if (room < 2) return '';
  const width = columns(name);
  if (width > room) return clip(name, room);
  return figures && width + columns(figures) + 2 <= room ? `${name}  ${figures}` : name;
}
