import { expect, test } from 'vitest';
import { zeroCost } from '../../../../profile/cost';
import {
  formatBytes,
  formatCount,
  formatHelpers,
  formatPercent,
  formatRate,
  formatSamples,
  formatSeconds,
  formatSplit,
  formatTime,
  heatStep,
} from '../../../../profile/words/numbers';

test.each([
  [0, '0 ms'],
  [10_000, '< 0.1 ms'],
  [400_000, '0.4 ms'],
  [9_940_000, '9.9 ms'],
  [9_960_000, '10 ms'],
  [312_000_000, '312 ms'],
  [999_600_000, '1.00 s'],
  [2_910_000_000, '2.91 s'],
  [9_996_000_000, '10.0 s'],
  [59_940_000_000, '59.9 s'],
  [59_960_000_000, '1 m 0 s'],
  [72_000_000_000, '1 m 12 s'],
  [3_599_600_000_000, '1 h 0 m'],
  [3_720_000_000_000, '1 h 2 m'],
])('%d ns is %s', (ns, words) => {
  expect(formatSeconds(ns)).toBe(words);
});

test.each([
  [0, '0 s'],
  [12.4, '12 ns'],
  [999, '999 ns'],
  [12_340, '12.3 µs'],
  [340_000, '340 µs'],
  [999_499, '999 µs'],
  [999_600, '1.0 ms'],
  [2_910_000_000, '2.91 s'],
])('on the time axis %d ns is %s', (ns, words) => {
  expect(formatTime(ns)).toBe(words);
});

test('percentages have no more digits than their samples justify', () => {
  expect(formatPercent(0.5824)).toBe('58.2 %');
  expect(formatPercent(0.5824, 2912)).toBe('58.2 %');
  expect(formatPercent(0.5824, 40)).toBe('58 %');
  expect(formatPercent(0.0072, 40)).toBe('0.7 %');
  expect(formatPercent(0.06, 3)).toBe('~6 %');
  expect(formatPercent(0.001, 1)).toBe('~1 %');
  expect(formatPercent(0.0004)).toBe('< 0.1 %');
  expect(formatPercent(0)).toBe('0 %');
  expect(formatPercent(0.99999)).toBe('100 %');
});

test('bytes, counts and rates are rounded and have their unit', () => {
  expect([0, 812, 1_500, 120e6, 2.5e9, -3_200, 999_600].map(formatBytes)).toEqual([
    '0 B',
    '812 B',
    '1.5 kB',
    '120 MB',
    '2.5 GB',
    '−3.2 kB',
    '1.0 MB',
  ]);
  expect([0, 999, 2912, 1234567].map(formatCount)).toEqual(['0', '999', '2,912', '1,234,567']);
  expect([1, 2912].map(formatSamples)).toEqual(['1 sample', '2,912 samples']);
  expect([1000, 100, 2500].map(formatRate)).toEqual(['1 kHz', '100 Hz', '2.5 kHz']);
});

test('a split names the biggest part first and leaves out tiny parts', () => {
  const cost = { ...zeroCost(), python: 4, runtime: 1, native: 96, system: 0.5, wait: 300 };
  expect(formatSplit(cost)).toBe('native 96 · python 4');
  expect(formatSplit(cost, 'wall')).toBe('wait 75 · native 24');
  expect(formatSplit({ ...cost, python: 0, system: 0 })).toBe('native');
  expect(formatSplit({ ...cost, python: 0, native: 0, system: 0 })).toBe('');
  // Helpers work while the line's own thread does, or waits: wall time is not theirs.
  expect(formatSplit({ ...cost, helper: 100 })).toBe('helpers 50 · native 48 · python 2');
  expect(formatSplit({ ...cost, helper: 100 }, 'wall')).toBe('wait 75 · native 24');
  expect(formatHelpers(0.7e9, 2)).toBe('+700 ms in 2 helper threads');
  expect(formatHelpers(1.5e9, 1)).toBe('+1.50 s in a helper thread');
});

test('heat has eight steps', () => {
  expect([0, 0.01, 0.03, 0.06, 0.12, 0.2, 0.4, 1].map(heatStep)).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
});
