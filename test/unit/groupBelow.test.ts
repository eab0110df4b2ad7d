import { expect, test, vi } from 'vitest';

vi.mock('vscode', () => ({}));
const { growLowerGroup } = await import('../../extension/flame/groupBelow');
type Layout = Parameters<typeof growLowerGroup>[0];

function stacked(...sizes: number[]): Layout {
  return { orientation: 1, groups: sizes.map((size) => ({ size })) };
}

test('a chart that opens below gets height from the editor above where half is too little', () => {
  expect(growLowerGroup(stacked(240, 240), 1)).toEqual(stacked(180, 300));
  expect(growLowerGroup(stacked(400, 400), 1)).toBe('fits');
  expect(growLowerGroup(stacked(220, 220), 1)).toBe('no room');
});

test('the group is found among others', () => {
  const layout: Layout = {
    orientation: 0,
    groups: [{ size: 500 }, { size: 500, groups: [{ size: 250 }, { size: 250 }] }],
  };
  const grown = growLowerGroup(layout, 2);
  expect(grown).toEqual({
    orientation: 0,
    groups: [{ size: 500 }, { size: 500, groups: [{ size: 200 }, { size: 300 }] }],
  });
  expect(growLowerGroup(layout, 0)).toBe('fits');
});
