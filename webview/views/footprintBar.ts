/** The text above the memory strip, and buttons for the time that is chosen in the strip. */
import { changeWithin, footprintAt } from '../../profile/flame/memory';
import { formatBytes, formatTime } from '../../profile/words/numbers';
import { el } from '../dom';
import type { Dispatch } from '../intents/intent';
import { isWholeRun, memorySpan, metricOf } from '../state/derived';
import type { State } from '../state/state';

export interface FootprintBar {
  element: HTMLElement;
  /** The data, the chosen time or the view changed. `peak`: when most was held, and how much. */
  update: (peak: { ns: number; live: number }, mostResident: number) => void;
  /** Show what was held at a moment, ns; null: the summary again. */
  pointAt: (ns: number | null) => void;
  /** The summary of the chosen time, or of the run. */
  text: () => string;
}

/** A bar for a state. */
export function createFootprintBar(state: State, dispatch: Dispatch): FootprintBar {
  const words = el('span', { class: 'words' });
  const link = (label: string, title: string, act: () => void): HTMLElement => {
    const button = el('button', { type: 'button', title }, label);
    button.addEventListener('click', act);
    return button;
  };
  const grew = link('What grew', 'Left heavy, by memory that grew in the chosen time', () =>
    dispatch({ type: 'showChange', metric: 'growth' }),
  );
  const freed = link(
    'What was freed',
    'Left heavy, by memory that was freed in the chosen time',
    () => dispatch({ type: 'showChange', metric: 'freed' }),
  );
  const whole = link('Whole run', 'Choose the whole run again (Esc in the strip)', () =>
    dispatch({ type: 'chooseTime', span: { start: 0, end: state.store.endNs } }),
  );
  const buttons = el('span', { class: 'links' }, grew, freed, whole);
  const element = el('div', { class: 'footprint-bar' }, words, buttons);
  let summary = '';
  let summaryKey = '';

  return {
    element,
    text: () => summary,
    pointAt: (ns) => {
      const { memory } = state;
      if (ns === null || !memory) {
        words.textContent = summary;
        return;
      }
      const { live, resident } = footprintAt(memory, ns);
      const parts = [
        `${formatBytes(live)} held`,
        ...(resident > 0 ? [`${formatBytes(resident)} resident`] : []),
      ];
      words.textContent = `At ${formatTime(ns)}: ${parts.join(' · ')}`;
    },
    update: (peak, mostResident) => {
      const { memory, store, time } = state;
      if (!memory) return;
      const isPart = !isWholeRun(state);
      buttons.hidden = !isPart;
      const metric = metricOf(state);
      const mark = (button: HTMLElement, on: boolean): void => {
        button.setAttribute('aria-pressed', String(on));
      };
      mark(grew, state.mode === 'merged' && metric === 'growth');
      mark(freed, state.mode === 'merged' && metric === 'freed');
      const key = [isPart, time.start, time.end, store.stackCount, peak.ns, peak.live].join();
      if (key === summaryKey) return;
      summaryKey = key;
      if (isPart) {
        const { start, end } = memorySpan(state);
        const change = changeWithin(memory, store.stackCount, start, end);
        const what = [
          change.grown > 0 ? `${formatBytes(change.grown)} grew` : 'nothing grew',
          change.freed > 0 ? `${formatBytes(change.freed)} freed on the way` : 'nothing freed',
        ];
        summary = `${formatTime(time.start)} to ${formatTime(time.end)}: ${what.join(' · ')}`;
      } else {
        const parts = [
          `peak ${formatBytes(peak.live)} at ${formatTime(peak.ns)}`,
          ...(mostResident > 0 ? [`resident up to ${formatBytes(mostResident)}`] : []),
        ];
        const merged = memory.processes.find(({ processes }) => processes > 1);
        if (merged) {
          parts.push(`${merged.processes} processes that ended earlier are shown as averages`);
        }
        summary = `Memory held: ${parts.join(' · ')}`;
      }
      words.textContent = summary;
      words.title =
        `${summary}. Held is what was allocated and not freed yet; resident is what the system counts for the process. ` +
        'Drag in the strip, or press m and use the arrow keys, to choose a time and see what grew in it.';
    },
  };
}
