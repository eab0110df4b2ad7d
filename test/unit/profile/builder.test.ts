import { expect, test } from 'vitest';
import { cpuOf, wallOf } from '../../../profile/cost';
import type { Cost, LineCost, Profile } from '../../../profile/types';
import { callEdges } from '../../../profile/view/edges';
import { addOpcode, header, ms, Program, startNs } from '../recordings';
import { below, seeded } from '../random';

function lineOf(profile: Profile, path: string, line: number): LineCost {
  const found = profile.files.get(path)?.lines.find((candidate) => candidate.line === line);
  expect(found, `${path}:${line}`).toBeDefined();
  return found!;
}

function inMs(cost: Cost): Record<string, number> {
  const entries = Object.entries(cost).filter(([, value]) => value !== 0);
  return Object.fromEntries(
    entries.map(([name, value]) => [name, name === 'samples' ? value : value / ms]),
  );
}

test('self time is charged to the innermost line, total time to every line of the stack', () => {
  const program = new Program();
  program.samples(3, { stack: program.stack('a.py:main:1:3', '/lib/b.py:work:10:12') });
  program.samples(2, { stack: program.stack('a.py:main:1:3') });
  const profile = program.builder.snapshot();
  const main = lineOf(profile, '/project/a.py', 3);
  const work = lineOf(profile, '/lib/b.py', 12);
  expect(inMs(main.self)).toEqual({ python: 2, samples: 2 });
  expect(inMs(main.total)).toEqual({ python: 5, samples: 5 });
  expect(inMs(work.self)).toEqual({ python: 3, samples: 3 });
  expect(work.function).toBe('work');
  expect(inMs(profile.total)).toEqual({ python: 5, samples: 5 });
  expect(profile.files.get('/project/a.py')?.functions).toMatchObject([
    { name: 'main', qualname: 'main', line: 1 },
  ]);
});

test('recursion is counted once in totals, by line and by function', () => {
  const program = new Program();
  const stack = program.stack('a.py:main:1:2', 'a.py:f:5:6', 'a.py:f:5:7', 'a.py:f:5:6');
  program.samples(4, { stack });
  const profile = program.builder.snapshot();
  expect(inMs(lineOf(profile, '/project/a.py', 6).total)).toEqual({ python: 4, samples: 4 });
  expect(inMs(lineOf(profile, '/project/a.py', 7).total)).toEqual({ python: 4, samples: 4 });
  const f = profile.files.get('/project/a.py')?.functions.find(({ name }) => name === 'f');
  expect(inMs(f!.total)).toEqual({ python: 4, samples: 4 });
});

test('a line shared with a generator expression is counted for the function around it', () => {
  const program = new Program();
  program.sample({ stack: program.stack('a.py:<module>:1:1') });
  program.sample({ stack: program.stack('a.py:f:1:2', 'a.py:<genexpr>:2:2') });
  const profile = program.builder.snapshot();
  const line = lineOf(profile, '/project/a.py', 2);
  expect(line.function).toBe('f');
  expect(inMs(line.self)).toEqual(inMs(line.total));
});

test('Python, runtime and native time are told apart by native frames and opcode', () => {
  const program = new Program();
  const stack = program.stack('a.py:main:1:3');
  program.sample({ stack });
  program.sample({ stack, native: program.native('interpreter:long_add'), opcode: addOpcode });
  program.samples(2, { stack, native: program.native('other:multiply', 'libc:memcpy') });
  program.sample({
    stack,
    native: program.native('interpreter:cfunction_vectorcall_O', 'interpreter:builtin_sum'),
  });
  program.sample({ stack, native: program.native('other:?') });
  const line = lineOf(program.builder.snapshot(), '/project/a.py', 3);
  expect(inMs(line.self)).toEqual({ python: 2, runtime: 1, native: 4, samples: 6 });
  expect(line.natives).toEqual([
    { symbol: 'multiply', module: 'other.so', self: 2 * ms },
    { symbol: 'builtin_sum', module: 'interpreter.so', self: ms },
    { symbol: 'other.so+0xdead', module: 'other.so', self: ms },
  ]);
});

test('system time is the whole time in a system call, and page faults as the kernel counts them', () => {
  const program = new Program();
  const stack = program.stack('a.py:main:1:3');
  const other = program.stack('a.py:main:1:4');
  // Two milliseconds in calls, seen as they happen and counted by the kernel one tick later.
  program.samples(2, { stack, inSyscall: true });
  program.sample({ stack: other, systemNs: 2 * ms });
  // A tick of faults.
  program.sample({ stack: other, systemNs: 4 * ms });
  program.samples(5, { stack: other });
  const profile = program.builder.snapshot();
  expect(inMs(lineOf(profile, '/project/a.py', 3).self)).toEqual({ system: 2, samples: 2 });
  expect(inMs(lineOf(profile, '/project/a.py', 4).self)).toEqual({
    system: 4,
    python: 3,
    samples: 7,
  });
});

test('waiting is wall time off the CPU, and includes waiting for the GIL', () => {
  const program = new Program();
  const stack = program.stack('a.py:main:1:3');
  program.sample({ stack, state: 'waiting', cpuNs: 0.5 * ms, wallNs: 100 * ms });
  program.sample({ stack, state: 'gil', cpuNs: 0, wallNs: 10 * ms });
  program.sample({ stack, cpuNs: ms, wallNs: 4 * ms });
  program.sample({ stack, cpuNs: ms, wallNs: 0.9 * ms });
  const line = lineOf(program.builder.snapshot(), '/project/a.py', 3);
  expect(inMs(line.self)).toEqual({ python: 2.5, wait: 112.5, gil: 10, samples: 4 });
});

test('time without a core is part of wall time, apart from waiting, and adds no sample', () => {
  const program = new Program();
  const stack = program.stack('a.py:main:1:3');
  program.sample({ stack, cpuNs: ms, wallNs: ms });
  program.queue({ stack, wallNs: 7 * ms });
  program.sample({ stack, cpuNs: ms, wallNs: ms });
  const profile = program.builder.snapshot();
  const { self } = lineOf(profile, '/project/a.py', 3);
  expect(inMs(self)).toEqual({ python: 2, queue: 7, samples: 2 });
  expect([cpuOf(self), wallOf(self)]).toEqual([2 * ms, 9 * ms]);
  expect(profile.threads).toMatchObject([{ wallNs: 9 * ms, queueNs: 7 * ms, waitNs: 0 }]);
});

test('a process says whether its time without a core is known', () => {
  const program = new Program();
  program.samples(1, { stack: program.stack('a.py:main:1:3') });
  const stats = { kind: 'stats', timeNs: 1, processCpuNs: 2, agentCpuNs: 3, samples: 4 } as const;
  const rest = { ticks: 0, dropped: 0, rejected: 0, late: 0 };
  expect(program.builder.snapshot().isQueueKnown).toBe(false);
  program.record({ ...stats, ...rest, queueNs: null });
  expect(program.builder.snapshot().isQueueKnown).toBe(false);
  program.record({ ...stats, ...rest, queueNs: 0 });
  expect(program.builder.snapshot().isQueueKnown).toBe(true);
});

test('time without a line is counted in the totals only', () => {
  const program = new Program();
  const stack = program.stack('a.py:main:1:3');
  program.sample({ noPython: true, native: program.native('other:blas') });
  program.sample({ noPython: true, native: program.native('interpreter:init') });
  program.sample({ stack });
  program.sample({ remainder: true, cpuNs: 0.5 * ms, wallNs: 0.5 * ms });
  program.sample({ stack, remainder: true, cpuNs: 0.25 * ms });
  const profile = program.builder.snapshot();
  expect(inMs(profile.total)).toEqual({
    python: 2.75,
    runtime: 1,
    native: 1,
    wait: 0.75,
    samples: 3,
  });
  expect(profile.samples).toBe(3);
  expect(inMs(lineOf(profile, '/project/a.py', 3).self)).toEqual({
    python: 1.25,
    wait: 0.75,
    samples: 1,
  });
});

test('samples may name code that is recorded after them', () => {
  const program = new Program();
  program.record({ kind: 'stack', parent: 0, code: 77, instruction: 2, between: 0 });
  program.sample({ stack: 1 });
  const before = program.builder.snapshot();
  expect(before.files.size).toBe(0);
  expect(inMs(before.total)).toEqual({ python: 1, samples: 1 });
  expect(program.builder.flameSince(0).tables.threads[0]?.stack.length ?? 0).toBe(0);
  program.record({
    kind: 'code',
    code: 77,
    firstLine: 4,
    filename: './x/../late.py',
    name: 'late',
    qualname: 'C.late',
    lineTable: Uint8Array.of(0, 0, 2, 1),
  });
  program.sample({ stack: 1 });
  const line = lineOf(program.builder.snapshot(), '/project/late.py', 5);
  expect(inMs(line.self)).toEqual({ python: 2, samples: 2 });
  expect(line.function).toBe('C.late');
  expect(before.files.size).toBe(0);
});

test('a recording that ends before its code has a note, and loses no time', () => {
  const program = new Program();
  program.record({ kind: 'stack', parent: 0, code: 77, instruction: 2, between: 0 });
  program.sample({ stack: 1 });
  program.sample({ stack: 99 });
  program.feed.finish('lost');
  const profile = program.builder.snapshot();
  expect(inMs(profile.total)).toEqual({ python: 1, native: 1, samples: 2 });
  expect(profile.processes[0]).toMatchObject({ state: 'lost', samples: 2 });
  expect(profile.processes[0]?.notes).toHaveLength(2);
  const { tables } = program.builder.flameSince(0);
  expect(tables.strings[tables.functions.name[0]!]).toBe('(unknown function)');
});

test('frames that CPython inserts by itself are skipped', () => {
  const program = new Program();
  program.stack('a.py:main:1:3');
  const shim = { code: 5, firstLine: 0, filename: '__init__', name: '__init__' };
  program.record({ kind: 'code', ...shim, qualname: '__init__', lineTable: new Uint8Array(0) });
  const code = program.code('a.py', 'A.__init__', 10);
  program.record({ kind: 'stack', parent: 1, code: 5, instruction: 0, between: 0 });
  program.record({ kind: 'stack', parent: 2, code, instruction: 2, between: 0 });
  program.sample({ stack: 2 });
  program.samples(2, { stack: 3 });
  const profile = program.builder.snapshot();
  expect([...profile.files.keys()]).toEqual(['/project/a.py']);
  const main = lineOf(profile, '/project/a.py', 3);
  expect([main.self.samples, main.total.samples]).toEqual([1, 3]);
  expect(callEdges(program.builder, '/project/a.py', 11).callers).toMatchObject([
    { line: 3, function: 'main' },
  ]);
  const { strings } = program.builder.flameSince(0).tables;
  expect(strings).not.toContain('__init__');
});

test('callers and callees of a line add up its total', () => {
  const program = new Program();
  const inner = 'a.py:work:10:12';
  program.samples(3, { stack: program.stack('a.py:main:1:3', inner, 'a.py:leaf:20:21') });
  program.samples(2, { stack: program.stack('a.py:main:1:4', inner, 'a.py:work:10:12') });
  program.samples(1, { stack: program.stack('a.py:main:1:3', inner, 'a.py:leaf:20:22') });
  const { callers, callees } = callEdges(program.builder, '/project/a.py', 12);
  expect(callers.map(({ line, function: name, total }) => [line, name, total.samples])).toEqual([
    [3, 'main', 4],
    [4, 'main', 2],
  ]);
  expect(callees.map(({ line, function: name, total }) => [line, name, total.samples])).toEqual([
    [20, 'leaf', 4],
  ]);
});

test('processes and threads have their command, times and names', () => {
  const program = new Program();
  program.thread(1, 100);
  program.thread(2, 101, 'worker');
  program.sample({ thread: 2, stack: program.stack('a.py:main:1:3') });
  program.record({
    kind: 'stats',
    timeNs: 50 * ms,
    processCpuNs: 40 * ms,
    agentCpuNs: ms,
    samples: 1,
    ticks: 2,
    dropped: 3,
    rejected: 4,
    late: 5,
    queueNs: null,
  });
  const child = new Program(
    { pid: 200, ppid: 100, startMonotonicNs: startNs + 10 * ms },
    program.builder,
  );
  child.thread(1, 200);
  child.sample({ stack: child.stack('a.py:main:1:3') });
  child.record({ kind: 'end', timeNs: 90 * ms, exit: 3, processCpuNs: 7 * ms, peakBytes: 1e6 });
  child.record({ kind: 'note', severity: 'warning', text: 'Careful.' });
  child.feed.finish('ended');
  program.feed.header({ ...header, heartbeatNs: startNs + 60 * ms, processCpuNs: 41 * ms });
  const profile = program.builder.snapshot();
  expect(profile).toMatchObject({ cpuNs: 48 * ms, elapsedNs: 100 * ms, samples: 2, dropped: 3 });
  expect(profile.processes).toMatchObject([
    {
      pid: 100,
      elapsedNs: 60 * ms,
      cpuNs: 41 * ms,
      agentCpuNs: ms,
      exit: null,
      state: 'running',
      late: 5,
    },
    {
      pid: 200,
      ppid: 100,
      elapsedNs: 90 * ms,
      exit: 3,
      peakBytes: 1e6,
      notes: [{ text: 'Careful.' }],
    },
  ]);
  expect(profile.threads.map(({ pid, tid, name }) => [pid, tid, name])).toEqual([
    [100, 100, 'MainThread'],
    [100, 101, 'worker'],
    [200, 200, 'MainThread'],
  ]);
  expect(new Set(profile.threads.map(({ id }) => id)).size).toBe(3);
  expect(lineOf(profile, '/project/a.py', 3).self.samples).toBe(2);
});

test('a snapshot never changes, and the next one reuses the objects of unchanged files', () => {
  const program = new Program();
  const a = program.stack('a.py:main:1:3');
  const b = program.stack('b.py:main:1:3');
  program.sample({ stack: a });
  program.sample({ stack: b });
  const first = program.builder.snapshot();
  program.sample({ stack: a });
  const second = program.builder.snapshot();
  expect(second.files.get('/project/b.py')).toBe(first.files.get('/project/b.py'));
  expect(lineOf(first, '/project/a.py', 3).self.samples).toBe(1);
  expect(lineOf(second, '/project/a.py', 3).self.samples).toBe(2);
});

test('CPU time and wall time add up to the nanosecond for random records', () => {
  const random = seeded(17);
  const program = new Program();
  const files = ['a.py', 'b.py', '<string>'];
  const natives = [0, program.native('other:x'), program.native('interpreter:y', 'libc:z')];
  let cpu = 0;
  let wall = 0;
  for (let round = 0; round < 5000; round++) {
    const frames = Array.from({ length: 1 + below(random, 12) }, () => {
      const first = 1 + 10 * below(random, 3);
      return `${files[below(random, 3)]}:f${first}:${first}:${first + below(random, 9)}`;
    });
    const cpuNs = below(random, 2 * ms);
    const wallNs = cpuNs + below(random, 2) * below(random, 5 * ms);
    const state = (['running', 'running', 'running', 'waiting', 'gil'] as const)[below(random, 5)]!;
    program.sample({
      thread: 1 + below(random, 3),
      state,
      inSyscall: random() < 0.1,
      cpuNs,
      wallNs,
      systemNs: random() < 0.05 ? 4 * ms : 0,
      stack: program.stack(...frames),
      native: natives[below(random, 3)]!,
      opcode: random() < 0.5 ? 131 : 23,
    });
    cpu += cpuNs;
    wall += wallNs;
    if (round % 500 === 0) {
      program.builder.snapshot();
    }
  }
  const profile = program.builder.snapshot();
  const lines = [...profile.files.values()].flatMap((file) => file.lines);
  const sum = (of: (line: LineCost) => number): number =>
    lines.reduce((all, line) => all + of(line), 0);
  expect(cpuOf(profile.total)).toBe(cpu);
  expect(wallOf(profile.total)).toBe(wall);
  expect(sum(({ self }) => cpuOf(self))).toBe(cpu);
  expect(sum(({ self }) => self.samples)).toBe(5000);
  for (const { self, total } of lines) {
    expect(wallOf(total)).toBeGreaterThanOrEqual(wallOf(self));
    expect(wallOf(total)).toBeLessThanOrEqual(wall);
    expect(self.runtime).toBeLessThanOrEqual(self.python);
    expect(self.gil).toBeLessThanOrEqual(self.wait);
  }
});
