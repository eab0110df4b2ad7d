import { expect, test, vi } from 'vitest';

vi.mock('vscode', () => ({}));
const { growLowerGroup } = await import('../../../extension/flame/groupBelow');
type Layout = Parameters<typeof growLowerGroup>[0];

function stacked(...sizes: number[]): Layout {
  return { orientation: 1, groups: sizes.map((size) => ({ size })) };
}

test('a chart that opens below takes height from the editor above when half is too little', () => {
  expect(growLowerGroup(stacked(280, 280), 1)).toEqual(stacked(260, 300));
  expect(growLowerGroup(stacked(400, 400), 1)).toBe('fits');
  expect(growLowerGroup(stacked(250, 250), 1)).toBe('no room');
});

test('the chart’s editor group is found in a nested layout', () => {
  const layout: Layout = {
    orientation: 0,
    groups: [{ size: 500 }, { size: 500, groups: [{ size: 280 }, { size: 280 }] }],
  };
  const grown = growLowerGroup(layout, 2);
  expect(grown).toEqual({
    orientation: 0,
    groups: [{ size: 500 }, { size: 500, groups: [{ size: 260 }, { size: 300 }] }],
  });
  expect(growLowerGroup(layout, 0)).toBe('fits');
});
