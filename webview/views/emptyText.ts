/** The text in place of an empty chart. */
import { isOfTime } from '../../profile/flame/memory';
import { isBytes } from '../model/merged';
import { el } from '../dom';
import type { Dispatch } from '../intents/intent';
import { formatTime } from '../../profile/words/numbers';
import { metricName } from '../format';
import { isWholeRun, mergedOf, metricOf } from '../state/derived';
import type { State } from '../state/state';
import { button } from '../controls/toolkit';

/** One sentence and what to do next; empty where there is something to draw. */
export function emptyText(state: State): string {
  const { store, time, complete } = state;
  if (store.sampleCount === 0) return state.message;
  const metric = metricOf(state);
  if (!isBytes(metric)) return '';
  if (!state.memory) {
    return complete
      ? 'Memory was not measured in this run. Turn on the setting lineheat.memory and run again.'
      : 'No memory has been recorded yet.';
  }
  if (mergedOf(state).rootTotal > 0) return '';
  if (isWholeRun(state) || !isOfTime(metric))
    return `There is no ${metricName(metric)} in this run.`;
  const when = `between ${formatTime(time.start)} and ${formatTime(time.end)}`;
  return metric === 'freed'
    ? `Nothing was freed ${when}.`
    : `Nothing grew ${when}: what was allocated then was freed again.`;
}

/** Whether the chart is empty because memory was not measured. */
function isMemoryMissing({ memory, complete, store }: State): boolean {
  return complete && memory === null && store.sampleCount > 0;
}

/** The note over an empty chart, with a button for what can be done about it. */
export function createEmptyNote(
  state: State,
  dispatch: Dispatch,
): { element: HTMLElement; update: () => string } {
  const words = el('p', { role: 'status' });
  const turnOn = button('Measure memory from the next run on', 'lineheat.memory', () =>
    dispatch({ type: 'turnOnMemory' }),
  );
  const openLast = button('Open last run', 'Open the newest run of this workspace', () =>
    dispatch({ type: 'openLastRun' }),
  );
  const element = el('div', { class: 'empty' }, words, turnOn, openLast);
  return {
    element,
    update: () => {
      const text = emptyText(state);
      element.hidden = text === '';
      words.textContent = text;
      turnOn.hidden = !isMemoryMissing(state);
      openLast.hidden = state.run !== '';
      return text;
    },
  };
}
