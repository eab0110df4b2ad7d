/** The panel put together: one state, the views over it, and what happens when the state changes. */
import { isBytes } from './model/merged';
import { createChart } from './draw/chart';
import { el, oncePerFrame } from './dom';
import { createEmptyNote } from './views/emptyText';
import { createFootprint } from './draw/footprint';
import { createHelp } from './views/help';
import type { App, Host } from './host';
import { createHoverCard } from './views/hover';
import { createKeyboardFigures } from './views/keyboardFigures';
import { listenToKeys } from './controls/keys';
import { toggle } from './state/lanes';
import { createLook } from './state/look';
import { saveView } from './save/saveView';
import { createMinimap } from './draw/minimap';
import { createMirror } from './views/mirror';
import { sourceToOpen, stackText } from './state/names';
import { listenToPointer } from './controls/pointer';
import { createRangeChip } from './views/rangeChip';
import {
  extentOf,
  growSpans,
  metricOf,
  refreshMarks,
  refreshTracks,
  type Focus,
  type Span,
  type State,
} from './state/state';
import { createStatusLine } from './views/statusLine';
import { createTable } from './views/table';
import { exposeTestApi } from './testApi';
import { watchTheme } from './draw/theme';
import { createToolbar } from './controls/toolbar';
import { createTrail } from './state/trail';
import { createTravel } from './state/travel';
import { createView } from './controls/zoom';

/** Build the panel inside `root`. */
export function createApp(root: HTMLElement, state: State, host: Host): App {
  const chart = createChart(state);
  const card = createHoverCard(state);
  const mirror = createMirror(state, chart.scroller);
  const help = createHelp();
  const empty = createEmptyNote(state, host);
  const status = createStatusLine(state);
  const trail = createTrail(state);
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
  const updateChip = oncePerFrame(() => rangeChip.update());
  const view = createView(
    state,
    chart.surface,
    (px) => (chart.scroller.scrollTop += px),
    () => {
      hideCard();
      paint();
      updateTable();
      updateChip();
    },
  );
  const minimap = createMinimap(state, (span) => view.show(span, false));
  const footprint = createFootprint(state, {
    show: (span) => chooseTime(span),
    showChange: (metric) => look.showMerged(metric),
    announce: mirror.announce,
  });
  const table = createTable(state, {
    open: (row) => {
      if (row.frame < 0) return;
      const { file, line } = state.store.describeFunction(row.fn);
      if (file) host.open(file, state.store.frameLine[row.frame]! || line, 0, false);
    },
    showAround: (row) => look.showFunction(row.fn, row.kind),
  });

  const select = (focus: Focus | null, isStep = false): void => {
    state.focus = focus;
    if (focus) trail.note(isStep);
    mirror.update();
    status.update();
    toolbar.setTrail(trail.can(-1), trail.can(1));
    paintOverlay();
  };
  const open = (focus: Focus, go: boolean): void => {
    const source = sourceToOpen(state.store, focus.stack);
    if (source) host.open(source.path, source.line, source.column, go);
    else mirror.announce('This frame has no Python line to open.');
  };
  /** Seen for a moment, and read out. */
  const say = (words: string): void => {
    mirror.announce(words);
    status.flash(words);
  };
  const travel = createTravel(state, chart, view, select);
  const step = (by: 1 | -1): void => {
    const match = travel.step(by);
    if (match) toolbar.setMatch(match.number, match.of);
  };
  const look = createLook(
    state,
    () => changed(),
    () => {
      chart.paint();
      chart.revealCenter();
      trail.note(false);
      toolbar.setTrail(trail.can(-1), trail.can(1));
    },
  );
  /** A part of the run's time was brushed: it is shown, or what grew in it. */
  const chooseTime = (span: Span): void => {
    if (state.mode === 'merged') look.setTime(span);
    else view.show(span, false);
  };
  const goAlong = (by: 1 | -1): void => {
    if (!trail.go(by)) return;
    changed();
    toolbar.setTrail(trail.can(-1), trail.can(1));
    if (state.focus) travel.show(state.focus);
    else if (state.tree === 'sandwich') chart.revealCenter();
  };
  const goToMemory = (): void => {
    if (!state.memory) {
      mirror.announce('Memory was not measured in this run.');
      return;
    }
    if (footprint.element.hidden) look.setMetric('growth');
    footprint.focus();
  };
  const setSearch = (text: string): void => {
    state.search = text;
    refreshMarks(state);
    toolbar.setMatch(0, 0);
    changed();
  };

  const toggleNative = (): void => host.showNative(!state.native);
  const toggleOnlyMyCode = (): void => host.showOnlyMyCode(!state.onlyMyCode);
  const rangeChip = createRangeChip(state, host.chooseRange);
  const toolbar = createToolbar(state, rangeChip.element, {
    setView: look.setView,
    turnOver: look.turnOver,
    goAlong,
    toggleNative,
    toggleOnlyMyCode,
    setMetric: look.setMetric,
    setSearch,
    step,
    setOnly: (only) => {
      if (state.only === only) return;
      state.only = only;
      state.focus = null;
      refreshTracks(state, true);
      refreshMarks(state);
      look.showWholeTree();
    },
    resetZoom: () => view.reset(true),
    save: (format) => {
      saveView(state, chart, format)
        .then((made) => {
          if (typeof made === 'string') say(made);
          else host.save(format, made);
        })
        .catch(host.fail)
        .finally(paint);
    },
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
    rangeChip.update();
    status.update();
    mirror.update();
    if (!nothing) {
      if (!minimap.element.hidden) minimap.paint(chart.theme());
      if (!footprint.element.hidden) footprint.paint();
      paint();
      updateTable();
    }
    host.remember({ mode: state.mode, tree: state.tree, metric: state.metric });
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
    move: (direction) => {
      travel.move(direction);
      figures.show();
    },
    step,
    zoomBy: travel.zoomBy,
    panBy: view.panBy,
    scrollPage: (pages) => (chart.scroller.scrollTop += pages * chart.scroller.clientHeight),
    resetZoom: () => view.reset(true),
    zoomToFocus: () => state.focus && travel.zoomTo(state.focus),
    open: () => state.focus && open(state.focus, true),
    copyStack: () => {
      if (!state.focus) return;
      host.copy(stackText(state.store, state.focus.stack));
      say('Copied the stack');
    },
    search: toolbar.focusSearch,
    toggleNative,
    toggleOnlyMyCode,
    toggleRange: rangeChip.toggle,
    memory: goToMemory,
    toggleView: look.toggle,
    turnOver: look.turnOver,
    around: () => look.setView('sandwich'),
    goAlong,
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
    if (!minimap.element.hidden) minimap.paint(chart.theme());
    if (!footprint.element.hidden) footprint.paint();
    paint();
  }).observe(body);
  const figures = createKeyboardFigures(state, chart, card);
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
    metricChanged: look.showWholeTree,
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
      if (wanted) state.tree = 'top';
      changed();
      reveal();
      if (wantsReveal && state.highlight && !state.live && state.store.sampleCount > 0) {
        mirror.announce(`Line ${state.highlight.line} was not seen in this run.`);
      }
    },
  };
}
