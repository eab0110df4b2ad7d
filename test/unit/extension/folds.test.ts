/** Folded functions: what is known of folds, and what stands on the line that stays. */
import { expect, test } from 'vitest';
import {
  findFolds,
  noFolds,
  shiftFolds,
  withFolds,
  type Folds,
} from '../../../extension/code/folds';
import { annotateFunctions } from '../../../profile/words/functionAnnotation';
import { zeroCost } from '../../../profile/cost';
import type { Cost, FunctionCost } from '../../../profile/types';
import type { LineAnnotation } from '../../../protocol/lsp';

const second = 1e9;

/** Folds as `header-last` of what an editor shows, each stretch of lines as `first-last`. */
function folds(visible: string[], before: Folds = noFolds): Folds {
  return findFolds(
    visible.map((lines) => {
      const [first, last] = lines.split('-').map(Number) as [number, number];
      return { first, last };
    }),
    before,
  );
}

const words = (found: Folds): string[] => [...found].map((pair) => pair.join('-')).sort();

test('lines missing from the visible ranges count as folded', () => {
  expect(words(folds(['0-40']))).toEqual([]);
  const some = folds(['0-10', '21-30', '41-60']);
  expect(words(some)).toEqual(['10-20', '30-40']);
  // Scrolled: what is out of sight is as it was.
  expect(words(folds(['45-90'], some))).toEqual(['10-20', '30-40']);
  expect(words(folds(['0-10', '21-25'], some))).toEqual(['10-20', '30-40']);
  // The last line in sight may be the one that stays: below it nothing is known.
  expect(words(folds(['0-10'], some))).toEqual(['10-20', '30-40']);
  // Opened again, while the other is in sight.
  expect(words(folds(['0-30', '41-60'], some))).toEqual(['30-40']);
  expect(words(folds(['0-60'], some))).toEqual([]);
  expect(words(folds([], some))).toEqual(['10-20', '30-40']);
});

test('folds move when lines are inserted or deleted above them', () => {
  const some = folds(['0-10', '21-60']);
  expect(words(shiftFolds(some, 3, 2))).toEqual(['12-22']);
  expect(words(shiftFolds(some, 30, 2))).toEqual(['10-20']);
  expect(shiftFolds(some, 3, 0)).toBe(some);
});

function annotation(line: number, detail: string): LineAnnotation {
  const bar = { python: 0, native: 0, system: 0, wait: 0, queue: 0, memory: 0 };
  return { line, heat: 0, kind: 'self', bar, value: '', percent: '', detail, stale: false };
}

test('a folded function shows its total on the line that stays visible, and no figures of hidden lines', () => {
  const lines = [5, 11, 12, 15, 31, 50].map((line) => annotation(line, `line ${line}`));
  const functions = [4, 11, 13, 31].map((line) => annotation(line, `whole ${line}`));
  const drawn = (found: Folds): string[] =>
    withFolds(lines, functions, found).map(({ detail }) => detail);
  expect(withFolds(lines, functions, noFolds)).toBe(lines);
  // The fold at line 11 holds another one, and one is not a function.
  const some = folds(['0-10', '21-39', '46-60'], new Map([[12, 14]]));
  expect(words(some)).toEqual(['10-20', '39-45']);
  const nested = new Map([...some, [12, 14]] as [number, number][]);
  for (const found of [some, nested]) {
    expect(drawn(found)).toEqual(['line 5', 'whole 11', 'line 31', 'line 50']);
  }
});

function fn(line: number, name: string, self: Partial<Cost>, total: Partial<Cost>): FunctionCost {
  const cost = (over: Partial<Cost>): Cost => ({ ...zeroCost(), samples: 2000, ...over });
  return {
    name,
    qualname: name,
    line,
    self: cost(self),
    total: cost(total),
    helperThreads: 0,
    memory: null,
  };
}

test('the annotation of a function has its total, calls included', () => {
  const total = { ...zeroCost(), python: 4 * second, native: 6 * second, wait: second };
  const functions = [
    fn(1, '<module>', {}, total),
    fn(3, 'small', { python: 0.05 * second }, { python: 0.05 * second }),
    fn(7, 'work', { python: second }, { python: second, native: 5 * second }),
    fn(7, '<lambda>', { native: 6 * second }, { native: 6 * second }),
    fn(20, 'few', {}, { python: second, samples: 4 }),
  ];
  const file = { path: '/a.py', lines: [], functions };
  const found = annotateFunctions(file, { total, memory: null }, 'cpu', 1);
  expect(found).toMatchObject([
    {
      line: 7,
      kind: 'total',
      heat: 4,
      value: '6.00 s',
      percent: '60.0 %',
      detail: 'whole function',
      bar: { python: 0.1, native: 0.5 },
    },
    { line: 20, heat: 0, value: '1.00 s', percent: '~10 %', detail: 'whole function · 4 samples' },
  ]);
  expect(annotateFunctions(file, { total, memory: null }, 'growth', 1)).toEqual([]);
});
