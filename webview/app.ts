/** The panel put together: one state, the views over it, and what happens when the state changes. */
import { isBytes, type FlameMetric } from '../profile/flameMerged';
import { createChart } from './chart';
import { el, oncePerFrame } from './dom';
import { createEmptyNote } from './emptyText';
import { createFootprint } from './footprint';
import { createHelp } from './help';
import { createHoverCard } from './hover';
import { listenToKeys } from './keys';
import { toggle } from './lanes';
import { createMinimap } from './minimap';
import { createMirror } from './mirror';
import { sourceToOpen, stackText } from './names';
import { listenToPointer } from './pointer';
import {
  extentOf,
  growSpans,
  isWholeRun,
  metricOf,
  refreshMarks,
  refreshTracks,
  type Focus,
  type Mode,
  type Span,
  type State,
} from './state';
import { createStatusLine } from './statusLine';
import { createTable } from './table';
import { exposeTestApi } from './testApi';
import { watchTheme } from './theme';
import { createToolbar } from './toolbar';
import { createTravel } from './travel';
import { createView } from './view';

/** What the panel asks of its host. */
export interface Host {
  /** Shows a source line; the keyboard goes there too if `go`. */
  open: (path: string, line: number, column: number, go: boolean) => void;
  copy: (text: string) => void;
  showNative: (shown: boolean) => void;
  turnOnMemory: () => void;
  /** How the panel is looked at, kept while it is hidden. */
  remember: (look: { mode: Mode; metric: FlameMetric }) => void;
}

export interface App {
  /** Rows were appended, or the run ended. */
  dataChanged: (reorder: boolean) => void;
  /** Only what is said about the run. */
  statusChanged: () => void;
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
  const empty = createEmptyNote(state, host.turnOnMemory);
  const status = createStatusLine(state);
  let pointed: Focus | null = null;
  let wantsReveal = false;
  /** The left-heavy view's extent when it was last brought up to date. */
  let mergedTotal = 0;

  const paintOverlay = oncePerFrame(() => chart.paintOverlay(pointed));
  const paint = oncePerFrame(() => {
    if (state.mode !== 'table') chart.paint();
    chart.paintOverlay(pointed);
    if (state.mode !== 'merged') minimap.moveBrush();
    if (!footprint.element.hidden) footprint.moveBrush();
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
  const footprint = createFootprint(state, {
    show: (span) => chooseTime(span),
    showChange: (metric) => showMerged(metric),
    announce: mirror.announce,
  });
  const table = createTable(state, (row) => {
    if (row.frame < 0) return;
    const { file, line } = state.store.describeFunction(row.fn);
    if (file) host.open(file, state.store.frameLine[row.frame]! || line, 0, false);
  });

  const select = (focus: Focus | null): void => {
    state.focus = focus;
    mirror.update();
    status.update();
    paintOverlay();
  };
  const open = (focus: Focus, go: boolean): void => {
    const source = sourceToOpen(state.store, focus.stack);
    if (source) host.open(source.path, source.line, source.column, go);
    else mirror.announce('This frame has no Python line to open.');
  };
  const travel = createTravel(state, chart, view, select);
  const step = (by: 1 | -1): void => {
    const match = travel.step(by);
    if (match) toolbar.setMatch(match.number, match.of);
  };
  /** After the call tree became another one. */
  const showWholeTree = (): void => {
    if (state.mode === 'merged') state.merged = { start: 0, end: extentOf(state) };
    changed();
  };
  const setMode = (mode: Mode): void => {
    if (mode === state.mode) return;
    state.mode = mode;
    state.focus = null;
    showWholeTree();
  };
  /** A part of the run's time was brushed: it is shown, or what grew in it. */
  const chooseTime = (span: Span): void => {
    if (state.mode !== 'merged') {
      view.show(span, false);
      return;
    }
    state.time = span;
    state.following = isWholeRun(state);
    state.focus = null;
    showWholeTree();
  };
  const setMetric = (metric: FlameMetric): void => {
    state.metric = metric;
    showWholeTree();
  };
  const showMerged = (metric: FlameMetric): void => {
    state.mode = 'merged';
    state.focus = null;
    setMetric(metric);
  };
  const goToMemory = (): void => {
    if (!state.memory) {
      mirror.announce('Memory was not measured in this run.');
      return;
    }
    if (footprint.element.hidden) setMetric('growth');
    footprint.focus();
  };
  const setSearch = (text: string): void => {
    state.search = text;
    refreshMarks(state);
    toolbar.setMatch(0, 0);
    changed();
  };

  const toggleNative = (): void => host.showNative(!state.native);
  const toolbar = createToolbar(state, {
    setMode,
    toggleNative,
    setMetric,
    setSearch,
    step,
    setOnly: (only) => {
      if (state.only === only) return;
      state.only = only;
      state.focus = null;
      refreshTracks(state, true);
      refreshMarks(state);
      showWholeTree();
    },
    resetZoom: () => view.reset(true),
    help: () => help.toggle(),
  });

  /** Marks or looks changed: everything is brought up to date, on the next frame where it is costly. */
  const changed = (): void => {
    const nothing = state.store.sampleCount === 0;
    const isEmpty = empty.update() !== '';
    chart.element.hidden = isEmpty || state.mode === 'table';
    table.element.hidden = isEmpty || state.mode !== 'table';
    minimap.element.hidden = nothing || state.mode === 'merged';
    footprint.element.hidden =
      nothing || !state.memory || (state.mode === 'merged' && !isBytes(metricOf(state)));
    hideCard();
    if (state.mode === 'merged') mergedTotal = extentOf(state);
    chart.recolour();
    view.sync();
    toolbar.update();
    status.update();
    mirror.update();
    if (!nothing) {
      minimap.paint(chart.theme());
      if (!footprint.element.hidden) footprint.paint();
      paint();
      updateTable();
    }
    host.remember({ mode: state.mode, metric: state.metric });
  };

  const panes = [minimap, footprint, chart, table, empty, card, help];
  const body = el('div', { class: 'body' }, ...panes.map(({ element }) => element));
  root.replaceChildren(toolbar.element, body, status.element, mirror.element);

  const hideCard = listenToPointer(state, chart, card, {
    select,
    open,
    zoomTo: travel.zoomTo,
    toggle: (heading) => {
      toggle(state, heading);
      paint();
    },
    pointAt: (focus) => {
      pointed = focus;
      paintOverlay();
    },
  });
  listenToKeys(chart.scroller, {
    move: travel.move,
    step,
    zoomBy: travel.zoomBy,
    panBy: view.panBy,
    scrollPage: (pages) => (chart.scroller.scrollTop += pages * chart.scroller.clientHeight),
    resetZoom: () => view.reset(true),
    zoomToFocus: () => state.focus && travel.zoomTo(state.focus),
    open: () => state.focus && open(state.focus, true),
    copyStack: () => state.focus && host.copy(stackText(state.store, state.focus.stack)),
    search: toolbar.focusSearch,
    toggleNative,
    memory: goToMemory,
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
    if (!footprint.element.hidden) footprint.paint();
    paint();
  }).observe(body);
  const retheme = oncePerFrame(() => {
    chart.retheme();
    changed();
  });
  watchTheme(retheme);
  exposeTestApi(state, chart);

  const reveal = (): void => {
    if (!wantsReveal || !state.highlight || !travel.reveal()) return;
    wantsReveal = false;
    chart.scroller.focus();
  };

  return {
    everythingChanged: changed,
    statusChanged: status.update,
    dataChanged: (reorder) => {
      refreshTracks(state, reorder);
      refreshMarks(state);
      growSpans(state, mergedTotal);
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
