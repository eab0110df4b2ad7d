import { expect, test } from 'vitest';
import { createTrack } from '../../../webview/model/track';
import { layoutLanes, openedFor, toggled } from '../../../webview/state/lanes';
import { createState, type State } from '../../../webview/state/state';
import { busiestFirst, tracksToShow } from '../../../webview/state/tracks';

/** A state whose processes, by number, have so many threads; thread n of a process used n seconds. */
function stateOf(threads: Record<number, number>): State {
  const state = createState();
  let id = 0;
  for (const [pid, count] of Object.entries(threads)) {
    for (let number = 1; number <= count; number++) {
      const none = new Float64Array(0);
      const rows = { stack: new Uint32Array(0), time: none, wall: none, cpu: none };
      const names = { name: `T${number}`, process: 'main.py', coarseNs: 0, anewNs: Infinity };
      const track = createTrack({ id: ++id, pid: Number(pid), tid: 1000 + id, ...names, ...rows });
      state.store.tracks.push(track);
      track.cpuNs = number * 1e9;
    }
  }
  state.shown = tracksToShow(state, true);
  return state;
}

/** Headings with ▾ or ▸, those under another one indented. */
function headings(state: State): string[] {
  return layoutLanes(state).map(({ heading }) =>
    heading ? `${heading.inner ? '  ' : ''}${heading.open ? '▾' : '▸'} ${heading.title}` : '',
  );
}

test('a single thread has no heading, and the threads of a single process have none for the process', () => {
  expect(headings(stateOf({ 7: 1 }))).toEqual(['']);
  expect(headings(stateOf({ 7: 2 }))).toEqual(['▾ T2', '▾ T1']);
});

test('threads are under their process, and the busiest process is first', () => {
  const state = stateOf({ 7: 1, 8: 2 });
  const title = 'main.py · process';
  expect(headings(state)).toEqual([`▾ ${title} 8`, '  ▾ T2', '  ▾ T1', `▾ ${title} 7 · T1`]);
  state.toggled = toggled(state.toggled, 'p8');
  expect(headings(state)).toEqual([`▸ ${title} 8`, `▾ ${title} 7 · T1`]);
  state.toggled = toggled(state.toggled, 'p8');
  state.only = 'p8';
  state.shown = tracksToShow(state, true);
  expect(headings(state)).toEqual([`▾ ${title} 8`, '  ▾ T2', '  ▾ T1']);
});

test('of many threads the busiest are open and the rest share one heading', () => {
  const state = stateOf({ 7: 500 });
  const all = headings(state);
  expect(all).toHaveLength(25);
  expect(all.filter((heading) => heading.startsWith('▾'))).toHaveLength(12);
  expect([all[0], all[12], all[24]]).toEqual(['▾ T500', '▸ T488', '▸ 476 more threads']);
  const idle = state.shown.at(-1)!;
  state.toggled = openedFor(state, idle);
  expect(headings(state)).toHaveLength(501);
  expect(headings(state).at(-1)).toBe('▾ T1');
  expect(openedFor(state, idle)).toBe(state.toggled);
});

test('of many processes the busiest are shown and the rest share one heading', () => {
  const state = stateOf(Object.fromEntries(Array.from({ length: 200 }, (_, pid) => [pid + 1, 1])));
  expect(headings(state)).toHaveLength(25);
  expect(headings(state).at(-1)).toBe('▸ 176 more processes');
  state.toggled = openedFor(state, state.shown.at(-1)!);
  expect(headings(state).at(-1)).toMatch(/^▾ main\.py · process \d+ · T1$/);
});

test('a live chart keeps its order when another thread becomes busier', () => {
  const state = stateOf({ 7: 3 });
  const before = [...state.shown];
  state.store.tracks[0]!.cpuNs = 99e9;
  state.shown = tracksToShow(state, false);
  expect(state.shown).toEqual(before);
  state.shown = tracksToShow(state, true);
  expect(state.shown).toEqual(busiestFirst(state.store.tracks));
  expect(state.shown[0]!.name).toBe('T1');
});
