/** Threads: who works, who waits, for what, and that nobody's waiting is disturbed. */
import { afterAll, describe, expect, test } from 'vitest';
import { Folders, mark, profile, program, run, underAgent } from './programs';
import { pythons } from './pythons';
import { cpu, lineOf } from './report';

const folders = new Folders();
afterAll(() => folders.clear());

describe.each(pythons)('Python $name', (python) => {
  test('threads idle in queue.get() cost no CPU, and wait on that line', async () => {
    const path = program('idle_threads.py');
    const { report, stdout } = await profile(python.path, [path], folders.make());
    const idle = Number(stdout);
    const { total } = lineOf(report, path, mark(path, 'get'));
    expect(total.wait_s).toBeGreaterThan(4 * idle * 0.98);
    expect(total.wait_s).toBeLessThan(4 * idle * 1.05 + 0.1);
    expect(cpu(total)).toBeLessThan(0.01 * report.cpu_s);
    // A lock that a thread waits for is not the interpreter's.
    expect(total.gil_s).toBeLessThan(0.02 * total.wait_s);
    const [busiest = 0, ...others] = report.threads.map(({ cpu_s }) => cpu_s).sort((a, b) => b - a);
    expect(others).toHaveLength(4);
    expect(Math.max(...others)).toBeLessThan(0.02 * busiest);
  });

  test('two threads that fight for the interpreter lock each get half, and wait for it', async () => {
    const path = program('gil_fight.py');
    const { report, stdout } = await profile(python.path, [path], folders.make());
    const told = stdout
      .trim()
      .split('\n')
      .map((line) => line.split(' ').map(Number));
    const wall = told.reduce((sum, [, , seconds]) => sum + seconds!, 0);
    // 1 s of CPU each, side by side for most of the time: what is left of their time is waiting for the lock.
    expect(report.total.gil_s).toBeGreaterThan(0.4 * (wall - 2));
    expect(report.total.gil_s).toBeGreaterThan(0.3);
    expect(report.total.gil_s).toBeLessThan(1.05 * (wall - 2) + 0.1);
    const workers = report.threads.filter(({ cpu_s }) => cpu_s > 0.5);
    expect(workers).toHaveLength(2);
    for (const { cpu_s } of workers) {
      expect(cpu_s).toBeGreaterThan(0.97);
      expect(cpu_s).toBeLessThan(1.06);
    }
  });

  test('sleeping, selecting and waiting for a process are waits, on their lines', async () => {
    const path = program('sleeper.py');
    const { report, stdout } = await profile(python.path, [path], folders.make());
    const [slept = 0, selected = 0, ran = 0] = stdout.split(' ').map(Number);
    for (const [name, seconds] of [
      ['sleep', slept],
      ['select', selected],
      ['subprocess', ran],
    ] as const) {
      const { total } = lineOf(report, path, mark(path, name));
      // A process that only waits is looked at twenty times a second: where one wait ends is known that well.
      expect(Math.abs(total.wait_s - seconds), name).toBeLessThan(0.1);
      expect(cpu(total), name).toBeLessThan(0.05);
      expect(total.gil_s, name).toBe(0);
    }
  });

  test('two hundred short threads lose no CPU time', async () => {
    const { report, stdout } = await profile(
      python.path,
      [program('short_threads.py')],
      folders.make(),
    );
    expect(report.threads.length).toBe(201);
    const program_s = Number(stdout);
    expect(cpu(report.total)).toBeGreaterThan(0.96 * (program_s - report.agent_cpu_s));
    expect(cpu(report.total)).toBeLessThan(1.02 * program_s + 0.02);
    expect(report.dropped).toBe(0);
  });

  test.each(['1000', '100'])('no blocking call is interrupted, every %s µs', async (interval) => {
    const runDir = folders.make();
    const env = underAgent(runDir, { LINESCOPE_INTERVAL_US: interval });
    const ended = await run(python.path, [program('interrupts.py'), '3'], { env });
    expect(ended.code).toBe(0);
    const counts = ended.stdout
      .trim()
      .split('\n')
      .map((line) => line.split(' '));
    expect(counts.map(([name]) => name)).toEqual([
      'nanosleep',
      'poll',
      'select',
      'epoll_wait',
      'recv',
      'read',
    ]);
    for (const [name, calls, interrupted] of counts) {
      expect(Number(calls), name).toBeGreaterThan(20);
      expect(`${name}: ${interrupted}`).toBe(`${name}: 0`);
    }
  });
});
