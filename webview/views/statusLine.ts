/** The line below the chart: what is shown, and which frame is focused. */
import { isOfTime } from '../../profile/flame/memory';
import { el } from '../dom';
import { formatNumberOf, formatTime } from '../../profile/words/numbers';
import { metricName } from '../format';
import { createLegend } from './legend';
import { frameName, shortSource } from '../state/names';
import { isWholeRun, mergedOf, metricOf } from '../state/derived';
import type { State } from '../state/state';

function treeParts(state: State): string[] {
  const { tree, store } = state;
  const { stack, nodeCount, cut } = mergedOf(state);
  const most = tree === 'sandwich' ? mergedOf(state, true).cut : cut;
  return [
    tree === 'sandwich' && nodeCount > 0
      ? `callers and callees of ${frameName(store, stack[0]!)}`
      : '',
    most > 0 ? `callers more than ${most} calls away are left out` : '',
  ];
}

/** The status line of a state. */
export function createStatusLine(state: State): {
  element: HTMLElement;
  update: () => void;
  /** Shows words for a moment in place of the focused frame. */
  flash: (words: string) => void;
} {
  const what = el('span', {});
  const focused = el('span', { class: 'focused' });
  const legend = createLegend(state);
  const element = el('div', { class: 'status' }, what, focused, legend.element);
  let flashTimer: ReturnType<typeof setTimeout> | undefined;
  const nameFocus = (): void => {
    const { focus, store } = state;
    focused.textContent = focus
      ? `${frameName(store, focus.stack)}  ${shortSource(store, focus.stack)}`
      : '';
  };
  return {
    element,
    flash: (words) => {
      clearTimeout(flashTimer);
      focused.textContent = words;
      flashTimer = setTimeout(nameFocus, 1500 + 50 * words.length);
    },
    update: () => {
      legend.update();
      const { store, title, live, sampling } = state;
      element.hidden = store.sampleCount === 0;
      element.classList.toggle('live', live);
      const processes = new Set(store.tracks.map(({ pid }) => pid)).size;
      const coarseNs = store.tracks.reduce((most, track) => Math.max(most, track.coarseNs), 0);
      const metric = metricOf(state);
      const isOfPart = isOfTime(metric) && !isWholeRun(state);
      const { mode, leading } = state;
      const differs = mode !== 'time' && leading && leading.metric !== metric;
      const parts = [
        ...(mode === 'merged' ? treeParts(state) : []),
        differs ? `by ${metricName(metric)}; beside the code: ${leading.label}` : '',
        isOfPart
          ? `${metric === 'growth' ? 'Growth' : 'Freed'} from ${formatTime(state.time.start)} to ${formatTime(state.time.end)} only`
          : '',
        live ? `${title} is running` : title,
        formatTime(store.endNs),
        processes > 1 ? formatNumberOf(processes, 'process', 'processes') : '',
        formatNumberOf(store.tracks.length, 'thread'),
        sampling,
        coarseNs > 0 ? `the order of old samples is known to ${formatTime(coarseNs)}` : '',
      ];
      what.title = what.textContent = parts.filter(Boolean).join(' · ');
      clearTimeout(flashTimer);
      nameFocus();
    },
  };
}
