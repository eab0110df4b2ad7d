/** Threads: who works, who waits, for what, and that nobody's waiting is disturbed. */
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { Folders, mark, profile, program, run } from '../programs';
import { pythons } from '../pythons';
import { cpu, lineOf, percent } from '../report';

const folders = new Folders();
afterAll(() => folders.clear());

describe.each(pythons)('Python $name', (python) => {
  test('threads idle in queue.get() wait on that line and have no CPU time', async () => {
    const path = program('waits/idle_threads.py');
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

  test('two threads that compete for the interpreter lock each have their CPU time, and wait for the lock', async () => {
    const path = program('waits/gil_fight.py');
    const { report, stdout } = await profile(python.path, [path], folders.make());
    const told = stdout
      .trim()
      .split('\n')
      .map((line) => line.split(' ').map(Number));
    const wall = told.reduce((sum, [, , seconds]) => sum + seconds!, 0);
    const queued = report.threads.reduce((sum, { queue_s }) => sum + queue_s!, 0);
    // 1 s of CPU each, side by side for most of the time: what is left of their time is waiting for the lock, or a core.
    expect(report.total.gil_s).toBeGreaterThan(0.4 * (wall - 2 - queued));
    expect(report.total.gil_s + queued).toBeGreaterThan(0.3);
    expect(report.total.gil_s).toBeLessThan(1.05 * (wall - 2) + 0.1);
    const workers = report.threads.filter(({ cpu_s }) => cpu_s > 0.5);
    expect(workers).toHaveLength(2);
    for (const { cpu_s } of workers) {
      expect(cpu_s).toBeGreaterThan(0.97);
      expect(cpu_s).toBeLessThan(1.06);
    }
  });

  test('sleeping, selecting and waiting for a process are waiting time on their lines', async () => {
    const path = program('waits/sleeper.py');
    const { report, stdout } = await profile(python.path, [path], folders.make());
    const [slept = 0, selected = 0, ran = 0] = stdout.split(' ').map(Number);
    for (const [name, seconds] of [
      ['sleep', slept],
      ['select', selected],
      ['subprocess', ran],
    ] as const) {
      const { total } = lineOf(report, path, mark(path, name));
      // A process that only waits is looked at twenty times a second, so the end of a wait is known to 0.05 s. The program's
      // clock also counts the time until a core was free.
      const woken = total.wait_s + (total.queue_s ?? 0);
      expect(Math.abs(woken - seconds), name).toBeLessThan(0.1);
      expect(cpu(total), name).toBeLessThan(0.05);
      expect(total.gil_s, name).toBe(0);
    }
  });

  test('other waiting is told apart from waiting for the interpreter lock', async () => {
    const path = program('waits/waits.py');
    const { report, stdout } = await profile(python.path, [path], folders.make());
    const told = stdout
      .trim()
      .split('\n')
      .map((line) => line.split(' '));
    expect(told).toHaveLength(12);
    const missed: string[] = [];
    for (const [name, seconds] of told) {
      const { total } = lineOf(report, path, mark(path, name!));
      // Each took 0.4 s, and what winning the interpreter lock from two others took, which may have to wait for a core
      // themselves while they hold it.
      expect(Number(seconds), name).toBeGreaterThan(0.39);
      const woken = total.wait_s + (total.queue_s ?? 0);
      if (Math.abs(woken - Number(seconds)) > 0.25) missed.push(name!);
      expect(total.gil_s, name).toBeLessThan(0.5 * Number(seconds));
    }
    // On a machine that stands still for as long as one of them lasts, nobody has seen that one.
    expect(missed.slice(1)).toEqual([]);
    const burners = report.threads.filter(({ name }) => name === 'burner');
    expect(burners).toHaveLength(2);
    // The two who want nothing else wait for it about half of their time in which there is a core.
    const { wall_s, queue_s } = burners[0]!;
    expect(report.total.gil_s).toBeGreaterThan(0.35 * (wall_s - queue_s!));
  });

  test('naps shorter than the watcher’s interval are charged to their line', async () => {
    const path = program('waits/naps.py');
    const { report, stdout } = await profile(python.path, [path], folders.make());
    const nap = lineOf(report, path, mark(path, 'nap')).total.wait_s;
    const [slept = 0, lost = 0] = stdout.split(' ').map(Number);
    expect(nap).toBeGreaterThan(0.95 * report.total.wait_s - 0.1);
    // A virtual machine that stands still in the middle of work counts as waiting: the kernel says so of no thread.
    const { queue_s } = lineOf(report, path, mark(path, 'call')).total;
    const stolen = Math.max(0, lost - (queue_s ?? 0));
    expect(nap).toBeLessThan(slept * 1.02 + stolen);
    expect(lineOf(report, path, mark(path, 'compute')).total.wait_s).toBeLessThan(0.06 * nap);
  });

  test('threads have the names that Python gives them', async () => {
    const { report } = await profile(
      python.path,
      [program('waits/thread_names.py')],
      folders.make(),
    );
    const names = report.threads.map(({ name }) => name).sort();
    expect(names).toEqual(
      [
        'MainThread',
        'after',
        'plain',
        'pool_0',
        'pool_1',
        'wörker',
        'x'.repeat(95),
        '日本語',
      ].sort(),
    );
  });

  test('threads that never run Python are listed with their CPU time and waiting', async () => {
    const library = join(folders.make(), 'native_threads.so');
    const words = ['-shared', '-fPIC', '-O2', '-o', library, program('waits/native_threads.c')];
    expect(await run('cc', [...words, '-lpthread'])).toMatchObject({ code: 0 });
    const path = program('waits/native_threads.py');
    const { report } = await profile(python.path, [path, library], folders.make());
    const native = report.threads.filter(({ name }) => name !== 'MainThread');
    expect(native).toHaveLength(2);
    for (const thread of native) {
      expect(thread.cpu_s).toBeGreaterThan(0.6);
      expect(thread.cpu_s).toBeLessThan(0.64);
      expect(thread.wall_s).toBeGreaterThan(1.08);
    }
    // Theirs, and that of the thread that waits for them.
    const { total } = lineOf(report, path, mark(path, 'join'));
    const joined = total.wait_s;
    expect(report.total.wait_s - joined).toBeGreaterThan(2 * 0.45);
    // What they do belongs to the line that waits for them, once that is known: where others keep the watcher from its core,
    // the thread that waits is seen late.
    expect(report.total.helper_s).toBeGreaterThan(0.85);
    expect(total.helper_s).toBeGreaterThan(0.8);
    expect(total.helper_s).toBeLessThan(1.28);
  });

  test('threads with their own subinterpreter run on, and are on the right lines', async () => {
    const path = program('waits/subinterpreters.py');
    const { report, stdout, code } = await profile(python.path, [path], folders.make());
    expect(code).toBe(0);
    const used = stdout.trim().split(' ').map(Number);
    const threads = report.threads.filter(({ name }) => name === 'own interpreter');
    expect(threads).toHaveLength(3);
    for (const { cpu_s } of threads) expect(cpu_s).toBeGreaterThan(0.95 * Math.min(...used));
    // Lines of their own, also while they hold no lock, and what they wait for.
    const inner = report.files.find((file) => /^<(string|script)>$/.test(file.path));
    const lines = inner?.lines ?? [];
    const sum = (costs: number[]): number => costs.reduce((all, cost) => all + cost, 0);
    expect(sum(lines.map((line) => cpu(line.self)))).toBeGreaterThan(0.8 * sum(used));
    // As long as each of them slept; the last line of the code.
    const last = lines.find((line) => line.line === 13);
    expect(last!.self.wait_s).toBeGreaterThan(3 * 0.3 * 0.8);
    expect(lineOf(report, path, mark(path, 'run')).self.wait_s).toBeLessThan(0.1);
  });

  test('threads that end before their first tick are charged to the lines of similar threads', async () => {
    const path = program('waits/brief_threads.py');
    const { report, stdout } = await profile(python.path, [path], folders.make());
    const told = stdout.trim().split(' ').map(Number);
    const whole = told.reduce((sum, seconds) => sum + seconds, 0);
    const seen = ['most', 'less', 'little'].map((name) =>
      cpu(lineOf(report, path, mark(path, name)).total),
    );
    const found = seen.reduce((sum, seconds) => sum + seconds, 0);
    expect(found).toBeGreaterThan(0.9 * whole);
    // Few ticks meet such threads. Charged to one line only, or evenly, they are off by 20 points and more.
    told.forEach((seconds, at) => {
      expect(Math.abs(percent(seen[at]!, found) - percent(seconds, whole))).toBeLessThan(16);
    });
    expect(report.notes.map(({ text }) => text).join()).toContain('is an estimate');
    const threads = report.threads.reduce((sum, { cpu_s }) => sum + cpu_s, 0);
    expect(cpu(report.total)).toBeGreaterThan(0.99 * threads);
    expect(cpu(report.total)).toBeLessThan(1.01 * threads);
  });

  test('two hundred short threads lose no CPU time', async () => {
    const { report, stdout } = await profile(
      python.path,
      [program('waits/short_threads.py')],
      folders.make(),
    );
    expect(report.threads.length).toBe(201);
    const program_s = Number(stdout);
    expect(cpu(report.total)).toBeGreaterThan(0.96 * (program_s - report.agent_cpu_s));
    expect(cpu(report.total)).toBeLessThan(1.02 * program_s + 0.02);
    expect(report.dropped).toBe(0);
  });
});
