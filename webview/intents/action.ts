/** Intents that the host or a part of the panel carries out. Only showing the sheet with keys changes the state. */
import { formatRange } from '../../profile/words/numbers';
import { isWholeRun } from '../state/derived';
import { sourceToOpen, stackText } from '../state/names';
import type { Focus, State } from '../state/state';
import { everything, outcome, type Effect, type Outcome } from './effect';
import type { ActionIntent } from './intent';

export function reduceAction(state: State, intent: ActionIntent): Outcome {
  switch (intent.type) {
    case 'toggleHelp':
      return outcome({ ...state, help: !state.help }, { do: 'help' });
    case 'themeChanged': {
      const { state: next, effects } = everything(state);
      return outcome(next, { do: 'retheme' }, ...effects);
    }
    default:
      return outcome(state, ...effectsOf(state, intent));
  }
}

type Errand = Exclude<ActionIntent, { type: 'toggleHelp' | 'themeChanged' }>;

function effectsOf(state: State, intent: Errand): Effect[] {
  switch (intent.type) {
    case 'open':
      return open(state, intent.focus, intent.go);
    case 'openFocused':
      return state.focus ? open(state, state.focus, true) : [];
    case 'openFunction':
      return openFunction(state, intent.fn, intent.frame);
    case 'copyStack':
      return state.focus ? copyStack(state, state.focus) : [];
    case 'save':
      return [{ do: 'save', format: intent.format }];
    case 'toggleNative':
      return [{ do: 'post', message: { type: 'native', shown: !state.native } }];
    case 'toggleOnlyMyCode':
      return [{ do: 'post', message: { type: 'onlyMyCode', chosen: !state.onlyMyCode } }];
    case 'toggleRange':
      return toggleRange(state);
    case 'turnOnMemory':
    case 'openLastRun':
      return [{ do: 'post', message: intent }];
    case 'focusSearch':
      return [{ do: 'focus', what: 'search' }];
    case 'scrollPage':
      return [{ do: 'scrollPage', pages: intent.pages }];
    case 'announce':
      return [{ do: 'announce', text: intent.text }];
  }
}

function open({ store }: State, focus: Focus, go: boolean): Effect[] {
  const source = sourceToOpen(store, focus.stack);
  if (!source) return [{ do: 'announce', text: 'This frame has no Python line to open.' }];
  return [{ do: 'post', message: { type: 'open', ...source, go } }];
}

function openFunction({ store }: State, fn: number, frame: number): Effect[] {
  if (frame < 0) return [];
  const { file: path, line: firstLine } = store.describeFunction(fn);
  if (!path) return [];
  const line = store.frameLine[frame]! || firstLine;
  return [{ do: 'post', message: { type: 'open', path, line, column: 0, go: false } }];
}

function copyStack({ store }: State, focus: Focus): Effect[] {
  const text = stackText(store, focus.stack);
  return [
    { do: 'post', message: { type: 'copy', text } },
    { do: 'say', text: 'Copied the stack' },
  ];
}

function toggleRange(state: State): Effect[] {
  if (state.range) return [{ do: 'post', message: { type: 'range', range: null, text: '' } }];
  if (isWholeRun(state) || state.store.sampleCount === 0) return [];
  const { start, end } = state.time;
  const range = { fromNs: Math.max(0, start), untilNs: Math.min(end, state.store.endNs) };
  return [{ do: 'post', message: { type: 'range', range, text: formatRange(range) } }];
}
