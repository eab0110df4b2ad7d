import { expect, test } from 'vitest';
import { childrenOf, type Merged } from '../../../webview/model/merged';
import { FlameStore } from '../../../webview/model/store';
import { aroundFunction, invertStacks, nodeAt, pathOf } from '../../../webview/model/trees';
import { frameKinds } from '../../../profile/flame/tables';
import { neighbour } from '../../../webview/state/navigate';
import { layoutScene, rowHeight } from '../../../webview/draw/scene';
import { mergedOf } from '../../../webview/state/derived';
import { createState, stateOfRun, type State } from '../../../webview/state/state';
import { tracksToShow } from '../../../webview/state/tracks';
import { canGo, goAlong, withPlace } from '../../../webview/state/trail';
import { centerOf } from '../../../webview/state/trees';
import { flameTables } from '../flameTables';

const python = frameKinds.indexOf('python');
const stacks = [
  'main:1 load:2 parse:3',
  'main:1 save:4 parse:3 dumps:9:native',
  'main:1 save:4 parse:3 parse:3',
  'main:1 idle:7',
];

function storeOf(): FlameStore {
  const store = new FlameStore();
  const rows = stacks.map((stack, at): [string, number, number] => [stack, at * 10, at + 1]);
  store.append(flameTables({ stacks, threads: [rows] }));
  return store;
}

function columns(store: FlameStore): [Float64Array, Float64Array] {
  const weight = new Float64Array(store.stackCount);
  const track = store.tracks[0]!;
  for (let i = 0; i < track.count; i++) weight[track.stack[i]!]! += track.wall[i]!;
  return [weight, weight.map((ns) => (ns > 0 ? 1 : 0))];
}

/** A tree as `name total (children)`. */
function text(store: FlameStore, merged: Merged, parent = -1): string {
  return [...childrenOf(merged, parent)]
    .map((node) => {
      const below = text(store, merged, node);
      const name = store.describeFunction(merged.tree.nodeFunction[node]!).name;
      return `${name} ${merged.total[node]!}${below && ` (${below})`}`;
    })
    .join(', ');
}

function functionNamed(store: FlameStore, name: string): number {
  for (let fn = 0; fn < store.functionCount; fn++) {
    if (store.describeFunction(fn).name === name) return fn;
  }
  return -1;
}

test('an inverted tree has what ran at the top and its callers below', () => {
  const store = storeOf();
  const inverted = invertStacks(store, ...columns(store));
  expect(text(store, inverted)).toBe(
    'parse 4 (parse 3 (save 3 (main 3)), load 1 (main 1)), idle 4 (main 4), dumps 2 (parse 2 (save 2 (main 2)))',
  );
  expect(inverted.rootTotal).toBe(10);
  expect(inverted.rows).toBe(4);
  // The line of a caller is the one that called.
  const load = [...inverted.stack].filter(
    (stack) => store.frameLine[store.stackFrame[stack]!] === 2,
  );
  expect(load).toHaveLength(1);
});

test('in the trees around a function, callers and callees count a recursion once', () => {
  const store = storeOf();
  const fn = functionNamed(store, 'parse');
  const { callers, callees } = aroundFunction(store, ...columns(store), fn, python);
  expect(text(store, callees)).toBe('parse 6 (parse 3, dumps 2)');
  expect(text(store, callers)).toBe('save 5 (main 5), load 1 (main 1)');
  expect([callers.rootTotal, callees.rootTotal, callees.whole]).toEqual([6, 6, 10]);
});

test('a path leads to the same node after the tree is rebuilt', () => {
  const store = storeOf();
  const { tree } = invertStacks(store, ...columns(store));
  for (let node = 0; node < tree.nodeCount; node++) {
    expect(nodeAt(tree, pathOf(tree, node))).toBe(node);
  }
  expect(nodeAt(tree, [99, 98])).toBe(-1);
});

function sandwich(): State {
  const state = createState();
  state.store = storeOf();
  state.shown = tracksToShow(state, true);
  state.mode = 'merged';
  state.tree = 'sandwich';
  const parse = Array.from({ length: state.store.stackCount }, (_, stack) => stack).find(
    (stack) => centerOf(state.store, stack).name === 'parse',
  )!;
  state.center = centerOf(state.store, parse);
  state.merged = { start: 0, end: mergedOf(state).rootTotal };
  return state;
}

test('the sandwich has the nearest callers just above the function, and arrow keys move through it', () => {
  const state = sandwich();
  const { store } = state;
  const scene = layoutScene(state, { cssWidth: 60, height: 200, scrollTop: 0, ratio: 1 });
  expect(scene.bands.map(({ up, top, rows }) => [up, top, rows])).toEqual([
    [true, 0, 2],
    [false, 2 * rowHeight, 2],
  ]);
  const rows = scene.views.flatMap(({ band, cells }) =>
    Array.from({ length: band.rows }, (_, row) => {
      const merged = mergedOf(state, band.up);
      const names = [...cells.subarray(row * 60, row * 60 + 60)].map((node) =>
        node < 0 ? '' : store.describeFunction(merged.tree.nodeFunction[node]!).name,
      );
      return [...new Set(names)].join();
    }),
  );
  expect(rows).toEqual(['main', 'save,load', 'parse', 'parse,dumps,']);
  const nameOf = (focus: ReturnType<typeof neighbour>): string =>
    focus ? centerOf(store, focus.stack).name : '';
  const middle = { track: null, node: 0, stack: mergedOf(state).stack[0]!, timeNs: 0 };
  const above = neighbour(state, middle, 'up', 0)!;
  expect(nameOf(above)).toBe('save');
  expect(nameOf(neighbour(state, above, 'right', 0))).toBe('load');
  expect(nameOf(neighbour(state, above, 'up', 0))).toBe('main');
  expect(nameOf(neighbour(state, above, 'down', 0))).toBe('parse');
});

test('back and forward go through focused frames; moving with arrow keys adds one entry only', () => {
  let state = sandwich();
  const focus = (node: number, isStep: boolean): void => {
    const stack = mergedOf(state).stack[node]!;
    state = withPlace(
      { ...state, focus: { track: null, node, up: false, stack, timeNs: 0 } },
      isStep,
    );
  };
  const go = (by: 1 | -1): boolean => {
    const next = goAlong(state, by);
    state = next ?? state;
    return next !== null;
  };
  focus(0, false);
  focus(1, true);
  focus(2, true);
  state = { ...state, tree: 'inverted' };
  focus(3, false);
  expect([canGo(state, -1), canGo(state, 1)]).toEqual([true, false]);
  expect(go(-1)).toBe(true);
  expect([state.tree, state.focus?.node]).toEqual(['sandwich', 2]);
  expect(go(-1)).toBe(true);
  expect(state.focus?.node).toBe(0);
  expect(go(-1)).toBe(false);
  expect(go(1) && go(1)).toBe(true);
  expect([state.tree, state.focus?.node]).toEqual(['inverted', 3]);
  const other = { run: 'other', title: '', live: false, native: true, onlyMyCode: false };
  state = stateOfRun(state, other);
  expect([canGo(state, -1), go(-1)]).toEqual([false, false]);
});
