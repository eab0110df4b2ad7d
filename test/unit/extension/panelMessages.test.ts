import { expect, test } from 'vitest';
import { isFromPanel } from '../../../extension/flame/panelMessages';

test('a message of the panel is taken with all its fields, each of its type', () => {
  const open = { type: 'open', path: '/a.py', line: 3, column: 0, go: false };
  expect(isFromPanel(open)).toBe(true);
  expect(isFromPanel({ ...open, line: '3' })).toBe(false);
  expect(isFromPanel({ type: 'open', path: '/a.py', line: 3, column: 0 })).toBe(false);
  expect(isFromPanel({ type: 'ready' })).toBe(true);
  const save = { type: 'save', format: 'svg', data: new ArrayBuffer(1) };
  expect(isFromPanel(save)).toBe(true);
  expect(isFromPanel({ ...save, format: 'exe' })).toBe(false);
  expect(isFromPanel({ ...save, data: 'text' })).toBe(false);
});

test('a range is a part of the run, open at its end or not, or none', () => {
  const isRange = (range: unknown): boolean => isFromPanel({ type: 'range', range, text: '' });
  const ranges = [null, { fromNs: 1, untilNs: 2 }, { fromNs: 1, untilNs: null }];
  expect(ranges.map(isRange)).toEqual([true, true, true]);
  expect([undefined, {}, { fromNs: 1 }, { fromNs: '1', untilNs: 2 }].map(isRange)).toEqual([
    false,
    false,
    false,
    false,
  ]);
});

test('anything else is refused', () => {
  const others = [null, undefined, 'ready', 7, [], {}, { type: 'unheard of' }];
  expect(others.filter(isFromPanel)).toEqual([]);
});
