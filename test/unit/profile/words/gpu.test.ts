import { expect, test } from 'vitest';
import { gpuSummary } from '../../../../profile/words/gpu';
import type { GpuCost, Profile } from '../../../../profile/types';
import { ms, Program } from '../../recordings';

function gpuOf(profile: Profile, line: number, path = '/project/a.py'): GpuCost | undefined {
  return profile.files.get(path)?.lines.find((candidate) => candidate.line === line)?.gpu;
}

function use(
  program: Program,
  startMs: number,
  endMs: number,
  busyMs: number | null,
  bytes: number | null = null,
  device = 0,
): void {
  program.record({
    kind: 'gpuUse',
    device,
    startNs: startMs * ms,
    endNs: endMs * ms,
    busyNs: busyMs === null ? null : busyMs * ms,
    bytes,
    costNs: endMs * 1000,
  });
}

/** Three lines of f, 100 ms each: one that computes, one in the driver, one that waits. */
function threeLines(): Program {
  const program = new Program();
  const stack = (line: number): number => program.stack('a.py:main:1:2', `a.py:f:10:${line}`);
  program.samples(100, { stack: stack(11) });
  program.samples(100, { stack: stack(12), native: program.native('cuda:cuLaunchKernel') });
  program.sample({ stack: stack(13), state: 'waiting', cpuNs: 0, wallNs: 100 * ms });
  return program;
}

test('GPU time is divided among lines by their presence while the GPU was busy', () => {
  const program = threeLines();
  use(program, 0, 50, 0);
  use(program, 50, 150, 40);
  use(program, 150, 300, 150);
  program.end(0, 200);
  const profile = program.builder.snapshot();
  expect(gpuOf(profile, 11)?.self).toBeCloseTo(20 * ms, 3);
  expect(gpuOf(profile, 12)?.self).toBeCloseTo(70 * ms, 3);
  expect(gpuOf(profile, 13)?.self).toBeCloseTo(100 * ms, 3);
  expect(gpuOf(profile, 2)).toEqual({ self: 0, total: expect.closeTo(190 * ms, 3) as number });
  const functions = profile.files.get('/project/a.py')?.functions;
  expect(functions?.map(({ name, gpu }) => [name, Math.round(gpu!.total / ms)])).toEqual([
    ['main', 190],
    ['f', 190],
  ]);
  expect(profile.gpu).toMatchObject({ busyNs: 190 * ms, costNs: 300_000 });
});

test('of several threads only those ever observed in the driver get GPU time', () => {
  const program = new Program();
  const mine = program.stack('a.py:work:1:2');
  const other = program.stack('a.py:other:10:11');
  const native = program.stack('a.py:work:1:3');
  program.sample({ thread: 1, stack: native, native: program.native('cuda:cuLaunchKernel') });
  program.sample({ thread: 1, stack: mine, state: 'waiting', cpuNs: 0, wallNs: 500 * ms });
  program.sample({ thread: 2, stack: other, timeNs: 400 * ms, wallNs: 400 * ms });
  use(program, 100, 200, 100);
  program.end(0, 1);
  const profile = program.builder.snapshot();
  expect(gpuOf(profile, 2)?.self).toBeCloseTo(100 * ms, 3);
  expect(gpuOf(profile, 11)).toBeUndefined();
});

test('all threads share when none was observed in the driver; no line is charged when none runs Python', () => {
  const program = new Program();
  program.samples(100, { thread: 1, stack: program.stack('a.py:one:1:2') });
  program.sample({
    thread: 2,
    stack: program.stack('a.py:two:10:11'),
    timeNs: 100 * ms,
    wallNs: 100 * ms,
  });
  use(program, 0, 100, 60);
  use(program, 500, 600, 70);
  program.end(0, 1);
  const profile = program.builder.snapshot();
  expect(gpuOf(profile, 2)?.self).toBeCloseTo(30 * ms, 3);
  expect(gpuOf(profile, 11)?.self).toBeCloseTo(30 * ms, 3);
  expect(profile.gpu?.busyNs).toBe(130 * ms);
});

test('a live run charges a busy stretch once, when the threads’ lines are known', () => {
  const program = new Program();
  program.samples(100, { stack: program.stack('a.py:f:1:2') });
  use(program, 0, 200, 100);
  expect(gpuOf(program.builder.snapshot(), 2)).toBeUndefined();
  const waiting = { state: 'waiting', cpuNs: 0, wallNs: 1000 * ms } as const;
  program.sample({ stack: program.stack('a.py:f:1:3'), ...waiting });
  for (let round = 0; round < 2; round++) {
    const profile = program.builder.snapshot();
    expect(gpuOf(profile, 2)?.self).toBeCloseTo(50 * ms, 3);
    expect(gpuOf(profile, 3)?.self).toBeCloseTo(50 * ms, 3);
  }
});

test('GPU memory over time is the highest sum over all GPUs', () => {
  const program = threeLines();
  program.record({ kind: 'gpuDevice', device: 1, bytes: 16e9, name: 'NVIDIA T4' });
  program.record({ kind: 'gpuDevice', device: 0, bytes: 0, name: 'NVIDIA T4' });
  use(program, 60, 60, null, 300, 0);
  use(program, 70, 70, null, 500, 1);
  use(program, 80, 80, null, 100, 0);
  use(program, 200, 200, null, null, 0);
  const profile = program.builder.snapshot();
  const gpu = profile.processes[0]?.gpu;
  expect(gpu).toMatchObject({ busyNs: null, peakBytes: 800 });
  expect(gpu?.devices).toEqual([
    { index: 0, name: 'NVIDIA T4', totalBytes: null, busyNs: null, peakBytes: 300 },
    { index: 1, name: 'NVIDIA T4', totalBytes: 16e9, busyNs: null, peakBytes: 500 },
  ]);
  expect(gpu?.timeline).toEqual([{ ns: 75 * ms, busy: null, bytes: 800 }]);
  expect(gpuSummary(profile.gpu!, 1e9)).toBe(
    'not known how busy · 800 B at the peak · 2 × NVIDIA T4',
  );
});

test('a timeline keeps the sum of a long run in bounded memory', () => {
  const program = threeLines();
  for (let second = 0; second < 1000; second++) {
    use(program, second * 1000, second * 1000 + 1000, 500, second === 300 ? 900 : 10);
  }
  const gpu = program.builder.snapshot().processes[0]!.gpu!;
  expect(gpu.timeline.length).toBeLessThanOrEqual(256);
  expect(Math.max(...gpu.timeline.map(({ bytes }) => bytes ?? 0))).toBe(900);
  const [first, second] = gpu.timeline;
  const widthNs = second!.ns - first!.ns;
  const sum = gpu.timeline.reduce((total, { busy }) => total + (busy ?? 0) * widthNs, 0);
  expect(sum).toBeCloseTo(gpu.busyNs!, -3);
});

test('a run without a GPU has no GPU figures', () => {
  const program = threeLines();
  program.end(0, 1);
  const profile = program.builder.snapshot();
  expect('gpu' in profile).toBe(false);
  expect('gpu' in profile.processes[0]!).toBe(false);
  expect(profile.files.get('/project/a.py')?.lines.some((line) => 'gpu' in line)).toBe(false);
});
