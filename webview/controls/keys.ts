/** The keyboard: every mouse action has a key. */
import type { Direction } from '../state/navigate';

export interface KeyActions {
  move: (direction: Direction) => void;
  zoomBy: (factor: number) => void;
  panBy: (share: number) => void;
  scrollPage: (pages: number) => void;
  resetZoom: () => void;
  zoomToFocus: () => void;
  open: () => void;
  copyStack: () => void;
  search: () => void;
  step: (by: 1 | -1) => void;
  toggleView: () => void;
  /** Callers first, or callees first. */
  turnOver: () => void;
  /** Callers and callees of the focused frame's function. */
  around: () => void;
  /** Back (−1) or forward (1). */
  goAlong: (by: 1 | -1) => void;
  toggleNative: () => void;
  toggleOnlyMyCode: () => void;
  /** Makes figures everywhere those of the time in view, or of the whole run again. */
  toggleRange: () => void;
  /** To the strip of memory over time. */
  memory: () => void;
  escape: () => void;
  help: () => void;
}

/** Listen on `target` (the chart) for chart keys, and everywhere in the panel for search, help and Escape. */
export function listenToKeys(target: HTMLElement, actions: KeyActions): void {
  const chartKeys: Record<string, () => void> = {
    ArrowUp: () => actions.move('up'),
    ArrowDown: () => actions.move('down'),
    ArrowLeft: () => actions.move('left'),
    ArrowRight: () => actions.move('right'),
    '+': () => actions.zoomBy(1.6),
    '=': () => actions.zoomBy(1.6),
    '-': () => actions.zoomBy(1 / 1.6),
    '0': actions.resetZoom,
    Home: actions.resetZoom,
    a: () => actions.panBy(-0.2),
    d: () => actions.panBy(0.2),
    PageUp: () => actions.scrollPage(-0.9),
    PageDown: () => actions.scrollPage(0.9),
    z: actions.zoomToFocus,
    Enter: actions.open,
    c: actions.copyStack,
  };
  const panelKeys: Record<string, () => void> = {
    '/': actions.search,
    n: () => actions.step(1),
    N: () => actions.step(-1),
    p: () => actions.step(-1),
    t: actions.toggleView,
    i: actions.turnOver,
    s: actions.around,
    v: actions.toggleNative,
    u: actions.toggleOnlyMyCode,
    e: actions.toggleRange,
    m: actions.memory,
    '?': actions.help,
  };
  window.addEventListener('keydown', (event) => {
    if (event.defaultPrevented) return;
    if ((event.ctrlKey || event.metaKey) && event.key === 'f') {
      event.preventDefault();
      actions.search();
      return;
    }
    if (event.key === 'Escape') {
      actions.escape();
      return;
    }
    const typing = event.target instanceof HTMLElement && isTextField(event.target);
    if (typing) {
      if (event.key === 'Enter') actions.step(event.shiftKey ? -1 : 1);
      return;
    }
    const along = event.key === 'ArrowLeft' ? -1 : event.key === 'ArrowRight' ? 1 : 0;
    if (event.altKey && !event.ctrlKey && !event.metaKey && along !== 0) {
      event.preventDefault();
      actions.goAlong(along);
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const pressed = event.key === 'Enter' || event.key === ' ';
    const onButton = event.target instanceof Element && event.target.matches('vscode-button');
    const inChart =
      event.target === target || event.target === document.body || (onButton && !pressed);
    const action = panelKeys[event.key] ?? (inChart ? chartKeys[event.key] : undefined);
    if (!action) return;
    event.preventDefault();
    action();
  });
}

function isTextField(element: HTMLElement): boolean {
  const tag = element.tagName.toLowerCase();
  return tag === 'vscode-text-field' || tag === 'input';
}
