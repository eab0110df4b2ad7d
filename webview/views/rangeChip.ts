/** The button that limits figures everywhere to the time in view. While they are limited it says to which time, and takes the limit back. */
import type { Dispatch } from '../intents/intent';
import { isWholeRun } from '../state/derived';
import type { State } from '../state/state';
import { button, nameOf } from '../controls/toolkit';

/** The button of a state. */
export function createRangeChip(
  state: State,
  dispatch: Dispatch,
): { element: HTMLElement; update: () => void } {
  const element = button('', '', () => dispatch({ type: 'toggleRange' }));
  element.classList.add('range', 'of-host');
  const label = (text: string, title: string, isOn: boolean): void => {
    element.textContent = text;
    element.setAttribute('title', title);
    element.setAttribute('aria-label', nameOf(text, title));
    element.setAttribute('aria-pressed', String(isOn));
    element.setAttribute('appearance', isOn ? 'primary' : 'secondary');
  };
  return {
    element,
    update: () => {
      element.hidden = !state.range && (state.mode === 'merged' || isWholeRun(state));
      if (state.range) {
        const { text } = state.range;
        label(`${text} ×`, `All figures are those of ${text} only. Show the whole run (e)`, true);
      } else {
        const what = 'Show only this time everywhere: beside the code, in Hot Lines, left heavy';
        label('This time only', `${what} (e)`, false);
      }
    },
  };
}
