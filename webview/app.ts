/** The panel put together: one state, the views over it, and what happens when the state changes. */
import { createChart } from './chart';
import { el, oncePerFrame } from './dom';
import { matchPlaces, stepMatch } from './find';
import { count, formatNs } from './format';
import { createHelp } from './help';
import { createHoverCard } from './hover';
import { listenToKeys } from './keys';
import { createMinimap } from './minimap';
import { createMirror } from './mirror';
import { frameName, shortSource, sourceToOpen, stackText } from './names';
import { blockOf, firstFocus, neighbour, type Direction } from './navigate';
import { listenToPointer } from './pointer';
import { heaviestLit } from './reveal';
import {
  extentOf,
  refreshMarks,
  refreshTracks,
  spanOf,
  type Focus,
  type Mode,
  type Span,
  type State,
} from './state';
import { createTable } from './table';
import { exposeTestApi } from './testApi';
import { watchTheme } from './theme';
import { createToolbar } from './toolbar';
import { createView } from './view';

/** What the panel asks of its host. */
export interface Host {
  open: (path: string, line: number, column: number) => void;
  copy: (text: string) => void;
  /** How the panel is looked at, kept while it is hidden. */
  remember: (look: { mode: Mode; metric: 'wall' | 'cpu' }) => void;
}

export interface App {
  /** Rows were appended, or the run ended. */
  dataChanged: (reorder: boolean) => void;
  /** Another run, a message, or anything else that is not rows. */
  everythingChanged: () => void;
  /** The highlighted line changed; reveal: go there. */
  highlightChanged: (reveal: boolean) => void;
}

/** Build the panel inside `root`. */
export function createApp(root: HTMLElement, state: State, host: Host): App {
  const chart = createChart(state);
  const card = createHoverCard(state);
  const mirror = createMirror(state, chart.scroller);
  const help = createHelp();
  const empty = el('div', { class: 'empty', role: 'status' });
  const status = el('div', { class: 'status' });
  let pointed: Focus | null = null;
  let wantsReveal = false;
  /** The left-heavy view's extent when it was last brought up to date, ns. */
  let mergedTotal = 0;

  const paintOverlay = oncePerFrame(() => chart.paintOverlay(pointed));
  const paint = oncePerFrame(() => {
    if (state.mode !== 'table') chart.paint();
    chart.paintOverlay(pointed);
    if (state.mode !== 'merged') minimap.moveBrush();
  });
  const updateTable = oncePerFrame(() => table.update());
  const view = createView(
    state,
    chart.surface,
    (px) => (chart.scroller.scrollTop += px),
    () => {
      hideCard();
      paint();
      updateTable();
    },
  );
  const minimap = createMinimap(state, (span) => view.show(span, false));
  const table = createTable(state, (row) => {
    if (row.frame < 0) return;
    const { file, line } = state.store.describeFunction(row.fn);
    if (file) host.open(file, state.store.frameLine[row.frame]! || line, 0);
  });

  const select = (focus: Focus | null): void => {
    state.focus = focus;
    mirror.update();
    updateStatus();
    paintOverlay();
  };
  const open = (focus: Focus): void => {
    const source = sourceToOpen(state.store, focus.stack);
    if (source) host.open(source.path, source.line, source.column);
    else mirror.announce('This frame has no Python line to open.');
  };
  /** Bring a frame into view; closer when it would be too narrow to see. */
  const bringIntoView = (focus: Focus, leastPx: number): void => {
    const block = blockOf(state, focus);
    if (!block) return;
    const span = spanOf(state);
    const length = span.end - span.start;
    const width = Math.max(1, chart.surface.clientWidth);
    const tooNarrow = ((block.end - block.start) / length) * width < leastPx;
    const middle = (block.start + block.end) / 2;
    if (tooNarrow && leastPx > 0) {
      const wanted = ((block.end - block.start) * width) / Math.max(leastPx * 10, 1);
      view.show({ start: middle - wanted / 2, end: middle + wanted / 2 }, true);
    } else if (block.end < span.start || block.start > span.end) {
      view.show({ start: middle - length / 2, end: middle + length / 2 }, true);
    }
    chart.revealRow(focus);
  };
  const zoomTo = (focus: Focus): void => {
    const block = blockOf(state, focus);
    if (!block) return;
    const margin = (block.end - block.start) * 0.01;
    view.show({ start: block.start - margin, end: block.end + margin }, true);
    chart.revealRow(focus);
  };
  const move = (direction: Direction): void => {
    const { focus } = state;
    const perPx = (chart.scene().stepNs * chart.scene().width) / chart.scene().cssWidth;
    const next = focus ? neighbour(state, focus, direction, perPx) : firstFocus(state);
    if (!next) return;
    select(next);
    bringIntoView(next, 0);
  };
  const step = (by: 1 | -1): void => {
    if (state.mode === 'table') return;
    const match = stepMatch(state, by);
    if (!match) return;
    select(match.focus);
    bringIntoView(match.focus, 3);
    toolbar.setMatch(match.number, matchPlaces(state).length);
  };
  const setMode = (mode: Mode): void => {
    if (mode === state.mode) return;
    state.mode = mode;
    state.focus = null;
    if (mode === 'merged') state.merged = { start: 0, end: extentOf(state) };
    changed();
  };
  const setMetric = (metric: 'wall' | 'cpu'): void => {
    state.metric = metric;
    if (state.mode === 'merged') state.merged = { start: 0, end: extentOf(state) };
    changed();
  };
  const setSearch = (text: string): void => {
    state.search = text;
    refreshMarks(state);
    toolbar.setMatch(0, 0);
    changed();
  };

  const toolbar = createToolbar(state, {
    setMode,
    setMetric,
    setSearch,
    step,
    setThread: (id) => {
      if (state.thread === id) return;
      state.thread = id;
      state.focus = null;
      refreshTracks(state, true);
      refreshMarks(state);
      if (state.mode === 'merged') state.merged = { start: 0, end: extentOf(state) };
      changed();
    },
    resetZoom: () => view.reset(true),
    help: () => help.toggle(),
  });

  const updateStatus = (): void => {
    const { store, focus } = state;
    const parts = [state.live ? `${state.title} is running` : state.title];
    parts.push(count(store.sampleCount, 'sample'), formatNs(store.endNs));
    parts.push(count(store.tracks.length, 'thread'));
    const lost = store.tracks.reduce((sum, track) => sum + track.unattributedNs, 0);
    if (lost >= 1e6) parts.push(`${formatNs(lost)} without a known stack`);
    const at = focus ? `${frameName(store, focus.stack)}  ${shortSource(store, focus.stack)}` : '';
    status.classList.toggle('live', state.live);
    status.replaceChildren(
      el('span', {}, parts.filter(Boolean).join(' · ')),
      el('span', { class: 'focused' }, at),
    );
  };
  /** Marks or looks changed: everything is brought up to date, on the next frame where it is costly. */
  const changed = (): void => {
    const nothing = state.store.sampleCount === 0;
    empty.hidden = !nothing;
    empty.textContent = state.message;
    chart.element.hidden = nothing || state.mode === 'table';
    table.element.hidden = nothing || state.mode !== 'table';
    minimap.element.hidden = nothing || state.mode === 'merged';
    status.hidden = nothing;
    hideCard();
    if (state.mode === 'merged') mergedTotal = extentOf(state);
    chart.recolour();
    view.sync();
    toolbar.update();
    updateStatus();
    mirror.update();
    if (!nothing) {
      minimap.paint(chart.theme());
      paint();
      updateTable();
    }
    host.remember({ mode: state.mode, metric: state.metric });
  };

  const body = el(
    'div',
    { class: 'body' },
    minimap.element,
    chart.element,
    table.element,
    empty,
    card.element,
  );
  body.append(help.element);
  root.replaceChildren(toolbar.element, body, status, mirror.element);

  const hideCard = listenToPointer(state, chart, card, {
    select,
    open,
    zoomTo,
    toggleTrack: (id) => {
      if (!state.collapsed.delete(id)) state.collapsed.add(id);
      paint();
    },
    pointAt: (focus) => {
      pointed = focus;
      paintOverlay();
    },
  });
  listenToKeys(chart.scroller, {
    move,
    step,
    zoomBy: (factor) => {
      const block = state.focus && blockOf(state, state.focus);
      view.zoomBy(factor, block ? visibleMiddle(block, spanOf(state)) : undefined);
    },
    panBy: view.panBy,
    scrollPage: (pages) => (chart.scroller.scrollTop += pages * chart.scroller.clientHeight),
    resetZoom: () => view.reset(true),
    zoomToFocus: () => state.focus && zoomTo(state.focus),
    open: () => state.focus && open(state.focus),
    copyStack: () => state.focus && host.copy(stackText(state.store, state.focus.stack)),
    search: toolbar.focusSearch,
    toggleView: () => setMode(state.mode === 'merged' ? 'time' : 'merged'),
    help: () => help.toggle(),
    escape: () => {
      if (help.isOpen()) help.toggle(false);
      else if (state.search) {
        toolbar.clearSearch();
        setSearch('');
      } else select(null);
      chart.scroller.focus();
    },
  });
  chart.scroller.addEventListener('scroll', () => {
    hideCard();
    paint();
  });
  new ResizeObserver(() => {
    view.sync();
    if (state.store.sampleCount > 0) minimap.paint(chart.theme());
    paint();
  }).observe(body);
  const retheme = oncePerFrame(() => {
    chart.retheme();
    changed();
  });
  watchTheme(retheme);
  exposeTestApi(state, chart);

  const reveal = (): void => {
    if (!wantsReveal || !state.highlight) return;
    const focus = heaviestLit(state);
    if (!focus) return;
    wantsReveal = false;
    select(focus);
    // The layout must know the new rows before it can scroll to one of them.
    chart.paint();
    bringIntoView(focus, 3);
    chart.scroller.focus();
  };

  return {
    everythingChanged: changed,
    dataChanged: (reorder) => {
      refreshTracks(state, reorder);
      refreshMarks(state);
      const unseen = state.time.end === 0 || (state.following && state.mode === 'merged');
      if (unseen) state.time = { start: 0, end: state.store.endNs };
      if (state.mode === 'merged') {
        // Totals grew: keep looking at the same share of them.
        const factor = mergedTotal > 0 ? extentOf(state) / mergedTotal : 0;
        const { start, end } = state.merged;
        state.merged = factor
          ? { start: start * factor, end: end * factor }
          : { start: 0, end: extentOf(state) };
      }
      changed();
      if (state.following && state.mode !== 'merged') view.reset(state.live);
      reveal();
    },
    highlightChanged: (wanted) => {
      wantsReveal = wanted;
      refreshMarks(state);
      if (wanted && state.mode === 'table') state.mode = 'time';
      changed();
      reveal();
      if (wantsReveal && state.highlight && !state.live && state.store.sampleCount > 0) {
        mirror.announce(`Line ${state.highlight.line} was not seen in this run.`);
      }
    },
  };
}

/** The middle of the visible part of a block; the middle of the view when it is out of sight. */
function visibleMiddle(block: Span, span: Span): number {
  const start = Math.max(block.start, span.start);
  const end = Math.min(block.end, span.end);
  return end > start ? (start + end) / 2 : (span.start + span.end) / 2;
}
