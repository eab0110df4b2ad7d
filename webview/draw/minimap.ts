/** The whole run in a strip: how busy the threads shown were, where matches are, and a brush over what is visible. */
import type { FlameStore } from '../model/store';
import { el } from '../dom';
import { mix } from './palette';
import type { Span, State } from '../state/state';
import type { Theme } from './theme';
import { createTimeBrush } from './timeBrush';

const height = 40;

export interface Minimap {
  element: HTMLElement;
  /** The data, the marks, the theme or the size changed. */
  paint: (theme: Theme) => void;
  /** The visible span changed. */
  moveBrush: () => void;
}

/** A strip for the time order view; `show` is asked to show what was brushed, ns. */
export function createMinimap(state: State, show: (span: Span) => void): Minimap {
  const canvas = el('canvas', { 'aria-hidden': 'true' });
  const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
  svg.setAttribute('aria-hidden', 'true');
  const element = el('div', {
    class: 'minimap',
    title: 'The whole run. Drag to choose what is shown.',
  });
  element.append(canvas, svg);
  const context = canvas.getContext('2d');
  let known: { key: string; store: FlameStore; activity: Activity } | null = null;
  const width = (): number => Math.max(1, element.clientWidth);

  const moveBrush = createTimeBrush(state, svg, width, height, show);

  return {
    element,
    moveBrush,
    paint: (theme) => {
      if (!context) return;
      const ratio = Math.max(1, window.devicePixelRatio);
      const columns = Math.round(width() * ratio);
      canvas.width = columns;
      canvas.height = Math.round(height * ratio);
      svg.setAttribute('width', String(width()));
      svg.setAttribute('height', String(height));
      const key = [state.store.revision, columns, ...state.shown.map((track) => track.id)].join();
      if (known?.key !== key || known.store !== state.store) {
        known = { key, store: state.store, activity: sumActivity(state, columns) };
      }
      const matched = matchedColumns(state, columns);
      paintActivity(context, known.activity, matched, state.store.endNs / columns, theme);
      moveBrush();
    },
  };
}

/** CPU per pixel column by the kind of the innermost frame: python, native, system. */
type Activity = Float64Array[];

function sumActivity(state: State, columns: number): Activity {
  const { stackFrame, frameKind } = state.store;
  const sums = [0, 1, 2].map(() => new Float64Array(columns));
  const step = state.store.endNs / columns;
  for (const { count, time, wall, cpu, stack } of state.shown) {
    for (let i = 0; i < count; i++) {
      const used = cpu[i]!;
      if (used === 0) continue;
      // Time without a known stack, and CPU on the way into a wait, is the interpreter's as far as anyone knows.
      const kind = stack[i]! < 0 ? 0 : frameKind[stackFrame[stack[i]!]!]!;
      const sum = sums[kind < 3 ? kind : 0]!;
      const from = Math.min(columns - 1, Math.floor(time[i]! / step));
      const to = Math.min(columns - 1, Math.floor((time[i]! + wall[i]!) / step));
      for (let x = from; x <= to; x++) sum[x]! += used / (to - from + 1);
    }
  }
  return sums;
}

/** One byte per pixel column: 1 where a search match runs. */
function matchedColumns(state: State, columns: number): Uint8Array {
  const matched = new Uint8Array(columns);
  const { found } = state;
  if (!found || found.functionCount === 0) return matched;
  const step = state.store.endNs / columns;
  for (const { count, time, wall, stack } of state.shown) {
    for (let i = 0; i < count; i++) {
      if (stack[i]! < 0 || found.stacks[stack[i]!] !== 1) continue;
      const from = Math.floor(time[i]! / step);
      const to = Math.ceil((time[i]! + wall[i]!) / step);
      matched[from] = 1;
      for (let x = from + 1; x < to; x++) matched[x] = 1;
    }
  }
  return matched;
}

/** CPU by kind, stacked, as a share of the busiest columns (at least one whole CPU); matches as a line at the top. */
function paintActivity(
  context: CanvasRenderingContext2D,
  activity: Activity,
  matched: Uint8Array,
  stepNs: number,
  theme: Theme,
): void {
  const columns = matched.length;
  const { height: pixels } = context.canvas;
  context.fillStyle = theme.background.formatHex();
  context.fillRect(0, 0, columns, pixels);
  // A short sample that carries CPU time from before it makes a column look busier than the machine can be.
  const sums = activity[0]!.map((sum, x) => sum + activity[1]![x]! + activity[2]![x]!).sort();
  const most = Math.max(stepNs, sums[Math.floor(columns * 0.98)]!);
  const base = new Float64Array(columns);
  activity.forEach((amounts, kind) => {
    const fade = theme.highContrast ? 0 : 0.2;
    context.fillStyle = mix(theme.kinds[kind]!, theme.background, fade).formatHex();
    for (let x = 0; x < columns; x++) {
      const bottom = Math.round(Math.min(1, base[x]! / most) * (pixels - 6));
      const top = Math.round(Math.min(1, (base[x]! + amounts[x]!) / most) * (pixels - 6));
      if (top > bottom) context.fillRect(x, pixels - top, 1, top - bottom);
      base[x]! += amounts[x]!;
    }
  });
  context.fillStyle = theme.match.formatHex();
  for (let x = 0; x < columns; x++) if (matched[x]) context.fillRect(x, 0, 1, 4);
}
