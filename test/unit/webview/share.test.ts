import { expect, test } from 'vitest';
import { FlameStore } from '../../../webview/model/store';
import type { Track } from '../../../webview/model/track';
import { layoutLanes, openedFor, toggled } from '../../../webview/state/lanes';
import { partAt, partBeside, shareLanes, sharedStacks } from '../../../webview/state/share';
import { createState, type State } from '../../../webview/state/state';
import { tracksToShow } from '../../../webview/state/tracks';
import { flameTables } from '../flameTables';

type Row = [string, number, number];
const ms = 1e6;

/** A state of one process, with its main thread and others of these names and rows. */
function stateOf(main: Row[], others: Row[][], nameOf: (at: number) => string): State {
  const state = createState();
  const stacks = ['main:1', 'handle:2', 'handle:2 sleep:3:wait'];
  const tables = flameTables({ stacks, threads: [main, ...others] });
  tables.threads.forEach((thread, at) => {
    thread.pid = 7;
    thread.tid = 7 + at;
    thread.name = at === 0 ? 'MainThread' : nameOf(at);
  });
  state.store = new FlameStore();
  state.store.append(tables);
  state.shown = tracksToShow(state, true);
  return state;
}

const requests = Array.from({ length: 120 }, (_, at): Row[] => [
  ['handle:2', Math.floor(at / 3) * 20 * ms, 15 * ms],
]);

function shownAt(state: State, ns: number): (string | undefined)[] {
  return layoutLanes(state).map(({ shared }) =>
    shared ? partAt(shared, ns)?.track.name : undefined,
  );
}

test('a hundred short threads share as many lanes as were alive at once, below the main thread', () => {
  const state = stateOf([['main:1', 0, 5 * ms]], requests, (at) => `Thread-${at} (handle)`);
  const lanes = layoutLanes(state);
  expect(lanes.map(({ heading }) => heading?.title)).toEqual([
    'MainThread',
    'Thread-* (handle)',
    undefined,
    undefined,
  ]);
  expect(lanes[1]!.heading!.tracks).toHaveLength(120);
  expect(lanes[1]!.heading!.sharing!.busyOnly).toBe(false);
  const shown = shownAt(state, 21 * ms).filter(Boolean);
  expect(shown.sort()).toEqual(['Thread-4 (handle)', 'Thread-5 (handle)', 'Thread-6 (handle)']);
  expect(shownAt(state, 17 * ms).filter(Boolean)).toEqual([]);
});

test('of a pool that mostly waits, the shared lanes show only the work', () => {
  const pool = Array.from({ length: 40 }, (_, at): Row[] => [
    ['handle:2 sleep:3:wait', 0, at * 10 * ms],
    ['handle:2', at * 10 * ms, 9 * ms],
    ['handle:2 sleep:3:wait', (at * 10 + 9) * ms, (391 - at * 10) * ms],
  ]);
  const state = stateOf([['main:1', 0, 400 * ms]], pool, (at) => `ThreadPoolExecutor-0_${at}`);
  const lanes = layoutLanes(state);
  expect(lanes.map(({ heading }) => heading?.title)).toEqual([
    'MainThread',
    'ThreadPoolExecutor-*',
  ]);
  expect(lanes[1]!.heading!.sharing!.busyOnly).toBe(true);
  expect(shownAt(state, 103 * ms)[1]).toBe('ThreadPoolExecutor-0_11');
});

test('threads that are all busy, or few, keep their own lanes', () => {
  const busy = Array.from({ length: 30 }, (): Row[] => [['handle:2', 0, 100 * ms]]);
  const names = (at: number): string => `worker-${at}`;
  const all = stateOf([['main:1', 0, 100 * ms]], busy, names);
  expect(shareLanes(all.store, all.store.tracks)).toEqual([]);
  const few = stateOf([['main:1', 0, 100 * ms]], requests.slice(0, 5), names);
  expect(layoutLanes(few)).toHaveLength(6);
});

test('a shared lane is closed as one, and opens when one of its threads is focused', () => {
  const state = stateOf([['main:1', 0, 5 * ms]], requests, (at) => `Thread-${at}`);
  const { key } = layoutLanes(state)[1]!.heading!;
  state.toggled = toggled(state.toggled, key);
  expect(layoutLanes(state)).toHaveLength(2);
  state.toggled = openedFor(state, state.store.tracks[50]!);
  expect(layoutLanes(state)).toHaveLength(4);
});

test('gaps between threads of a lane stay empty, and the neighbouring thread is found', () => {
  const state = stateOf([['main:1', 0, 5 * ms]], requests, (at) => `Thread-${at}`);
  const [lane] = shareLanes(state.store, state.store.tracks)[0]!.lanes;
  const pixels = new Int32Array(100);
  sharedStacks(state.store, lane!, 0, ms, 100, pixels);
  const runs = [...pixels].map((stack) => (stack < 0 ? '.' : '#')).join('');
  expect(runs).toBe(`${'#'.repeat(14)}......`.repeat(5));
  sharedStacks(state.store, lane!, 0, 100 * ms, 8, pixels);
  expect([...pixels.subarray(0, 8)].every((stack) => stack >= 0)).toBe(true);
  const first: Track = lane![0]!.track;
  expect(partBeside(lane!, first, ms, 1)?.start).toBe(20 * ms);
  expect(partBeside(lane!, first, ms, -1)).toBeNull();
});
