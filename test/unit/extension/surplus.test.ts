import { expect, test } from 'vitest';
import { surplus, type KeptRun } from '../../../extension/kept/surplus';

function run(day: number, workspace: string | undefined, over: Partial<KeptRun> = {}): KeptRun {
  const name = `202601${String(day).padStart(2, '0')}-000000-a-xxxxxx`;
  return { name, workspace, program: '/a.py', pinned: false, ...over };
}

const runs: KeptRun[] = [
  run(1, 'mine'),
  run(2, 'other'),
  run(3, undefined, { program: undefined }),
  run(4, 'mine'),
  run(5, 'other'),
];
const days = (names: string[]): string[] => names.map((name) => name.slice(6, 8));

test('a workspace that keeps one run deletes only its own runs', () => {
  expect(days(surplus(runs, 'mine', { here: 1, elsewhere: 20 }))).toEqual(['01']);
  expect(days(surplus([...runs].reverse(), 'mine', { here: 1, elsewhere: 20 }))).toEqual(['01']);
});

test('in other workspaces the user’s own setting counts', () => {
  expect(days(surplus(runs, 'mine', { here: 20, elsewhere: 1 }))).toEqual(['02']);
  expect(days(surplus(runs, 'new', { here: 1, elsewhere: 1 }))).toEqual(['01', '02']);
  expect(surplus(runs, 'mine', { here: 20, elsewhere: 20 })).toEqual([]);
});

test('each program keeps that many runs, however often another program ran', () => {
  const often = [11, 12, 13, 14].map((day) => run(day, 'mine', { program: '/b.py' }));
  expect(days(surplus([...runs, ...often], 'mine', { here: 2, elsewhere: 20 }))).toEqual([
    '11',
    '12',
  ]);
});

test('pinned runs are never deleted and do not count as kept runs', () => {
  const pinned = [21, 22].map((day) => run(day, 'mine', { pinned: true }));
  const keep = { here: 1, elsewhere: 20 };
  expect(days(surplus([...runs, ...pinned], 'mine', keep))).toEqual(['01']);
  expect(surplus([run(1, 'mine', { pinned: true }), run(2, 'mine')], 'mine', keep)).toEqual([]);
});
