import { expect, test } from 'vitest';
import { zeroCost } from '../../../profile/cost';
import type { Metric } from '../../../profile/metric';
import type { Cost, LineCost } from '../../../profile/types';
import { lineDetail } from '../../../profile/view/lineParts';
import type { FeatureContext } from '../../../server/features/context';
import { kernel, natives } from '../../../server/features/hover/natives';
import { ms, Program } from '../recordings';

const second = 1e9;

function line(over: Partial<Cost>): LineCost {
  const self = { ...zeroCost(), samples: 2000, ...over };
  return {
    line: 4,
    function: 'f',
    self,
    total: self,
    helperThreads: 0,
    memory: null,
    natives: [
      { symbol: 'inflate', module: 'libz.so.1', self: 0.06 * second },
      { symbol: '[x]', module: '_y.so', self: 0.01 * second },
    ],
  };
}

function nativesOf(metric: Metric, over: Partial<Cost>): string {
  return natives(line(over), { settings: { metric } } as FeatureContext);
}

test('compiled functions are named when they are a notable part of the line', () => {
  const native = 0.07 * second;
  expect(nativesOf('cpu', { native })).toBe(
    '`inflate` 85.7 % · libz.so.1  \n`[x]` 14.3 % · \\_y.so',
  );
  expect(nativesOf('cpu', { native, python: second })).toBe('`inflate` 85.7 % · libz.so.1');
  expect(nativesOf('cpu', { native, python: 2 * second })).toBe('');
  expect(nativesOf('native', { native, python: 2 * second })).toContain('[x]');
  // A line that waits is about waiting.
  expect(nativesOf('cpu', { native, wait: 10 * second })).toBe('');
});

test('system calls are named when the kernel or waiting has the largest share', () => {
  const details = [
    {
      parts: [],
      kernel: [
        { name: 'write', systemNs: 0.9 * second, waitNs: 0.5 * second },
        { name: 'fsync', systemNs: 0.08 * second, waitNs: 2 * second },
        { name: 'read', systemNs: 0.02 * second, waitNs: 0 },
      ],
    },
  ];
  expect(kernel(line({ system: second, wait: 0.5 * second }), details)).toBe(
    'In the kernel: `write` 90.0 %, `fsync` 8.0 %',
  );
  expect(kernel(line({ system: second, wait: 3 * second, gil: 0.5 * second }), details)).toBe(
    'Waiting in `fsync` 80.0 %, `write` 20.0 %',
  );
  expect(kernel(line({ system: second, native: 2 * second }), details)).toBe('');
  expect(kernel(line({ system: second }), [{ parts: [], kernel: [] }])).toBe('');
  expect(kernel(line({}), details)).toBe('');
});

test('kernel time of a line is listed by the function that entered the kernel', () => {
  const program = new Program();
  program.thread(1, 100);
  const own = program.stack('a.py:main:1:3');
  const inCall = program.stack('a.py:main:1:3', 'a.py:f:20:21');
  const write = program.native('libc:write');
  const poll = program.native('other:wait_for', 'libc:__poll');
  program.sample({ stack: own, native: write, inSyscall: true });
  program.sample({ stack: own, native: write, inSyscall: true });
  program.sample({ stack: inCall, native: write, inSyscall: true });
  program.sample({ stack: own, native: poll, state: 'waiting', cpuNs: 0, wallNs: 30 * ms });
  program.sample({ stack: own, native: program.native('other:work') });
  const at = (line: number): unknown => lineDetail(program.builder, '/project/a.py', line).kernel;
  expect(at(3)).toEqual([
    { name: 'write', systemNs: 2 * ms, waitNs: 0 },
    { name: 'poll', systemNs: 0, waitNs: 30 * ms },
  ]);
  expect(at(21)).toEqual([{ name: 'write', systemNs: ms, waitNs: 0 }]);
});
