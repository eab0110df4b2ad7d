/** The row of controls above the chart. */
import { flameMemoryMetrics } from '../profile/flameMemory';
import { isBytes, type FlameMetric } from '../profile/flameMerged';
import { el } from './dom';
import { count, formatNs, formatShare, metricName } from './format';
import type { Track } from '../profile/flameTrack';
import { byProcess, processTitle } from './lanes';
import { threadName } from './names';
import { busiestFirst, metricOf, type Mode, type State } from './state';
import { button, dropdown, segmented, textField, toggle, type Choice } from './toolkit';

const all = 'all';
/** A longer list is no help; the others are in the chart. */
const mostThreads = 100;

export interface ToolbarActions {
  setMode: (mode: Mode) => void;
  setMetric: (metric: FlameMetric) => void;
  toggleNative: () => void;
  /** As in State. */
  setOnly: (only: string) => void;
  setSearch: (text: string) => void;
  step: (by: 1 | -1) => void;
  resetZoom: () => void;
  help: () => void;
}

export interface Toolbar {
  element: HTMLElement;
  update: () => void;
  focusSearch: () => void;
  clearSearch: () => void;
  /** Which match is focused; 0 = none. */
  setMatch: (number: number, of: number) => void;
  searchBox: HTMLElement;
}

/** The controls of a state. */
export function createToolbar(state: State, actions: ToolbarActions): Toolbar {
  const mode = segmented(
    'View',
    [
      { value: 'time', label: 'Time order', title: 'Time order: what ran when (t)' },
      {
        value: 'merged',
        label: 'Left heavy',
        title: 'Left heavy: equal paths merged, heaviest first (t)',
      },
      { value: 'table', label: 'Functions', title: 'Functions: a table of self and total time' },
    ],
    (value) => actions.setMode(value as Mode),
  );
  const thread = dropdown('Threads', (value) => actions.setOnly(value === all ? '' : value));
  thread.element.classList.add('thread');
  const metric = dropdown('Weight', (value) => actions.setMetric(value as FlameMetric));
  metric.element.classList.add('metric');
  const native = toggle('Native', 'Frames of compiled code (v)', actions.toggleNative);
  const search = textField(
    'Search functions: words, /regex/, file:name, module:name',
    'Search: text, /regex/, file:, module:',
    actions.setSearch,
  );
  search.element.classList.add('search');
  const matches = el('span', { class: 'matches' });
  const back = button('‹', 'Previous match (N)', () => actions.step(-1));
  const next = button('›', 'Next match (n)', () => actions.step(1));
  const element = el(
    'div',
    { class: 'toolbar', role: 'toolbar', 'aria-label': 'Flame chart' },
    mode.element,
    thread.element,
    metric.element,
    native.element,
    search.element,
    back,
    next,
    matches,
    el('span', { class: 'spring' }),
    button('Reset zoom', 'Show everything (0)', actions.resetZoom),
    button('?', 'Keys and gestures (?)', actions.help),
  );
  let number = 0;
  let places = 0;

  const matchText = (): string => {
    if (state.searchError) return state.searchError;
    const { found } = state;
    if (!found) return '';
    if (found.functionCount === 0) return 'No function matches.';
    const whole = state.shown.reduce((sum, track) => sum + track.wallNs - track.unattributedNs, 0);
    const figures = `${formatNs(found.amount.wall)} (${formatShare(found.amount.wall, whole)})`;
    const at =
      number > 0 ? `${number.toLocaleString('en-US')} of ${places.toLocaleString('en-US')} · ` : '';
    return at + (number > 0 ? '' : `${count(found.functionCount, 'function')} · `) + figures;
  };

  return {
    element,
    searchBox: search.element,
    focusSearch: search.focus,
    clearSearch: () => search.set(''),
    setMatch: (at, of) => {
      number = at;
      places = of;
      matches.textContent = matchText();
    },
    update: () => {
      mode.set(state.mode);
      native.set(state.native);
      thread.element.hidden = state.store.tracks.length < 2 || isBytes(metricOf(state));
      thread.set(threadChoices(state), state.only || all);
      metric.element.hidden = state.mode === 'time';
      metric.set(
        (['wall', 'cpu', ...flameMemoryMetrics] as const).map((value) => ({
          value,
          label: metricName(value).replace(/^./, (first) => first.toUpperCase()),
        })),
        metricOf(state),
      );
      back.hidden = next.hidden =
        !state.found || state.found.functionCount === 0 || state.mode === 'table';
      matches.hidden = !state.search;
      matches.classList.toggle('wrong', state.searchError !== '');
      matches.textContent = matchText();
    },
  };
}

/** Everything, each process, and the busiest threads. Figures come when they no longer change under an open list. */
function threadChoices({ store: { tracks }, live }: State): Choice[] {
  const figure = (of: readonly Track[]): string => {
    const cpuNs = of.reduce((sum, track) => sum + track.cpuNs, 0);
    return live ? '' : ` · ${formatNs(cpuNs)} CPU`;
  };
  const ordered = live ? tracks : busiestFirst(tracks);
  const processes = byProcess(ordered);
  const several = processes.length > 1;
  return [
    { value: all, label: `All ${tracks.length} threads` },
    ...(several ? processes : []).map((of) => ({
      value: `p${of[0]!.pid}`,
      label: processTitle(of[0]!) + figure(of),
    })),
    ...ordered.slice(0, mostThreads).map((track) => ({
      value: `t${track.id}`,
      label: threadName(track) + (several ? ` · process ${track.pid}` : '') + figure([track]),
    })),
  ];
}
