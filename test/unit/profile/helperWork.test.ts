import { expect, test } from 'vitest';
import { cpuOf } from '../../../profile/cost';
import { libraryKeys } from '../../../profile/stacks/libraries';
import type { LineCost, Profile } from '../../../profile/types';
import { ms, Program } from '../recordings';

function lineOf(profile: Profile, line: number): LineCost | undefined {
  return profile.files.get('/project/a.py')?.lines.find((candidate) => candidate.line === line);
}

/** CPU time of helpers of a line, ms. */
function helped(profile: Profile, line: number): number {
  return Math.round((lineOf(profile, line)?.self.helper ?? 0) / ms);
}

/** Whatever is on lines and what is on none is all there is. */
function isExact(profile: Profile, cpuMs: number): void {
  const lines = [...profile.files.values()].flatMap((file) => file.lines);
  const onLines = lines.reduce((sum, { self }) => sum + cpuOf(self), 0);
  const { interpreter, unseen, libraries } = profile.offLine;
  const off = libraries.reduce((sum, { ns }) => sum + ns, interpreter + unseen);
  expect(cpuOf(profile.total)).toBeCloseTo(cpuMs * ms, 3);
  expect(onLines + off).toBeCloseTo(cpuMs * ms, 3);
}

/** Thread 1 is the main one, 2 and 3 may run Python too, 8 and 9 never do. */
class Pool extends Program {
  readonly working = this.native('libc:start_thread', 'other:pool_loop', 'other:kernel');
  readonly calling = this.native('interpreter:cfunction_call', 'other:multiply');
  readonly waiting = this.native('interpreter:cfunction_call', 'other:multiply', 'libc:futex');

  constructor() {
    super();
    [100, 102, 103, 106, 108, 109].forEach((tid, index) =>
      this.thread([1, 2, 3, 6, 8, 9][index]!, tid),
    );
  }

  line(line: number): number {
    return this.stack('a.py:main:1:2', `a.py:f:10:${line}`);
  }

  /** A thread on a line, 4 ms at a time, from one moment to another, ms. */
  runs(thread: number, line: number, fromMs: number, untilMs: number, native = 0): void {
    for (let at = fromMs + 4; at <= untilMs; at += 4) {
      const times = { timeNs: at * ms, wallNs: 4 * ms, cpuNs: 4 * ms };
      this.sample({ thread, stack: this.line(line), native, ...times });
    }
  }

  waits(thread: number, line: number, fromMs: number, untilMs: number, native = 0): void {
    const times = { timeNs: untilMs * ms, wallNs: (untilMs - fromMs) * ms, cpuNs: 0 };
    this.sample({ thread, stack: this.line(line), native, state: 'waiting', ...times });
  }

  /** A helper at work, its ticks a little after those of other threads. */
  helps(thread: number, fromMs: number, untilMs: number, native = this.working): void {
    for (let at = fromMs + 4; at <= untilMs; at += 4) {
      const times = { timeNs: at * ms + 0.1 * ms, wallNs: 4 * ms, cpuNs: 4 * ms };
      this.sample({ thread, noPython: true, native, ...times });
    }
  }

  finished(cpuMs: number): Profile {
    this.end(0, cpuMs);
    const profile = this.builder.snapshot();
    isExact(profile, cpuMs);
    return profile;
  }
}

test('helpers are charged to the line that computes in their library at the time, also for work after the call', () => {
  const pool = new Pool();
  pool.runs(1, 11, 0, 100);
  pool.runs(1, 12, 100, 300, pool.calling);
  pool.runs(1, 13, 300, 500);
  pool.helps(8, 100, 300);
  pool.helps(9, 100, 300);
  // A pool that looks for more work for a while.
  pool.helps(8, 300, 380);
  // Nobody has woken this one for all that is known.
  pool.helps(9, 400, 440);
  const profile = pool.finished(500 + 400 + 80 + 40);
  expect([11, 12, 13].map((line) => helped(profile, line))).toEqual([0, 480, 0]);
  expect(lineOf(profile, 12)).toMatchObject({ helperThreads: 2, self: { unsure: 0 } });
  expect(lineOf(profile, 12)!.self.after / ms).toBeCloseTo(80, 3);
  // The caller's line and its function have it in their totals.
  expect(Math.round(lineOf(profile, 2)!.total.helper / ms)).toBe(480);
  expect(lineOf(profile, 2)).toMatchObject({ helperThreads: 2, self: { helper: 0 } });
  expect(profile.offLine.libraries).toEqual([{ module: 'other.so', ns: 40 * ms }]);
  // What the helpers did is counted once.
  expect(profile.total.helper).toBeCloseTo(480 * ms, 3);
  expect(profile.total.native).toBeCloseTo(240 * ms, 3);
  expect(profile.total.samples).toBe(125 + 100 + 20 + 10);
  const [main] = profile.threads.filter(({ tid }) => tid === 108);
  expect(main!.cpuNs).toBe(280 * ms);
});

test('helpers are charged to a line that waits in their library, not to one that waits elsewhere', () => {
  const pool = new Pool();
  pool.waits(1, 12, 0, 200, pool.native('interpreter:lock_acquire', 'libc:futex'));
  pool.waits(2, 13, 0, 200, pool.native('interpreter:cfunction_call', 'cuda:wait', 'libc:futex'));
  pool.waits(3, 14, 0, 200, pool.waiting);
  pool.helps(8, 0, 200);
  const profile = pool.finished(200);
  expect([12, 13, 14].map((line) => helped(profile, line))).toEqual([0, 0, 200]);
});

test('a pool that sleeps after a call and wakes up again is charged to no line', () => {
  const pool = new Pool();
  pool.runs(1, 12, 0, 100, pool.calling);
  pool.runs(1, 13, 100, 300);
  pool.helps(8, 0, 120);
  pool.helps(8, 200, 240);
  const profile = pool.finished(300 + 160);
  expect([12, 13].map((line) => helped(profile, line))).toEqual([120, 0]);
});

test('of a thread that works on its own for long, only the beginning is charged to a line', () => {
  const pool = new Pool();
  pool.runs(1, 12, 0, 100, pool.calling);
  pool.runs(1, 13, 100, 3000);
  pool.helps(8, 0, 3000);
  const profile = pool.finished(3000 + 3000);
  expect(helped(profile, 13)).toBe(0);
  expect(Math.abs(helped(profile, 12) - 600)).toBeLessThanOrEqual(8);
});

test('time without a core does not count as a pool’s sleep', () => {
  const pool = new Pool();
  pool.runs(1, 12, 0, 100, pool.calling);
  pool.runs(1, 13, 100, 300);
  pool.helps(8, 0, 120);
  const place = { thread: 8, stack: 0, native: pool.working, opcode: -1 };
  pool.record({ kind: 'queue', timeNs: 200 * ms, wallNs: 80 * ms, ...place });
  pool.helps(8, 200, 240);
  const profile = pool.finished(300 + 160);
  expect([12, 13].map((line) => helped(profile, line))).toEqual([160, 0]);
});

test('work after the calls of two lines is charged to the later call, and is unsure when both end together', () => {
  const pool = new Pool();
  pool.runs(1, 12, 0, 100, pool.calling);
  pool.runs(1, 13, 100, 140, pool.calling);
  pool.runs(2, 15, 0, 100);
  pool.runs(2, 14, 100, 136, pool.calling);
  pool.runs(2, 15, 136, 200);
  pool.runs(1, 15, 140, 200);
  pool.helps(8, 0, 100);
  // It has not slept meanwhile.
  pool.helps(8, 140, 180);
  const profile = pool.finished(200 + 200 + 100 + 40);
  expect(helped(profile, 12)).toBe(100);
  expect([13, 14, 15].map((line) => helped(profile, line))).toEqual([40, 0, 0]);
  expect(lineOf(profile, 13)!.self.unsure / ms).toBeCloseTo(40, 3);
});

test('a pool’s work stays on its caller while another line is in another library of the same package', () => {
  const pool = new Pool();
  const packages = '/lib/python3.12/site-packages';
  const [library, extension] = [`${packages}/numpy.libs/blas.so`, `${packages}/numpy/core.so`];
  const blas = pool.native('interpreter:cfunction_call', `${extension}:dot`, `${library}:gemm`);
  const sort = pool.native('interpreter:cfunction_call', `${extension}:sort`);
  pool.runs(1, 12, 0, 100, blas);
  pool.runs(1, 13, 100, 300, sort);
  pool.helps(8, 0, 160, pool.native('libc:start_thread', `${library}:server`));
  const profile = pool.finished(300 + 160);
  expect([12, 13].map((line) => helped(profile, line))).toEqual([160, 0]);
});

test('what a thread does right after its start is charged to the line that started it', () => {
  const pool = new Pool();
  pool.runs(1, 11, 0, 100);
  pool.runs(2, 12, 0, 300);
  pool.runs(1, 13, 100, 300);
  pool.thread(7, 107, '', 60 * ms, 100);
  pool.helps(7, 60, 140);
  // Who made this one is not known.
  pool.helps(8, 60, 140);
  const profile = pool.finished(300 + 300 + 80 + 80);
  expect([11, 12, 13].map((line) => helped(profile, line))).toEqual([80, 0, 0]);
  expect(lineOf(profile, 11)!.self).toMatchObject({ after: lineOf(profile, 11)!.self.helper });
});

test('a caller whose sleep was not observed is taken to have waited in one of its known calls', () => {
  const pool = new Pool();
  pool.waits(1, 12, 0, 60, pool.waiting);
  pool.runs(1, 13, 60, 100);
  // Between these two it slept.
  pool.runs(1, 13, 130, 202);
  pool.helps(8, 0, 60);
  pool.helps(8, 106, 126);
  const profile = pool.finished(112 + 80);
  expect([12, 13].map((line) => helped(profile, line))).toEqual([80, 0]);
  expect(lineOf(profile, 12)!.self.unsure / ms).toBeCloseTo(20, 3);
});

test('of several known calls, the one between the same lines is chosen', () => {
  const pool = new Pool();
  // Line 12 calls between 11 and 13 and mostly was seen, line 14 between 13 and 11 and hardly ever was.
  pool.runs(1, 11, 0, 20);
  pool.waits(1, 12, 20, 60, pool.waiting);
  pool.runs(1, 13, 60, 80);
  pool.waits(1, 14, 80, 84, pool.waiting);
  pool.runs(1, 11, 84, 100);
  pool.helps(8, 24, 56);
  pool.helps(8, 80, 84);
  for (const start of [100, 200]) {
    // Between lines 11 and 13, then between 13 and 11 again, nobody saw it.
    pool.helps(8, start + 4, start + 24);
    pool.runs(1, 13, start + 30, start + 50);
    pool.helps(8, start + 54, start + 74);
    pool.runs(1, 11, start + 80, start + 100);
  }
  const profile = pool.finished(20 + 20 + 16 + 32 + 4 + 2 * (40 + 40));
  expect([11, 12, 13, 14].map((line) => helped(profile, line))).toEqual([0, 72, 0, 44]);
  expect(lineOf(profile, 14)!.self.unsure / ms).toBeCloseTo(40, 3);
});

test('what libraries do while Python shuts down is part of the shutdown, not of helpers’ work', () => {
  const pool = new Pool();
  const ends = [
    pool.native('interpreter:Py_FinalizeEx', 'other:free_all'),
    pool.native('libc:exit', 'libc:__run_exit_handlers', 'other:free_all'),
  ];
  ends.forEach((native, index) => {
    const times = { timeNs: (4 + 4 * index) * ms, wallNs: 4 * ms, cpuNs: 4 * ms };
    pool.sample({ thread: 1, noPython: true, native, ...times });
  });
  const { offLine } = pool.finished(8);
  expect(offLine).toMatchObject({ interpreter: 8 * ms, libraries: [] });
});

test('a thread in generated code belongs to the library in which it was last observed', () => {
  const pool = new Pool();
  pool.waits(1, 12, 0, 200, pool.waiting);
  pool.helps(8, 0, 100);
  pool.helps(8, 100, 200, pool.native('anonymous:?'));
  expect(helped(pool.finished(200), 12)).toBe(200);
});

test('several lines in the library at once get equal parts, marked as unsure', () => {
  const pool = new Pool();
  pool.waits(1, 12, 0, 200, pool.waiting);
  pool.runs(2, 13, 0, 200, pool.calling);
  pool.helps(8, 0, 200);
  const profile = pool.finished(400);
  expect([12, 13].map((line) => helped(profile, line))).toEqual([100, 100]);
  expect([12, 13].map((line) => lineOf(profile, line)!.self.unsure / ms)).toEqual([100, 100]);
  // Of an odd number of samples one line counts one more; none is counted twice.
  expect(profile.total.samples).toBe(1 + 50 + 50);
  const samples = [12, 13].map((line) => lineOf(profile, line)!.self.samples);
  expect(samples).toEqual([1 + 25, 50 + 25]);
});

test('work before a line waits for it is charged to that line, marked as unsure', () => {
  const pool = new Pool();
  pool.runs(1, 11, 0, 100);
  pool.waits(1, 12, 100, 200, pool.waiting);
  pool.runs(1, 13, 200, 300);
  pool.helps(8, 20, 200);
  // These have slept in between.
  pool.helps(9, 0, 20);
  pool.helps(6, 40, 60);
  const profile = pool.finished(200 + 180 + 20 + 20);
  expect([11, 12, 13].map((line) => helped(profile, line))).toEqual([0, 180, 0]);
  // What came before the wait; the tick at its beginning may belong to either.
  expect(Math.abs(lineOf(profile, 12)!.self.unsure / ms - 80)).toBeLessThanOrEqual(4.001);
});

test('a thread that lacks a core after its wait is still counted as waiting for the helpers', () => {
  const pool = new Pool();
  pool.waits(1, 12, 0, 60, pool.waiting);
  pool.runs(1, 13, 96, 200);
  pool.helps(8, 0, 96);
  expect(helped(pool.finished(104 + 96), 12)).toBe(96);
});

test('a thread without a core counts as still in the call that was observed on its line', () => {
  const pool = new Pool();
  pool.runs(1, 12, 0, 40, pool.calling);
  // Read from outside, where the thread was in compiled code is not known.
  const queue = (line: number, timeMs: number, wallMs: number): void =>
    pool.record({
      kind: 'queue',
      thread: 1,
      timeNs: timeMs * ms,
      wallNs: wallMs * ms,
      stack: pool.line(line),
      native: 0,
      opcode: -1,
    });
  queue(12, 80, 40);
  pool.runs(1, 12, 80, 120, pool.calling);
  pool.runs(1, 13, 120, 760);
  queue(13, 800, 40);
  pool.helps(8, 0, 120);
  pool.helps(8, 760, 800);
  const profile = pool.finished(720 + 120 + 40);
  expect([12, 13].map((line) => helped(profile, line))).toEqual([120, 0]);
});

test('the rest of a helper’s CPU time is divided as its last samples were', () => {
  const pool = new Pool();
  pool.waits(1, 12, 0, 100, pool.waiting);
  pool.runs(1, 13, 100, 200);
  pool.helps(8, 80, 100);
  pool.helps(8, 160, 172);
  const left = { thread: 8, noPython: true, native: pool.working, remainder: true };
  for (let index = 0; index < 8; index++) {
    pool.sample({ ...left, timeNs: 190 * ms, wallNs: ms, cpuNs: ms });
  }
  const profile = pool.finished(100 + 32 + 8);
  // Five of the eight samples were met while the line waited, by the nearest tick one more.
  expect(helped(profile, 12)).toBe(20 + 5);
});

test('while the program runs, a helper’s work is charged only once its line is known', () => {
  const pool = new Pool();
  pool.helps(8, 0, 100);
  expect(pool.builder.snapshot().offLine.libraries).toEqual([]);
  pool.waits(1, 12, 0, 200, pool.waiting);
  expect(helped(pool.builder.snapshot(), 12)).toBe(0);
  pool.waits(1, 12, 200, 900, pool.waiting);
  expect(helped(pool.builder.snapshot(), 12)).toBe(100);
});

test('libraries are matched by file and by package; system libraries that every program uses are not', () => {
  const packages = '/home/me/lib/python3.12/site-packages';
  expect(libraryKeys(`${packages}/numpy.libs/libscipy_openblas64_-4b78795a.so`)).toEqual([
    `${packages}/numpy.libs/libscipy_openblas64_-4b78795a.so`,
    'package numpy',
  ]);
  expect(libraryKeys(`${packages}/numpy/_core/_multiarray_umath.so`)[1]).toBe('package numpy');
  expect(libraryKeys(`${packages}/_duckdb.abi3.so`)).toEqual([`${packages}/_duckdb.abi3.so`]);
  expect(libraryKeys('/usr/lib/x86_64-linux-gnu/libstdc++.so.6.0.30')).toEqual([]);
  expect(libraryKeys('/usr/lib/libgomp.so.1')).toEqual(['/usr/lib/libgomp.so.1']);
});
