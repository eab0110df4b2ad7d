/** The `?` sheet: every key and gesture of the chart. */
import { el } from '../dom';

const lines: [string, string][] = [
  ['Click', 'Select a frame and show its line beside the chart'],
  ['Double click, Enter', 'Go to the line of the frame'],
  ['Ctrl+click, z', 'Zoom to the frame'],
  ['Wheel, pinch, + −', 'Zoom at the pointer'],
  ['Drag, Alt+wheel, a d', 'Move sideways'],
  ['Shift+wheel, Page Up/Down', 'Move up and down'],
  ['0, Home', 'Show everything'],
  ['↑ ↓ ← →', 'Go to the caller, the callee, the frame before or after'],
  ['Save', 'The view as a picture, or the run as a page for any browser'],
  ['c', 'Copy the stack of the focused frame'],
  ['/, Ctrl+F', 'Search: words, /regex/, file:name, module:name'],
  ['n, p', 'Next, previous match'],
  ['Alt+← →', 'Back and forward through what was focused'],
  ['s', 'Sandwich: callers above the function of the focused frame, callees below'],
  ['i', 'Left heavy with callees first, and back'],
  ['t', 'Switch between time order and left heavy'],
  ['Drag in the memory strip', 'Choose a time, to see what grew in it and what was freed'],
  ['m, then ← → Home End', 'The same with keys; Shift+← → moves its end, Esc chooses everything'],
  ['m, then Enter', 'Show what grew in the chosen time'],
  ['v', 'Show or leave out frames of compiled code'],
  ['u', 'Show only my own code, or libraries too'],
  ['e', 'Show figures everywhere of the time in view only, or of the whole run again'],
  ['Esc', 'Clear the search, then the selection'],
  ['?', 'Show or hide this sheet'],
];

/** A hidden sheet. While the sheet is open it has the keyboard, to be read and scrolled. */
export function createHelp(): { element: HTMLElement; show: (isOpen: boolean) => void } {
  const list = el('dl', {});
  for (const [keys, what] of lines) list.append(el('dt', {}, keys), el('dd', {}, what));
  const note = el(
    'p',
    {},
    'Time order shows when things ran, left to right; gaps are times without a sample. Left heavy ' +
      'merges equal call paths, the heaviest first. Blue is Python, orange native code, green the ' +
      'system, grey waiting, purple waiting for the GIL, yellow waiting for a core. Of memory: allocated is everything that was asked for, ' +
      'at the peak is what was held when the process held most, growth is what was not freed.',
  );
  const element = el('div', { class: 'help', role: 'dialog', 'aria-label': 'Keys' }, list, note);
  element.hidden = true;
  element.tabIndex = -1;
  let focusedBefore: Element | null = null;
  return {
    element,
    show: (isOpen) => {
      if (isOpen === !element.hidden) return;
      element.hidden = !isOpen;
      if (isOpen) {
        focusedBefore = document.activeElement;
        element.focus();
      } else if (focusedBefore instanceof HTMLElement) focusedBefore.focus();
    },
  };
}
