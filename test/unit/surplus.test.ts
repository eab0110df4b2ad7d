import { expect, test } from 'vitest';
import { surplus, type KeptRun } from '../../extension/surplus';

const runs: KeptRun[] = [
  { name: '20260101-000000-a-xxxxxx', workspace: 'mine' },
  { name: '20260102-000000-a-xxxxxx', workspace: 'other' },
  { name: '20260103-000000-a-xxxxxx', workspace: undefined },
  { name: '20260104-000000-a-xxxxxx', workspace: 'mine' },
  { name: '20260105-000000-a-xxxxxx', workspace: 'other' },
];
const days = (names: string[]): string[] => names.map((name) => name.slice(6, 8));

test('a workspace that keeps one run deletes no others than its own', () => {
  expect(days(surplus(runs, 'mine', { here: 1, elsewhere: 20 }))).toEqual(['01']);
  expect(days(surplus([...runs].reverse(), 'mine', { here: 1, elsewhere: 20 }))).toEqual(['01']);
});

test('what the user says counts everywhere else', () => {
  expect(days(surplus(runs, 'mine', { here: 20, elsewhere: 2 }))).toEqual(['02']);
  expect(days(surplus(runs, 'new', { here: 1, elsewhere: 2 }))).toEqual(['01', '02', '03']);
  expect(surplus(runs, 'mine', { here: 20, elsewhere: 20 })).toEqual([]);
});
