/** The card beside the pointer: what a frame is, and what its function costs, in view and in the whole run. */
import { isOfTime } from '../../profile/flame/memory';
import { isBytes } from '../model/merged';
import { selfStacks, sumOf } from '../model/stats';
import { stacksUnder } from '../model/timeOrder';
import { matchFrames } from '../model/search';
import { el } from '../dom';
import { formatNumberOf, formatShare, formatTime } from '../../profile/words/numbers';
import { formatAmount, metricName } from '../format';
import { frameName, frameSource, kindName, threadName } from '../state/names';
import { blockOf } from '../state/navigate';
import {
  isWholeRun,
  mergedOf,
  metricOf,
  runSums,
  viewSums,
  weightsOf,
  type Weights,
} from '../state/derived';
import type { Focus, State } from '../state/state';

export interface HoverCard {
  element: HTMLElement;
  /** Show the card of a frame near a point, CSS px in the card's parent. */
  show: (focus: Focus, x: number, y: number) => void;
  showText: (text: string, x: number, y: number) => void;
  hide: () => void;
}

/** The texts of a card; screen readers read them too. */
export interface FrameFacts {
  name: string;
  kind: string;
  where: string;
  /** This block, or this path in the left-heavy view. */
  here: string;
  rows: { label: string; self: string; total: string }[];
  samples: string;
}

/** The facts about a frame. Costs a few passes over the stacks, and one over the samples when the view moved. */
export function frameFacts(state: State, focus: Focus): FrameFacts {
  const { store } = state;
  const frame = store.stackFrame[focus.stack]!;
  const fn = store.frameFunction[frame]!;
  const only = new Uint8Array(store.functionCount);
  only[fn] = 1;
  const under = stacksUnder(store, matchFrames(store, only));
  const self = selfStacks(store, fn, store.frameKind[frame]!);
  const metric = metricOf(state);
  const row = (label: string, weight: Float64Array): FrameFacts['rows'][number] => {
    const all = sumOf(weight, null);
    const amountIn = (marked: Uint8Array): string => {
      const part = sumOf(weight, marked);
      return `${formatAmount(metric, part)} · ${formatShare(part, all)}`;
    };
    return { label, self: amountIn(self), total: amountIn(under) };
  };
  const ofRun: Weights = weightsOf(state);
  const isPart = isOfTime(metric) && !isWholeRun(state);
  const rows = [row(isPart ? 'Chosen time' : 'Run', ofRun.weight)];
  if (state.mode === 'time' && !isWholeRun(state)) {
    rows.unshift(row('In view', viewSums(state).wall));
  }
  const { path, line, module } = frameSource(store, focus.stack);
  const source = path ? (line > 0 ? `${path}:${line}` : path) : module;
  return {
    name: frameName(store, focus.stack),
    kind: kindName(store.kindOf(focus.stack)) + (path && module ? ` · ${module}` : ''),
    where: source,
    here: hereText(state, focus),
    rows,
    samples: isBytes(metric)
      ? formatNumberOf(Math.round(sumOf(ofRun.count, under)), 'allocation')
      : formatNumberOf(sumOf(runSums(state).samples, under), 'sample'),
  };
}

function hereText(state: State, focus: Focus): string {
  const block = blockOf(state, focus);
  if (!block) return '';
  const metric = metricOf(state);
  const length = formatAmount(metric, block.end - block.start);
  if (focus.track) {
    const thread = state.store.tracks.length > 1 ? ` · ${threadName(focus.track)}` : '';
    return `${length} at ${formatTime(block.start)} · ${formatNumberOf(block.samples, 'sample')}${thread}`;
  }
  const share = formatShare(block.end - block.start, mergedOf(state, focus.up).whole);
  const what = isBytes(metric) ? 'allocation' : 'sample';
  return `This path: ${length} ${metricName(metric)} · ${share} · ${formatNumberOf(Math.round(block.samples), what)}`;
}

/** A hidden card. */
export function createHoverCard(state: State): HoverCard {
  const name = el('div', { class: 'card-name' });
  const kind = el('span', { class: 'card-kind' });
  const where = el('div', { class: 'card-where' });
  const here = el('div', { class: 'card-here' });
  const table = el('table', {});
  const samples = el('div', { class: 'card-samples' });
  const element = el('div', { class: 'card', role: 'tooltip' });
  element.hidden = true;
  let shown = '';

  const place = (x: number, y: number): void => {
    element.hidden = false;
    const room = element.parentElement!.getBoundingClientRect();
    const { width, height } = element.getBoundingClientRect();
    const left = x + 14 + width > room.width ? x - 14 - width : x + 14;
    const top = y + 18 + height > room.height ? y - 12 - height : y + 18;
    element.style.left = `${Math.max(4, Math.min(left, room.width - width - 4))}px`;
    element.style.top = `${Math.max(4, top)}px`;
  };

  return {
    element,
    hide: () => {
      element.hidden = true;
      shown = '';
    },
    showText: (text, x, y) => {
      shown = '';
      here.textContent = text;
      element.replaceChildren(here);
      place(x, y);
    },
    show: (focus, x, y) => {
      const block = blockOf(state, focus);
      const key = [
        focus.node,
        focus.up,
        focus.stack,
        block?.start,
        state.time.start,
        state.time.end,
        state.metric,
      ];
      key.push(state.store.revision, focus.track?.id, state.memory ? 1 : 0);
      if (shown !== key.join()) {
        shown = key.join();
        const facts = frameFacts(state, focus);
        name.textContent = facts.name;
        kind.textContent = facts.kind;
        kind.dataset['kind'] = state.store.kindOf(focus.stack);
        where.textContent = facts.where;
        here.textContent = facts.here;
        samples.textContent = `${facts.samples} of this function in the run`;
        table.replaceChildren(
          el('tr', {}, el('th', {}), el('th', {}, 'Self'), el('th', {}, 'Total')),
          ...facts.rows.map((row) =>
            el('tr', {}, el('th', {}, row.label), el('td', {}, row.self), el('td', {}, row.total)),
          ),
        );
        element.replaceChildren(name, kind, where, here, table, samples);
      }
      place(x, y);
    },
  };
}
