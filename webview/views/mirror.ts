/**
 * The chart for screen readers: the focused frame and its neighbours as a tree, and a live region for whatever
 * else has to be said.
 */
import { select } from 'd3';
import { el } from '../dom';
import { metricName } from '../format';
import { frameFacts } from './hover';
import { frameName } from '../state/names';
import { neighbour } from '../state/navigate';
import { depthOf, metricOf } from '../state/derived';
import type { Focus, State, TreeShape } from '../state/state';

export interface Mirror {
  element: HTMLElement;
  update: () => void;
  /** Say something once. */
  announce: (text: string) => void;
}

const treeNames: Record<TreeShape, string> = {
  top: 'left heavy',
  inverted: 'left heavy, callees first',
  sandwich: 'callers and callees',
};

interface Item {
  id: string;
  focus: Focus;
  text: string;
}

/** The mirror of a state; `tree` is the element that has the keyboard. */
export function createMirror(state: State, tree: HTMLElement): Mirror {
  const list = el('div', { id: 'frames', role: 'presentation' });
  const live = el('div', { 'aria-live': 'polite', role: 'status' });
  const element = el('div', { class: 'offscreen' }, list, live);
  tree.setAttribute('role', 'tree');
  tree.setAttribute('aria-owns', 'frames');

  return {
    element,
    announce: (text) => (live.textContent = text),
    update: () => {
      const order =
        state.mode === 'merged'
          ? `${treeNames[state.tree]} by ${metricName(metricOf(state))}`
          : 'time order';
      tree.setAttribute('aria-label', `Flame chart, ${order}. Arrow keys move between frames.`);
      const items = state.focus ? around(state, state.focus) : [];
      select(list)
        .selectAll<HTMLElement, Item>('[role=treeitem]')
        .data(items, (item) => item.id)
        .join('div')
        .attr('role', 'treeitem')
        .attr('id', (item) => item.id)
        .attr('aria-level', (item) => depthOf(state, item.focus) + 1)
        .attr('aria-selected', (item) => String(item.focus === state.focus))
        .text((item) => item.text)
        .order();
      if (state.focus) tree.setAttribute('aria-activedescendant', 'frame-focused');
      else tree.removeAttribute('aria-activedescendant');
    },
  };
}

function around(state: State, focus: Focus): Item[] {
  const facts = frameFacts(state, focus);
  const figures = facts.rows.map((row) => `${row.label}: self ${row.self}, total ${row.total}`);
  const text = [facts.name, facts.kind, facts.where, facts.here, ...figures].filter(Boolean);
  const items: Item[] = [];
  const add = (id: string, other: Focus | null): void => {
    if (other) items.push({ id, focus: other, text: frameName(state.store, other.stack) });
  };
  add('frame-caller', neighbour(state, focus, 'up', 0));
  add('frame-before', neighbour(state, focus, 'left', 0));
  items.push({ id: 'frame-focused', focus, text: text.join(', ') });
  add('frame-callee', neighbour(state, focus, 'down', 0));
  add('frame-after', neighbour(state, focus, 'right', 0));
  return items;
}
