/** The whole run in a strip: how busy the threads shown were, where matches are, and a brush over what is visible. */
import { addActivity, createActivity, markColumns, type Activity } from '../model/activity';
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
  let cached: { key: string; store: FlameStore; activity: Activity } | null = null;
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
      if (cached?.key !== key || cached.store !== state.store) {
        cached = { key, store: state.store, activity: sumActivity(state, columns) };
      }
      const matched = matchedColumns(state, columns);
      paintActivity(context, cached.activity, matched, state.store.endNs / columns, theme);
      moveBrush();
    },
  };
}

function sumActivity({ store, shown }: State, columns: number): Activity {
  const activity = createActivity(columns);
  for (const track of shown) addActivity(store, track, store.endNs / columns, activity);
  return activity;
}

/** One byte per pixel column: 1 where a search match runs. */
function matchedColumns({ store, shown, found }: State, columns: number): Uint8Array {
  const matched = new Uint8Array(columns);
  if (!found || found.functionCount === 0) return matched;
  for (const track of shown) markColumns(track, found.stacks, store.endNs / columns, matched);
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
  // A short sample that carries CPU time from before its start makes a column look busier than the machine can be.
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
