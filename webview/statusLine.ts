/** The line below the chart: what is shown, and which frame is focused. */
import { el } from './dom';
import { count, formatNs } from './format';
import { frameName, shortSource } from './names';
import type { State } from './state';

/** The status line of a state. */
export function createStatusLine(state: State): { element: HTMLElement; update: () => void } {
  const what = el('span', {});
  const focused = el('span', { class: 'focused' });
  const element = el('div', { class: 'status' }, what, focused);
  return {
    element,
    update: () => {
      const { store, focus, title, live } = state;
      element.hidden = store.sampleCount === 0;
      element.classList.toggle('live', live);
      const lost = store.tracks.reduce((sum, track) => sum + track.unattributedCpuNs, 0);
      const parts = [
        live ? `${title} is running` : title,
        count(store.sampleCount, 'sample'),
        formatNs(store.endNs),
        count(store.tracks.length, 'thread'),
        // Below a millisecond it is the start and the end of threads, and no news.
        lost >= 1e6 ? `${formatNs(lost)} of CPU without a known stack` : '',
      ];
      what.textContent = parts.filter(Boolean).join(' · ');
      focused.textContent = focus
        ? `${frameName(store, focus.stack)}  ${shortSource(store, focus.stack)}`
        : '';
    },
  };
}
