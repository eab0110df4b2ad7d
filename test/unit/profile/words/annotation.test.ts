import { expect, test } from 'vitest';
import { annotateFile } from '../../../../profile/words/annotation';
import { zeroCost } from '../../../../profile/cost';
import type { Metric } from '../../../../profile/metric';
import type { Cost, FileCost, LineCost } from '../../../../profile/types';
import { noMemory } from '../../../../profile/memory/shares';

const second = 1e9;

function cost(over: Partial<Cost>): Cost {
  return { ...zeroCost(), samples: 2000, ...over };
}

function line(number: number, self: Partial<Cost>, total: Partial<Cost> = self): LineCost {
  return {
    line: number,
    function: 'f',
    self: cost(self),
    total: cost(total),
    helperThreads: 0,
    memory: null,
    natives: [{ symbol: 'DOUBLE_multiply', module: '_multiarray_umath.so', self: second }],
  };
}

/** The program of the mock-up: five seconds in all. */
const file: FileCost = {
  path: '/a.py',
  functions: [],
  lines: [
    line(4, { python: 0.01 * second }),
    line(5, { native: 2.79 * second, python: 0.12 * second, wait: 0.1 * second }),
    line(6, { python: 0.81 * second, runtime: 0.4 * second }),
    line(10, { system: 0.06 * second, wait: 0.46 * second, gil: 0.23 * second }),
    line(14, { python: 0 }, { python: 1.3 * second, native: 3 * second, system: 0.7 * second }),
    line(17, { python: 0.2 * second }, { python: 1.5 * second, native: 3.5 * second }),
    line(18, { python: 0.07 * second, samples: 4 }),
  ],
};
const run = {
  memory: null,
  total: cost({ python: 1.3 * second, native: 3 * second, system: 0.7 * second, wait: 5 * second }),
};

test('a line shows its own cost, a line that only calls shows its calls’ cost', () => {
  const lines = annotateFile(file, run, 'cpu', 1);
  expect(
    lines.map(({ line: at, kind, value, percent, detail, heat }) =>
      [at, kind, value, percent, detail, heat].join(' | '),
    ),
  ).toEqual([
    '5 | self | 2.91 s | 58.2 % | native 96 · python 4 | 7',
    '6 | self | 810 ms | 16.2 % | python | 4',
    '10 | self | 60 ms | 1.2 % | system | 1',
    '14 | total | 5.00 s | 100 % | in calls | 0',
    '17 | total | 5.00 s | 100 % | in calls · 200 ms here | 2',
    '18 | self | 70 ms | ~1 % | python · 4 samples | 1',
  ]);
  expect(lines[0]!.bar).toEqual({
    python: 0.024,
    native: 0.558,
    system: 0,
    wait: 0,
    queue: 0,
    memory: 0,
  });
});

test('a line that works and calls shows both costs', () => {
  const both = line(3, { python: 0.72 * second }, { python: 1.435 * second });
  const [figures] = annotateFile({ ...file, lines: [both] }, run, 'cpu', 1);
  expect(figures).toMatchObject({ value: '720 ms', detail: 'python · 715 ms in calls' });
});

test('each metric’s annotation begins with its own figure', () => {
  const detail = (metric: 'wall' | 'native' | 'python' | 'wait'): string[] =>
    annotateFile(file, run, metric, 5)
      .filter(({ kind }) => kind === 'self')
      .map(({ line: at, value, detail: words }) => `${at} ${value} ${words}`);
  expect(detail('wall')).toEqual([
    '5 3.01 s native 93 · python 4 · wait 3',
    '6 810 ms python',
    '10 520 ms wait 88 · system 12',
  ]);
  expect(detail('native')).toEqual(['5 2.79 s DOUBLE_multiply']);
  expect(detail('python')).toContain('6 810 ms CPython’s C code 49');
  expect(detail('wait')).toEqual(['10 460 ms for the GIL 50']);
});

test('a run without cost has no annotations', () => {
  expect(annotateFile(file, { total: zeroCost(), memory: null }, 'cpu', 0)).toEqual([]);
});

test('without a threshold every line with a cost is annotated', () => {
  expect(annotateFile(file, run, 'cpu', 0).map(({ line: at }) => at)).toEqual([
    4, 5, 6, 10, 14, 17, 18,
  ]);
});
const memories: FileCost = {
  ...file,
  lines: [
    { ...line(3, {}), memory: noMemory },
    {
      ...line(4, { python: second }),
      memory: {
        ...noMemory,
        allocatedBytes: 90e6,
        allocatedError: 1e6,
        allocations: 562.4,
        peakBytes: 90e6,
        growthBytes: 90e6,
        leak: { likelihood: 0.97, bytesPerSecond: 2e6 },
        pythonFraction: 0.25,
      },
    },
    {
      ...line(5, { python: second }),
      memory: {
        ...noMemory,
        allocatedBytes: 10e6,
        allocatedError: 5e6,
        allocations: 12_345,
        peakBytes: 30e6,
        copiedBytes: 1e9,
        pythonFraction: 1,
      },
    },
    { ...line(6, { python: second }), memory: { ...noMemory, growthBytes: 3e5 } },
  ],
};
const measured = {
  total: cost({ python: 3 * second }),
  memory: {
    allocatedBytes: 100e6,
    allocations: 13_000,
    peakLiveBytes: 120e6,
    growthBytes: 90.3e6,
    copiedBytes: 2e9,
    reservedBytes: 0,
  },
};

test.each<[Metric, string[]]>([
  [
    'allocated',
    [
      '4 | 90 MB | 90.0 % | 562 allocations · python 25 · native 75 | 7',
      '5 | 10 MB | ~10 % | 12.3 k allocations · python | 4',
    ],
  ],
  ['peak', ['4 | 90 MB | 75.0 % | still there | 7', '5 | 30 MB | 25.0 % |  | 5']],
  ['growth', ['4 | +90 MB | 99.7 % | leaking 2.0 MB/s | 7']],
  ['copied', ['5 | 1.0 GB | 50.0 % |  | 7']],
  [
    'cpu',
    [
      '4 | 1.00 s | 33.3 % | python · ▲ 90 MB leaking | 6',
      '5 | 1.00 s | 33.3 % | python · peak 30 MB | 6',
      '6 | 1.00 s | 33.3 % | python | 6',
    ],
  ],
])('annotations of memory metrics: %s', (metric, expected) => {
  const lines = annotateFile(memories, measured, metric, 1);
  expect(
    lines.map(({ line: at, value, percent, detail, heat }) =>
      [at, value, percent, detail, heat].join(' | '),
    ),
  ).toEqual(expected);
  expect(annotateFile(memories, { ...measured, memory: null }, metric, 1)).toHaveLength(
    metric === 'cpu' ? 3 : 0,
  );
});

test('allocated bytes are split into Python and native, other memory metrics are not', () => {
  const bar = (metric: Metric) => annotateFile(memories, measured, metric, 1)[0]?.bar;
  expect(bar('allocated')).toMatchObject({ python: 0.225, native: 0.675, memory: 0 });
  expect(bar('peak')).toMatchObject({ python: 0, native: 0, memory: 0.75 });
});
