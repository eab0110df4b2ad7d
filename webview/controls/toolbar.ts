/** The row of controls above the chart. */
import { flameMemoryMetrics } from '../../profile/flame/memory';
import { isBytes, type FlameMetric } from '../model/merged';
import type { SavedFormat } from '../../protocol/savedPage';
import { el } from '../dom';
import { formatCount, formatNumberOf, formatShare, formatTime } from '../../profile/words/numbers';
import { metricName } from '../format';
import type { Track } from '../model/track';
import { byProcess, processTitle } from '../state/lanes';
import { threadName } from '../state/names';
import { createSaveMenu } from '../save/saveMenu';
import { viewOf, type ViewName } from '../state/look';
import { busiestFirst, metricOf, runSums, type State } from '../state/state';
import { button, dropdown, segmented, textField, toggle, type Choice } from './toolkit';

const all = 'all';
const controls = 'vscode-button, vscode-dropdown, vscode-text-field';
/** A longer list is no help; the others are in the chart. */
const mostThreads = 100;

export interface ToolbarActions {
  setView: (view: ViewName) => void;
  turnOver: () => void;
  goAlong: (by: 1 | -1) => void;
  setMetric: (metric: FlameMetric) => void;
  toggleNative: () => void;
  toggleOnlyMyCode: () => void;
  /** As in State. */
  setOnly: (only: string) => void;
  setSearch: (text: string) => void;
  step: (by: 1 | -1) => void;
  resetZoom: () => void;
  save: (format: SavedFormat) => void;
  help: () => void;
}

export interface Toolbar {
  element: HTMLElement;
  update: () => void;
  focusSearch: () => void;
  clearSearch: () => void;
  /** Which match is focused; 0 = none. */
  setMatch: (number: number, of: number) => void;
  /** Whether there is somewhere to go back and forward to. */
  setTrail: (back: boolean, forward: boolean) => void;
  searchBox: HTMLElement;
}

/** The controls of a state. range: the control of the time that figures are of. */
export function createToolbar(state: State, range: HTMLElement, actions: ToolbarActions): Toolbar {
  const mode = segmented(
    'View',
    [
      { value: 'time', label: 'Time order', title: 'Time order: what ran when (t)' },
      {
        value: 'merged',
        label: 'Left heavy',
        title: 'Left heavy: equal paths merged, heaviest first (t)',
      },
      {
        value: 'sandwich',
        label: 'Sandwich',
        title: 'Sandwich: who called one function, above it, and what it called, below (s)',
      },
      { value: 'table', label: 'Functions', title: 'Functions: a table of self and total time' },
    ],
    (value) => actions.setView(value as ViewName),
  );
  const thread = dropdown('Threads', (value) => actions.setOnly(value === all ? '' : value));
  thread.element.classList.add('thread');
  const metric = dropdown('Weight', (value) => actions.setMetric(value as FlameMetric));
  metric.element.classList.add('metric');
  const inverted = toggle(
    'Inverted',
    'Callees first: what ran, and below it who called it (i)',
    actions.turnOver,
  );
  const earlier = button('←', 'Back to what was focused before (Alt+Left)', () =>
    actions.goAlong(-1),
  );
  const later = button('→', 'Forward (Alt+Right)', () => actions.goAlong(1));
  const native = toggle('Native', 'Frames of compiled code (v)', actions.toggleNative);
  const mine = toggle('My code', 'Only frames of my own code (u)', actions.toggleOnlyMyCode);
  for (const { element } of [native, mine]) element.classList.add('of-host');
  const search = textField(
    'Search functions: words, /regex/, file:name, module:name',
    'Search: text, /regex/, file:, module:',
    actions.setSearch,
  );
  search.element.classList.add('search');
  const matches = el('span', { class: 'matches' });
  const back = button('‹', 'Previous match (p)', () => actions.step(-1));
  const next = button('›', 'Next match (n)', () => actions.step(1));
  const element = el(
    'div',
    { class: 'toolbar', role: 'toolbar', 'aria-label': 'Flame chart' },
    earlier,
    later,
    mode.element,
    inverted.element,
    thread.element,
    metric.element,
    native.element,
    mine.element,
    range,
    search.element,
    back,
    next,
    matches,
    el(
      'span',
      { class: 'end' },
      createSaveMenu(actions.save),
      button('Fit', 'Show everything (0)', actions.resetZoom),
      button('?', 'Keys and gestures (?)', actions.help),
    ),
  );
  earlier.toggleAttribute('disabled', true);
  later.toggleAttribute('disabled', true);
  element.addEventListener('keydown', moveAlong);
  let number = 0;
  let places = 0;

  const matchText = (): string => {
    if (state.searchError) return state.searchError;
    const { found } = state;
    if (!found) return '';
    if (found.functionCount === 0) return 'No function matches.';
    const whole = state.range
      ? runSums(state).wall.reduce((sum, wall) => sum + wall, 0)
      : state.shown.reduce((sum, track) => sum + track.wallNs - track.unattributedNs, 0);
    const figures = `${formatTime(found.amount.wall)} (${formatShare(found.amount.wall, whole)})`;
    const at = number > 0 ? `${formatCount(number)} of ${formatCount(places)} · ` : '';
    return (
      at + (number > 0 ? '' : `${formatNumberOf(found.functionCount, 'function')} · `) + figures
    );
  };

  return {
    element,
    searchBox: search.element,
    focusSearch: search.focus,
    clearSearch: () => search.set(''),
    setTrail: (back, forward) => {
      earlier.toggleAttribute('disabled', !back);
      later.toggleAttribute('disabled', !forward);
    },
    setMatch: (at, of) => {
      number = at;
      places = of;
      matches.textContent = matchText();
    },
    update: () => {
      mode.set(viewOf(state));
      inverted.element.hidden = viewOf(state) !== 'merged';
      inverted.set(state.tree === 'inverted');
      native.set(state.native);
      mine.set(state.onlyMyCode);
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
    return live ? '' : ` · ${formatTime(cpuNs)} CPU`;
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

/** Arrow keys move along the controls, but for those that use them themselves. */
function moveAlong(event: KeyboardEvent): void {
  const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
  const target = event.target as HTMLElement;
  const isPlain = !event.altKey && !event.ctrlKey && !event.metaKey;
  if (by === undefined || !isPlain || !target.matches('vscode-button')) return;
  const all = [...(event.currentTarget as HTMLElement).querySelectorAll<HTMLElement>(controls)];
  const seen = all.filter((control) => control.offsetParent !== null);
  seen[(seen.indexOf(target) + by + seen.length) % seen.length]?.focus();
  event.preventDefault();
}
