/** What the flame chart makes of what its user and its host ask for: the next state, and what is sent, scrolled and said. */
import { beforeEach, expect, test } from 'vitest';
import type { Effect } from '../../../webview/intents/effect';
import type { Intent } from '../../../webview/intents/intent';
import { reduce } from '../../../webview/intents/reduce';
import { mergedOf, metricOf, spanOf } from '../../../webview/state/derived';
import { frameName } from '../../../webview/state/names';
import { focusAt } from '../../../webview/state/navigate';
import { createState, type Focus, type State } from '../../../webview/state/state';
import { canGo } from '../../../webview/state/trail';
import { viewOf } from '../../../webview/state/views';
import { flameTables } from '../flameTables';

const ms = 1e6;
const path = '/proj/app.py';

let state: State;
let effects: Effect[];

/** A state that nobody may change. */
function frozen(made: State): State {
  for (const part of [made.time, made.merged, made.trail, made.trail.places]) Object.freeze(part);
  return Object.freeze(made);
}

/** Takes an intent; effects that only a screen can carry out are noted, the others lead to further intents. */
function dispatch(intent: Intent): void {
  const { state: next, effects: all } = reduce(state, intent);
  state = frozen(next);
  for (const effect of all) {
    effects.push(effect);
    if (effect.do === 'glide') {
      const axis = state.mode === 'merged' ? 'merged' : 'time';
      dispatch({ type: 'glided', axis, span: effect.to });
    }
    if (effect.do === 'show') {
      const { focus, closer } = effect;
      dispatch({ type: 'bringIntoView', focus, closer, widthPx: 1000 });
    }
  }
}

/** What was done since the last call, without drawing and scrolling. */
function done(): Effect[] {
  const screen = ['draw', 'drawChartNow', 'glide', 'settle', 'show', 'scrollTo'];
  return effects.splice(0).filter((effect) => !screen.includes(effect.do));
}

function append(): void {
  state.store.append(
    flameTables({
      stacks: ['main:1 load:2 parse:3', 'main:1 save:4 dumps:9:native', 'main:1 idle:5:wait'],
      threads: [
        [
          ['main:1 load:2 parse:3', 0, 10 * ms],
          ['main:1 save:4 dumps:9:native', 10 * ms, 20 * ms],
          ['main:1 load:2 parse:3', 30 * ms, 0.01 * ms],
          ['main:1 idle:5:wait', 30.01 * ms, 69.99 * ms],
        ],
        [['main:1 load:2', 20 * ms, 30 * ms]],
      ],
    }),
  );
}

/** The frame that the first thread runs at a time at a depth. */
function frameAt(ns: number, depth: number): Focus {
  return focusAt(state, state.store.tracks[0]!, ns, depth)!;
}

const nameOf = (focus: Focus | null): string => (focus ? frameName(state.store, focus.stack) : '');
const whole = { start: 0, end: 100 * ms };

beforeEach(() => {
  state = frozen(createState());
  effects = [];
  const look = { native: true, onlyMyCode: false };
  dispatch({ type: 'reset', run: 'r1', title: 'app.py', live: true, ...look });
  append();
  dispatch({ type: 'rows', ended: false });
  dispatch({ type: 'done' });
  dispatch({ type: 'rows', ended: true });
  effects = [];
});

test('the run that has arrived is shown from its beginning to its end', () => {
  expect([state.live, state.complete, state.following]).toEqual([false, true, true]);
  expect(state.time).toEqual(whole);
  expect(state.shown).toHaveLength(2);
});

test('a click focuses a frame and opens its line, that of compiled code where it was called', () => {
  const focus = frameAt(15 * ms, 2);
  dispatch({ type: 'select', focus });
  dispatch({ type: 'open', focus, go: false });
  expect(nameOf(state.focus)).toBe('dumps');
  const message = { type: 'open', path, line: 4, column: 0, go: false } as const;
  expect(done()).toEqual([{ do: 'post', message }]);
  dispatch({ type: 'copyStack' });
  const text = 'main  (/proj/app.py:1)\nsave  (/proj/app.py:4)\ndumps';
  expect(done()[0]).toEqual({ do: 'post', message: { type: 'copy', text } });
});

test('without a focus there is nothing to open, to copy or to zoom to', () => {
  for (const type of ['openFocused', 'copyStack', 'zoomToFocus'] as const) dispatch({ type });
  expect(effects).toEqual([]);
});

test('arrow keys go from frame to frame, begin at the first one, and show its figures', () => {
  const move = (direction: 'up' | 'down' | 'left' | 'right'): string => {
    dispatch({ type: 'move', direction, nsPerPx: 0.1 * ms });
    return nameOf(state.focus);
  };
  expect([move('down'), move('down'), move('right'), move('down'), move('left')]).toEqual([
    'main',
    'load',
    'save',
    'dumps',
    'parse',
  ]);
  expect(move('up')).toBe('load');
  expect(done()).toEqual(Array.from({ length: 6 }, () => ({ do: 'showFigures' })));
});

test('Escape closes the sheet with keys, then clears the search, then the focus', () => {
  dispatch({ type: 'select', focus: frameAt(0, 0) });
  dispatch({ type: 'setSearch', text: 'parse' });
  dispatch({ type: 'toggleHelp' });
  const shown = (): unknown[] => [state.help, state.search, nameOf(state.focus)];
  expect(shown()).toEqual([true, 'parse', 'main']);
  dispatch({ type: 'escape' });
  expect(shown()).toEqual([false, 'parse', 'main']);
  dispatch({ type: 'escape' });
  expect(shown()).toEqual([false, '', 'main']);
  expect(state.found).toBeNull();
  dispatch({ type: 'escape' });
  expect(shown()).toEqual([false, '', '']);
});

test('zooming keeps the focused frame in the middle, and stays inside the run', () => {
  dispatch({ type: 'zoomBy', factor: 2 });
  expect(state.time).toEqual({ start: 25 * ms, end: 75 * ms });
  expect(state.following).toBe(false);
  dispatch({ type: 'panBy', share: -0.9 });
  expect(state.time).toEqual({ start: 0, end: 50 * ms });
  dispatch({ type: 'select', focus: frameAt(15 * ms, 1) });
  dispatch({ type: 'zoomBy', factor: 2 });
  expect(state.time).toEqual({ start: 10 * ms, end: 35 * ms });
  dispatch({ type: 'fit' });
  expect([state.time, state.following]).toEqual([whole, true]);
});

test('a frame that is zoomed to fills the view, and nothing is zoomed deeper than the least span', () => {
  dispatch({ type: 'zoomTo', focus: frameAt(15 * ms, 1) });
  expect(state.time).toEqual({ start: 9.8 * ms, end: 30.2 * ms });
  dispatch({ type: 'zoomBy', factor: 1e9 });
  expect(state.time.end - state.time.start).toBe(10_000);
});

test('an axis that follows the program goes on doing so while the view glides to its end', () => {
  const before = { ...state, live: true };
  const { state: next, effects: all } = reduce(before, { type: 'rows', ended: false });
  expect(next.following).toBe(true);
  expect(all).toContainEqual({ do: 'glide', to: whole });
});

test('a glide arrives on its own axis, even if another view is shown by then', () => {
  const { state: zooming, effects: all } = reduce(state, {
    type: 'zoomTo',
    focus: frameAt(15 * ms, 1),
  });
  const glide = all.find((effect) => effect.do === 'glide')!;
  expect(zooming.following).toBe(false);
  state = zooming;
  dispatch({ type: 'toggleView' });
  const tree = state.merged;
  dispatch({ type: 'glided', axis: 'time', span: glide.to });
  expect([state.merged, state.time]).toEqual([tree, { start: 9.8 * ms, end: 30.2 * ms }]);
});

test('back and forward lead through frames, with the view and the span that showed them', () => {
  dispatch({ type: 'select', focus: frameAt(15 * ms, 1) });
  dispatch({ type: 'setView', view: 'sandwich' });
  expect([viewOf(state), state.center?.name]).toEqual(['sandwich', 'save']);
  dispatch({ type: 'invert' });
  dispatch({ type: 'goAlong', by: -1 });
  expect([viewOf(state), nameOf(state.focus), state.time]).toEqual(['time', 'save', whole]);
  dispatch({ type: 'zoomToFocus' });
  const zoomed = state.time;
  expect([canGo(state, -1), canGo(state, 1)]).toEqual([false, true]);
  dispatch({ type: 'goAlong', by: 1 });
  expect([viewOf(state), state.focus]).toEqual(['sandwich', null]);
  dispatch({ type: 'fit' });
  dispatch({ type: 'goAlong', by: -1 });
  expect([nameOf(state.focus), state.time, state.following]).toEqual(['save', zoomed, false]);
});

test('a search finds functions, steps through its matches in order of time, and zooms to narrow ones', () => {
  dispatch({ type: 'setSearch', text: 'parse' });
  expect([state.found?.functionCount, state.match]).toEqual([1, null]);
  dispatch({ type: 'step', by: 1 });
  expect([state.match, state.focus?.timeNs]).toEqual([{ number: 1, of: 2 }, 5 * ms]);
  expect(state.time).toEqual(whole);
  dispatch({ type: 'step', by: 1 });
  expect(state.match).toEqual({ number: 2, of: 2 });
  expect(state.time.end - state.time.start).toBeCloseTo(((0.01 * ms) / 30) * 1000);
  dispatch({ type: 'step', by: 1 });
  expect(state.match).toEqual({ number: 1, of: 2 });
  dispatch({ type: 'setSearch', text: 'load' });
  expect(state.match).toBeNull();
});

test('a wrong expression is said, matches nothing, and leads nowhere', () => {
  dispatch({ type: 'setSearch', text: '/(/' });
  expect([state.searchError, state.found]).toEqual(['/(/ is not a regular expression.', null]);
  dispatch({ type: 'step', by: 1 });
  expect(state.focus).toBeNull();
});

test('the time in view is asked for everywhere, and the whole run again', () => {
  dispatch({ type: 'toggleRange' });
  expect(done()).toEqual([]);
  dispatch({ type: 'chooseTime', span: { start: 10 * ms, end: 30 * ms } });
  dispatch({ type: 'toggleRange' });
  const range = { fromNs: 10 * ms, untilNs: 30 * ms };
  const [asked] = done();
  expect(asked).toMatchObject({ do: 'post', message: { type: 'range', range } });
  dispatch({ type: 'range', range, text: '10 ms to 30 ms' });
  dispatch({ type: 'setView', view: 'merged' });
  expect(mergedOf(state).rootTotal).toBe(30 * ms);
  dispatch({ type: 'toggleRange' });
  expect(done()).toEqual([{ do: 'post', message: { type: 'range', range: null, text: '' } }]);
  dispatch({ type: 'range', range: null, text: '' });
  expect(state.merged).toEqual({ start: 0, end: mergedOf(state).rootTotal });
});

test('time order is of wall time whatever the metric; left heavy is by the metric, and shows all of it', () => {
  dispatch({ type: 'setMetric', metric: 'cpu' });
  expect(metricOf(state)).toBe('wall');
  dispatch({ type: 'toggleView' });
  expect([metricOf(state), spanOf(state)]).toEqual(['cpu', { start: 0, end: 130 * ms }]);
  dispatch({ type: 'metric', metric: 'native', label: 'Native time' });
  expect([state.metric, state.leading?.label]).toEqual(['cpu', 'Native time']);
  dispatch({ type: 'metric', metric: 'wall', label: 'Wall time' });
  expect(state.metric).toBe('wall');
});

test('what grew is shown left heavy; memory that was not measured is said', () => {
  dispatch({ type: 'showMemory' });
  expect(done()).toEqual([{ do: 'announce', text: 'Memory was not measured in this run.' }]);
  dispatch({ type: 'memoryRead', memory: { revision: 1, processes: [], sites: [] } as never });
  dispatch({ type: 'showMemory' });
  expect([state.metric, done()]).toEqual(['wall', [{ do: 'focus', what: 'footprint' }]]);
});

test('views forget the focus, and a chosen view is not chosen twice', () => {
  dispatch({ type: 'select', focus: frameAt(0, 1) });
  dispatch({ type: 'setView', view: 'table' });
  expect([viewOf(state), state.focus]).toEqual(['table', null]);
  effects = [];
  dispatch({ type: 'setView', view: 'table' });
  expect(effects).toEqual([]);
  dispatch({ type: 'invert' });
  expect([state.mode, state.tree]).toEqual(['merged', 'inverted']);
  dispatch({ type: 'invert' });
  expect([state.mode, state.tree]).toEqual(['merged', 'top']);
});

test('of several threads one is shown alone, with the search and the tree of it', () => {
  dispatch({ type: 'setSearch', text: 'load' });
  expect(state.found?.amount.wall).toBe(40.01 * ms);
  dispatch({ type: 'setOnly', only: `t${state.store.tracks[1]!.id}` });
  expect([state.shown.length, state.found?.amount.wall]).toEqual([1, 30 * ms]);
});

test('the same run sent again keeps its place and loses its rows; another run keeps only the look', () => {
  dispatch({ type: 'chooseTime', span: { start: 10 * ms, end: 30 * ms } });
  dispatch({ type: 'setSearch', text: 'parse' });
  const again = { title: 'app.py', live: false, native: false, onlyMyCode: false };
  dispatch({ type: 'reset', run: 'r1', ...again });
  expect([state.store.sampleCount, state.native, state.message]).toEqual([
    0,
    false,
    'Reading the recording…',
  ]);
  append();
  dispatch({ type: 'rows', ended: true });
  expect([state.time, state.found?.text]).toEqual([{ start: 10 * ms, end: 30 * ms }, 'parse']);
  dispatch({ type: 'reset', run: 'r2', ...again });
  expect([state.time, state.search]).toEqual([{ start: 0, end: 0 }, 'parse']);
});

test('a run without samples says so', () => {
  dispatch({ type: 'reset', run: 'r2', title: '', live: true, native: true, onlyMyCode: false });
  effects = [];
  dispatch({ type: 'done' });
  expect(state.message).toMatch(/^This run has no samples/u);
  expect(effects).toEqual([{ do: 'draw', what: 'everything' }]);
});

test('a line is shown at its longest block, once its rows are here; one that was never seen is said', () => {
  dispatch({ type: 'setView', view: 'table' });
  dispatch({ type: 'highlight', path, line: 3, reveal: true });
  expect([viewOf(state), nameOf(state.focus), state.wantsReveal]).toEqual(['time', 'parse', false]);
  expect(done()).toEqual([{ do: 'focus', what: 'chart' }]);
  dispatch({ type: 'highlight', path, line: 99, reveal: true });
  expect(done()).toEqual([{ do: 'announce', text: 'Line 99 was not seen in this run.' }]);
  expect(state.lit).toBeNull();

  dispatch({ type: 'reset', run: 'r2', title: '', live: true, native: true, onlyMyCode: false });
  dispatch({ type: 'highlight', path, line: 4, reveal: true });
  expect([state.focus, done()]).toEqual([null, []]);
  append();
  dispatch({ type: 'rows', ended: false });
  expect([nameOf(state.focus), state.wantsReveal]).toEqual(['save', false]);
});

test('settings and buttons of the host are asked for, and change nothing by themselves', () => {
  const before = state;
  dispatch({ type: 'toggleNative' });
  dispatch({ type: 'toggleOnlyMyCode' });
  dispatch({ type: 'turnOnMemory' });
  expect(done()).toEqual([
    { do: 'post', message: { type: 'native', shown: false } },
    { do: 'post', message: { type: 'onlyMyCode', chosen: true } },
    { do: 'post', message: { type: 'turnOnMemory' } },
  ]);
  expect(state).toBe(before);
});
