/** The time in view for everything: a button that makes figures everywhere those of it, and says so until it is taken back. */
import type { RunRange } from '../../protocol/lsp';
import { formatRange } from '../../profile/words/numbers';
import { isWholeRun, type State } from '../state/state';
import { button, nameOf } from '../controls/toolkit';

/** choose: asks the host for a range, null for the whole run. */
export function createRangeChip(
  state: State,
  choose: (range: RunRange | null, text: string) => void,
): { element: HTMLElement; update: () => void; toggle: () => void } {
  const toggle = (): void => {
    if (state.range) {
      choose(null, '');
      return;
    }
    const { start, end } = state.time;
    if (isWholeRun(state) || state.store.sampleCount === 0) return;
    const range = { fromNs: Math.max(0, start), untilNs: Math.min(end, state.store.endNs) };
    choose(range, formatRange(range));
  };
  const element = button('', '', toggle);
  element.classList.add('range', 'of-host');
  const say = (label: string, title: string, isOn: boolean): void => {
    element.textContent = label;
    element.setAttribute('title', title);
    element.setAttribute('aria-label', nameOf(label, title));
    element.setAttribute('aria-pressed', String(isOn));
    element.setAttribute('appearance', isOn ? 'primary' : 'secondary');
  };
  return {
    element,
    toggle,
    update: () => {
      element.hidden = !state.range && (state.mode === 'merged' || isWholeRun(state));
      if (state.range) {
        const { text } = state.range;
        say(`${text} ×`, `All figures are those of ${text} only. Show the whole run (e)`, true);
      } else {
        const what = 'Show only this time everywhere: beside the code, in Hot Lines, left heavy';
        say('This time only', `${what} (e)`, false);
      }
    },
  };
}
