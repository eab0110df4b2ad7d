/** The keyboard: every mouse action has a key. */
import type { Chart } from '../draw/chart';
import type { Dispatch, Intent } from '../intents/intent';
import type { Direction } from '../state/navigate';

/** Keys that work everywhere in the panel but in text fields. */
const panelKeys: Record<string, Intent> = {
  '/': { type: 'focusSearch' },
  n: { type: 'step', by: 1 },
  N: { type: 'step', by: -1 },
  p: { type: 'step', by: -1 },
  t: { type: 'toggleView' },
  i: { type: 'invert' },
  s: { type: 'setView', view: 'sandwich' },
  v: { type: 'toggleNative' },
  u: { type: 'toggleOnlyMyCode' },
  e: { type: 'toggleRange' },
  m: { type: 'showMemory' },
  '?': { type: 'toggleHelp' },
};

/** Keys that work in the chart. */
const chartKeys: Record<string, Intent> = {
  '+': { type: 'zoomBy', factor: 1.6 },
  '=': { type: 'zoomBy', factor: 1.6 },
  '-': { type: 'zoomBy', factor: 1 / 1.6 },
  '0': { type: 'fit' },
  Home: { type: 'fit' },
  a: { type: 'panBy', share: -0.2 },
  d: { type: 'panBy', share: 0.2 },
  PageUp: { type: 'scrollPage', pages: -0.9 },
  PageDown: { type: 'scrollPage', pages: 0.9 },
  z: { type: 'zoomToFocus' },
  Enter: { type: 'openFocused' },
  c: { type: 'copyStack' },
};

const arrows: Record<string, Direction> = {
  ArrowUp: 'up',
  ArrowDown: 'down',
  ArrowLeft: 'left',
  ArrowRight: 'right',
};

/** Listen for keys of the chart, and everywhere in the panel for search, help and Escape. */
export function listenToKeys(chart: Chart, dispatch: Dispatch): void {
  const intentOfChartKey = (key: string): Intent | undefined => {
    const direction = arrows[key];
    return direction ? { type: 'move', direction, nsPerPx: chart.nsPerPx() } : chartKeys[key];
  };
  window.addEventListener('keydown', (event) => {
    if (event.defaultPrevented) return;
    if ((event.ctrlKey || event.metaKey) && event.key === 'f') {
      event.preventDefault();
      dispatch({ type: 'focusSearch' });
      return;
    }
    if (event.key === 'Escape') {
      dispatch({ type: 'escape' });
      return;
    }
    const isTyping = event.target instanceof HTMLElement && isTextField(event.target);
    if (isTyping) {
      if (event.key === 'Enter') dispatch({ type: 'step', by: event.shiftKey ? -1 : 1 });
      return;
    }
    const along = event.key === 'ArrowLeft' ? -1 : event.key === 'ArrowRight' ? 1 : 0;
    if (event.altKey && !event.ctrlKey && !event.metaKey && along !== 0) {
      event.preventDefault();
      dispatch({ type: 'goAlong', by: along });
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const isPress = event.key === 'Enter' || event.key === ' ';
    const onButton = event.target instanceof Element && event.target.matches('vscode-button');
    const isInChart =
      event.target === chart.scroller || event.target === document.body || (onButton && !isPress);
    const intent = panelKeys[event.key] ?? (isInChart ? intentOfChartKey(event.key) : undefined);
    if (!intent) return;
    event.preventDefault();
    dispatch(intent);
  });
}

function isTextField(element: HTMLElement): boolean {
  const tag = element.tagName.toLowerCase();
  return tag === 'vscode-text-field' || tag === 'input';
}
