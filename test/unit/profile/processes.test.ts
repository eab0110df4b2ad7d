import { expect, test } from 'vitest';
import { ms, Program, startNs } from '../recordings';

const at = (
  pid: number,
  ppid: number,
  afterMs: number,
  command: string,
  first?: Program,
): Program => {
  const header = { pid, ppid, startMonotonicNs: startNs + afterMs * ms };
  const program = new Program(header, first?.builder, ['python3', command]);
  program.thread(1, pid);
  return program;
};

test('a process that calls exec is one process and one thread', () => {
  const before = at(200, 1, 0, 'before.py');
  before.samples(3, { stack: before.stack('before.py:main:1:3') });
  before.exec(4);
  const after = at(200, 1, 10, 'after.py', before);
  after.samples(5, { stack: after.stack('after.py:main:1:3') });
  after.end(7, 6);
  const { processes, threads, cpuNs, elapsedNs } = before.builder.snapshot();
  expect(processes).toMatchObject([
    { pid: 200, command: ['python3', 'after.py'], exit: 7, samples: 8, cpuNs: 10 * ms },
  ]);
  expect(processes[0]!.elapsedNs).toBe(15 * ms);
  expect([cpuNs, elapsedNs]).toEqual([10 * ms, 15 * ms]);
  expect(threads).toMatchObject([{ pid: 200, tid: 200, name: 'MainThread', cpuNs: 8 * ms }]);
  const { tables } = before.builder.flameSince(0);
  expect(new Set(tables.threads.map(({ id }) => id)).size).toBe(1);
  expect(tables.threads.map(({ time }) => [...time])).toEqual([[0], [10 * ms]]);
});

test('after exec the track continues only when the recording before has been read to its end', () => {
  const before = at(200, 1, 0, 'before.py');
  before.sample({ stack: before.stack('before.py:main:1:3') });
  const after = at(200, 1, 10, 'after.py', before);
  after.sample({ stack: after.stack('after.py:main:1:3') });
  const first = before.builder.flameSince(0);
  expect(first.tables.threads.map(({ time }) => [...time])).toEqual([[0]]);
  before.sample({ stack: before.stack('before.py:main:1:4') });
  before.exec(2);
  const second = before.builder.flameSince(first.cursor);
  expect(second.tables.threads.map(({ time }) => [...time])).toEqual([[ms], [10 * ms]]);
});

test('a process number that is used again is another process', () => {
  const one = at(200, 1, 0, 'one.py');
  one.sample();
  one.end(0, 1);
  const two = at(200, 1, 10, 'two.py', one);
  two.sample();
  two.end(0, 1);
  const { processes, threads } = one.builder.snapshot();
  expect(processes.map(({ command }) => command[1])).toEqual(['one.py', 'two.py']);
  expect(threads).toHaveLength(2);
});

test('a fork that only starts another program is counted for its parent', () => {
  const parent = at(100, 1, 0, 'parent.py');
  parent.samples(2, { stack: parent.stack('parent.py:main:1:3') });
  const shell = at(101, 100, 1, 'parent.py', parent);
  // A tick may meet it on the way.
  shell.sample({ stack: shell.stack('subprocess.py:_execute_child:1:3') });
  shell.exec(1);
  const python = at(102, 100, 2, 'parent.py', parent);
  python.exec(1);
  const image = at(102, 100, 3, 'child.py', parent);
  image.sample({ stack: image.stack('child.py:main:1:3') });
  image.end(0, 2);
  parent.end(0, 3);
  const { processes, threads, cpuNs } = parent.builder.snapshot();
  expect(processes.map(({ pid, command, cpuNs: cpu }) => [pid, command[1], cpu / ms])).toEqual([
    [100, 'parent.py', 4],
    [102, 'child.py', 3],
  ]);
  expect(cpuNs).toBe(7 * ms);
  expect(threads.map(({ pid }) => pid)).toEqual([100, 102]);
  expect(parent.builder.flameSince(0).tables.threads.map(({ pid }) => pid)).toEqual([100, 102]);
});

test('a program that calls exec at once is still listed', () => {
  const only = at(100, 1, 0, 'only.py');
  only.exec(1);
  expect(only.builder.snapshot().processes).toMatchObject([{ pid: 100 }]);
});

test('processes are listed as a tree, children in the order they started', () => {
  const root = at(100, 1, 0, 'root.py');
  for (const [pid, ppid, start] of [
    [300, 100, 5],
    [200, 100, 9],
    [400, 300, 20],
    [150, 400, 30],
    [500, 7, 1],
  ] as const) {
    at(pid, ppid, start, 'child.py', root).sample();
  }
  const pids = root.builder.snapshot().processes.map(({ pid }) => pid);
  expect(pids).toEqual([100, 300, 400, 150, 200, 500]);
});

test('the child of a shell that is counted for its parent is listed', () => {
  const parent = at(100, 1, 0, 'parent.py');
  parent.samples(2, { stack: parent.stack('parent.py:main:1:3') });
  const shell = at(101, 100, 1, 'parent.py', parent);
  shell.exec(1);
  const child = at(102, 101, 2, 'child.py', parent);
  child.samples(3, { stack: child.stack('child.py:main:1:3') });
  child.end(0, 3);
  parent.end(0, 3);
  const { processes } = parent.builder.snapshot();
  expect(processes.map(({ command }) => command[1])).toEqual(['parent.py', 'child.py']);
});
