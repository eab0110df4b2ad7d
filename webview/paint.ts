/**
 * Painting a scene on a canvas. Frames become one strip of pixels, a line per row, stretched to the height of a row:
 * the work depends on the size of the panel, never on the number of frames.
 */
import type { FlameStore } from '../profile/flameStore';
import { pack, wantsBlackText } from './palette';
import { nodeOfCell, rowHeight, type Run, type Scene, type View } from './scene';
import type { Theme } from './theme';

const mostLabels = 700;
/** CSS px: narrower frames get no text. */
const leastLabel = 26;
/** CSS px: narrower frames get no gap before them. */
const leastGap = 4;

export interface Colours {
  /** Packed, by frame and by node. */
  frames: Uint32Array;
  nodes: Uint32Array;
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

  const reserve = (width: number, rows: number): void => {
    if (image.width === width && image.height >= rows) return;
    image = new ImageData(width, Math.max(rows, 64));
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
    const ratio = width / scene.cssWidth;
    const empty = pack(theme.background);
    const gap = theme.border ? pack(theme.border) : empty;
    reserve(width, view.rows);
    const least = leastGap * ratio;
    const label = leastLabel * ratio;
    const { stackNode, stackFrame } = store;
    for (let row = 0; row < view.rows; row++) {
      const base = row * width;
      for (let x = 0; x < width;) {
        let cell = view.cells[base + x]!;
        if (cell < 0) {
          pixels[base + x++] = empty;
          continue;
        }
        const from = x;
        const first = cell;
        if (scene.merged) {
          const colour = colours.nodes[cell]!;
          do pixels[base + x++] = colour;
          while (x < width && view.cells[base + x] === first);
        } else {
          // A frame's line changes along it, and with it whether it is lit; its function does not.
          const node = stackNode[cell]!;
          do {
            pixels[base + x++] = colours.frames[stackFrame[cell]!]!;
            if (x >= width) break;
            cell = view.cells[base + x]!;
          } while (cell >= 0 && stackNode[cell] === node);
        }
        if (x - from >= least) {
          if (from > 0) pixels[base + from] = gap;
          if (theme.border && x < width) pixels[base + x - 1] = gap;
          if (x - from >= label) wide.push({ view, row, from, to: x, cell: first });
        }
      }
    }
    stripContext.putImageData(image, 0, 0, 0, 0, width, view.rows);
    const top = Math.round(view.y * ratio);
    const rowPx = rowHeight * ratio;
    context.imageSmoothingEnabled = false;
    context.drawImage(strip, 0, 0, width, view.rows, 0, top, width, Math.round(view.rows * rowPx));
    paintRowLines(context, scene, view, theme, top, rowPx);
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
        const node = nodeOfCell(store, scene, run.cell);
        const colour = scene.merged
          ? colours.nodes[node]!
          : colours.frames[store.stackFrame[run.cell]!]!;
        context.fillStyle = wantsBlackText(colour) ? '#000000' : '#ffffff';
        context.fillText(text, left, run.view.y + run.row * rowHeight + rowHeight / 2);
      }
      context.restore();
    },
  };
}

/** A line under every row; in high contrast only where there are frames, in the colour of borders. */
function paintRowLines(
  context: CanvasRenderingContext2D,
  scene: Scene,
  view: View,
  theme: Theme,
  top: number,
  rowPx: number,
): void {
  context.fillStyle = (theme.border ?? theme.background).formatHex();
  for (let row = 0; row < view.rows; row++) {
    const y = Math.round(top + (row + 1) * rowPx) - 1;
    if (!theme.border) {
      context.fillRect(0, y, scene.width, 1);
      continue;
    }
    const base = row * scene.width;
    for (let from = 0; from < scene.width;) {
      let to = from;
      while (to < scene.width && view.cells[base + to]! >= 0) to++;
      if (to > from) context.fillRect(from, y, to - from, 1);
      from = to + 1;
    }
  }
}

/** What is written on a run: its name, shortened to `room` characters, with figures where there is room for them. */
export function labelText(name: string, figures: string, room: number): string {
  if (room < 2) return '';
  if (name.length > room) return `${name.slice(0, room - 1)}…`;
  return figures && name.length + figures.length + 2 <= room ? `${name}  ${figures}` : name;
}
