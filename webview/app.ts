/** The panel put together: one state, the parts over it, and a dispatcher through which every change of the state goes. */
import { el, oncePerFrame } from './dom';
import { createRedraw } from './redraw';
import { watchTheme } from './draw/theme';
import type { Host } from './host';
import { createEffects } from './effects';
import type { Dispatch } from './intents/intent';
import { reduce } from './intents/reduce';
import { createParts } from './parts';
import type { State } from './state/state';
import { exposeTestApi } from './testApi';

/** Build the panel inside `root`, and draw it. */
export function createApp(root: HTMLElement, state: State, host: Host): Dispatch {
  const dispatch: Dispatch = (intent) => {
    const { state: next, effects } = reduce(state, intent);
    Object.assign(state, next);
    effects.forEach(perform);
  };
  const parts = createParts(state, dispatch);
  const redraw = createRedraw(state, parts, host);
  const perform = createEffects(state, parts, redraw, host, dispatch);

  const { chart, minimap, footprint, table, empty, card, help, toolbar, status, mirror } = parts;
  const panes = [minimap, footprint, chart, table, empty, card, help];
  const body = el('div', { class: 'body' }, ...panes.map(({ element }) => element));
  root.replaceChildren(toolbar.element, body, status.element, mirror.element);

  chart.scroller.addEventListener('scroll', redraw.scrolled);
  new ResizeObserver(redraw.resized).observe(body);
  watchTheme(oncePerFrame(() => dispatch({ type: 'themeChanged' })));
  exposeTestApi(state, chart);
  redraw.everything();
  return dispatch;
}
