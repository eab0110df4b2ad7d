/** The line below the chart: what is shown, and which frame is focused. */
import { isOfTime } from '../profile/flameMemory';
import { el } from './dom';
import { count, formatNs } from './format';
import { frameName, shortSource } from './names';
import { isWholeRun, metricOf, type State } from './state';

/** The status line of a state. */
export function createStatusLine(state: State): { element: HTMLElement; update: () => void } {
  const what = el('span', {});
  const focused = el('span', { class: 'focused' });
  const element = el('div', { class: 'status' }, what, focused);
  return {
    element,
    update: () => {
      const { store, focus, title, live, sampling } = state;
      element.hidden = store.sampleCount === 0;
      element.classList.toggle('live', live);
      const processes = new Set(store.tracks.map(({ pid }) => pid)).size;
      const coarseNs = store.tracks.reduce((most, track) => Math.max(most, track.coarseNs), 0);
      const metric = metricOf(state);
      const isOfPart = isOfTime(metric) && !isWholeRun(state);
      const parts = [
        isOfPart
          ? `${metric === 'growth' ? 'Growth' : 'Freed'} from ${formatNs(state.time.start)} to ${formatNs(state.time.end)} only`
          : '',
        live ? `${title} is running` : title,
        formatNs(store.endNs),
        processes > 1 ? count(processes, 'process', 'processes') : '',
        count(store.tracks.length, 'thread'),
        sampling,
        coarseNs > 0 ? `what is old is in order to ${formatNs(coarseNs)}` : '',
      ];
      what.title = what.textContent = parts.filter(Boolean).join(' · ');
      focused.textContent = focus
        ? `${frameName(store, focus.stack)}  ${shortSource(store, focus.stack)}`
        : '';
    },
  };
}
