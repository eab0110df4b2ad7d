/** The row of controls above the chart. */
import { flameMemoryMetrics } from '../../profile/flame/memory';
import { isBytes, type FlameMetric } from '../model/merged';
import { el } from '../dom';
import type { Dispatch } from '../intents/intent';
import { formatCount, formatNumberOf, formatShare, formatTime } from '../../profile/words/numbers';
import { metricName } from '../format';
import type { Track } from '../model/track';
import { byProcess, processTitle } from '../state/lanes';
import { threadName } from '../state/names';
import { createSaveMenu } from '../save/saveMenu';
import { viewOf, type ViewName } from '../state/views';
import { canGo } from '../state/trail';
import { metricOf, runSums } from '../state/derived';
import type { State } from '../state/state';
import { busiestFirst } from '../state/tracks';
import { button, dropdown, segmented, textField, toggle, type Choice } from './toolkit';

const all = 'all';
const controls = 'vscode-button, vscode-dropdown, vscode-text-field';
/** The list has no more threads than this; the others are in the chart. */
const mostThreads = 100;

export interface Toolbar {
  element: HTMLElement;
  update: () => void;
  focusSearch: () => void;
  clearSearch: () => void;
  /** The focus changed: where back and forward lead, and the match it is on. */
  updateFocus: () => void;
}

/** The controls of a state. range: the control of the time that figures are of. */
export function createToolbar(state: State, range: HTMLElement, dispatch: Dispatch): Toolbar {
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
    (value) => dispatch({ type: 'setView', view: value as ViewName }),
  );
  const thread = dropdown('Threads', (value) =>
    dispatch({ type: 'setOnly', only: value === all ? '' : value }),
  );
  thread.element.classList.add('thread');
  const metric = dropdown('Weight', (value) =>
    dispatch({ type: 'setMetric', metric: value as FlameMetric }),
  );
  metric.element.classList.add('metric');
  const inverted = toggle(
    'Inverted',
    'Callees first: what ran, and below it who called it (i)',
    () => dispatch({ type: 'invert' }),
  );
  const earlier = button('←', 'Back to what was focused before (Alt+Left)', () =>
    dispatch({ type: 'goAlong', by: -1 }),
  );
  const later = button('→', 'Forward (Alt+Right)', () => dispatch({ type: 'goAlong', by: 1 }));
  const native = toggle('Native', 'Frames of compiled code (v)', () =>
    dispatch({ type: 'toggleNative' }),
  );
  const myCode = toggle('My code', 'Only frames of my own code (u)', () =>
    dispatch({ type: 'toggleOnlyMyCode' }),
  );
  for (const { element } of [native, myCode]) element.classList.add('of-host');
  const search = textField(
    'Search functions: words, /regex/, file:name, module:name',
    'Search: text, /regex/, file:, module:',
    (text) => dispatch({ type: 'setSearch', text }),
  );
  search.element.classList.add('search');
  const matches = el('span', { class: 'matches' });
  const back = button('‹', 'Previous match (p)', () => dispatch({ type: 'step', by: -1 }));
  const next = button('›', 'Next match (n)', () => dispatch({ type: 'step', by: 1 }));
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
    myCode.element,
    range,
    search.element,
    back,
    next,
    matches,
    el(
      'span',
      { class: 'end' },
      createSaveMenu((format) => dispatch({ type: 'save', format })),
      button('Fit', 'Show everything (0)', () => dispatch({ type: 'fit' })),
      button('?', 'Keys and gestures (?)', () => dispatch({ type: 'toggleHelp' })),
    ),
  );
  element.addEventListener('keydown', moveAlong);

  const matchText = (): string => {
    if (state.searchError) return state.searchError;
    const { found } = state;
    if (!found) return '';
    if (found.functionCount === 0) return 'No function matches.';
    const whole = state.range
      ? runSums(state).wall.reduce((sum, wall) => sum + wall, 0)
      : state.shown.reduce((sum, track) => sum + track.wallNs - track.unattributedNs, 0);
    const figures = `${formatTime(found.amount.wall)} (${formatShare(found.amount.wall, whole)})`;
    const what = state.match
      ? `${formatCount(state.match.number)} of ${formatCount(state.match.of)}`
      : formatNumberOf(found.functionCount, 'function');
    return `${what} · ${figures}`;
  };
  const updateFocus = (): void => {
    earlier.toggleAttribute('disabled', !canGo(state, -1));
    later.toggleAttribute('disabled', !canGo(state, 1));
    matches.textContent = matchText();
  };
  updateFocus();

  return {
    element,
    focusSearch: search.focus,
    clearSearch: () => search.set(''),
    updateFocus,
    update: () => {
      mode.set(viewOf(state));
      inverted.element.hidden = viewOf(state) !== 'merged';
      inverted.set(state.tree === 'inverted');
      native.set(state.native);
      myCode.set(state.onlyMyCode);
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
      updateFocus();
    },
  };
}

/** Everything, each process, and the busiest threads. Figures are added when the run has ended: an open list must not change. */
function threadChoices({ store: { tracks }, live }: State): Choice[] {
  const figure = (threads: readonly Track[]): string => {
    const cpuNs = threads.reduce((sum, track) => sum + track.cpuNs, 0);
    return live ? '' : ` · ${formatTime(cpuNs)} CPU`;
  };
  const ordered = live ? tracks : busiestFirst(tracks);
  const processes = byProcess(ordered);
  const several = processes.length > 1;
  return [
    { value: all, label: `All ${tracks.length} threads` },
    ...(several ? processes : []).map((threads) => ({
      value: `p${threads[0]!.pid}`,
      label: processTitle(threads[0]!) + figure(threads),
    })),
    ...ordered.slice(0, mostThreads).map((track) => ({
      value: `t${track.id}`,
      label: threadName(track) + (several ? ` · process ${track.pid}` : '') + figure([track]),
    })),
  ];
}

/** Arrow keys move the keyboard focus along the controls, except in those that use arrow keys themselves. */
function moveAlong(event: KeyboardEvent): void {
  const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
  const target = event.target as HTMLElement;
  const isPlain = !event.altKey && !event.ctrlKey && !event.metaKey;
  if (by === undefined || !isPlain || !target.matches('vscode-button')) return;
  const toolbar = event.currentTarget as HTMLElement;
  const visible = [...toolbar.querySelectorAll<HTMLElement>(controls)].filter(
    (control) => control.offsetParent !== null,
  );
  visible[(visible.indexOf(target) + by + visible.length) % visible.length]?.focus();
  event.preventDefault();
}
