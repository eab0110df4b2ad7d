import { expect, test } from 'vitest';
import { badgeOf } from '../../../extension/code/badge';

const line = { line: 3, heat: 6, kind: 'self' as const, percent: '58.9 %', stale: false };

test('the badge of a file is the share of its hottest line, rounded down', () => {
  expect(badgeOf([{ ...line, line: 2, percent: '7.1 %' }, line])).toEqual({
    text: '58',
    tooltip: 'Hottest line: 3, 58.9 % of the run',
  });
  expect(badgeOf([{ ...line, percent: '99.8 %' }])?.text).toBe('99');
  expect(badgeOf([{ ...line, percent: '100 %' }])?.text).toBe('●');
});

test('cold lines, edited lines and lines that only call others give no badge', () => {
  expect(badgeOf([])).toBeUndefined();
  expect(badgeOf([{ ...line, heat: 1 }])).toBeUndefined();
  expect(badgeOf([{ ...line, stale: true }])).toBeUndefined();
  expect(badgeOf([{ ...line, kind: 'total' }])).toBeUndefined();
  expect(badgeOf([{ ...line, percent: '' }])).toBeUndefined();
});
