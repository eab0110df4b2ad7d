/** The work of threads without Python code belongs to the line that waits for it, or computes with it. */
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { allowedPoints, pointsOff, truthOf, truthProgram } from '../../ecosystem/truth/score';
import { reportProblems } from '../../reportSchema';
import { Folders, mark, profile, program, run } from '../programs';
import { fewPythons, numpyFolder, pythons } from '../pythons';
import { cpu, lineOf } from '../report';

const folders = new Folders();
let libraries: string[] = [];

beforeAll(async () => {
  const folder = folders.make();
  libraries = ['first.so', 'second.so'].map((name) => join(folder, name));
  for (const library of libraries) {
    const words = ['-shared', '-fPIC', '-O2', '-o', library, program('time/helper_pool.c')];
    expect(await run('cc', [...words, '-lpthread'])).toMatchObject({ code: 0 });
  }
});
afterAll(() => folders.clear());

describe.each(pythons)('Python $name', (python) => {
  test('helpers’ time is on the line that called their library, also for work after the call', async () => {
    const path = program('time/helper_pool.py');
    const ended = await profile(python.path, [path, ...libraries], folders.make());
    const { report, stdout, code } = ended;
    expect(code).toBe(0);
    expect(reportProblems(report)).toEqual([]);
    const told = new Map(
      stdout
        .trim()
        .split('\n')
        .map((line) => line.split(' ') as [string, string])
        .map(([name, seconds]) => [name, Number(seconds)]),
    );
    const helped = (name: string): number => lineOf(report, path, mark(path, name)).self.helper_s;
    // Seconds of both helpers, as the program asked for them. On a busy machine it is not known to a few milliseconds when a
    // call began and ended, more of them for one line and fewer for the next.
    const points = 0.05 * report.cpu_s;
    const expected = [
      ['waits', 12 * 2 * 0.02],
      ['works', 12 * 2 * 0.02],
      ['spins', 12 * 2 * 0.04],
      ['first', 10 * 2 * 0.03],
      ['second', 10 * 2 * 0.01],
    ] as const;
    console.log(
      `${python.name}: ${expected.map(([name, seconds]) => `${name} ${helped(name).toFixed(2)} of ${seconds.toFixed(2)} s`).join(', ')}`,
    );
    // Where threads lack cores, helpers still spin when the next call begins, and a caller is back from its wait but does
    // not run: who works for whom blurs by as much. On an idle machine that is next to nothing.
    const blurred = report.total.queue_s ?? 0;
    for (const [name, seconds] of expected) {
      expect(Math.abs(helped(name) - seconds), name).toBeLessThan(points + blurred);
      // What the program's own clocks say, our watcher's time among it.
      const clocks = told.get(name);
      if (clocks !== undefined) {
        const after = name === 'spins' ? 0.5 : 1;
        expect(clocks, name).toBeGreaterThan(seconds * after * 0.98);
      }
    }
    for (const name of ['python', 'third']) {
      expect(helped(name), name).toBe(0);
    }
    expect(lineOf(report, path, mark(path, 'waits'))).toMatchObject({ helper_threads: 2 });
    // Nothing is lost, and nothing counted twice.
    const lines = report.files.flatMap((file) => file.lines);
    const onLines = lines.reduce((sum, { self }) => sum + cpu(self), 0);
    expect(onLines).toBeLessThan(cpu(report.total) + 1e-6);
    // What they did after the call is said.
    const spun = lineOf(report, path, mark(path, 'spins')).self.helper_after_s;
    expect(Math.abs(spun - 12 * 2 * 0.02)).toBeLessThan(points + blurred);
    expect(Math.abs(cpu(report.total) + report.agent_cpu_s - report.cpu_s)).toBeLessThan(
      0.02 * report.cpu_s + 0.05,
    );
  });

  test('a matrix multiplication on two cores has the time of both', async () => {
    const path = program('time/numpy_two_threads.py');
    const env = { PYTHONPATH: await numpyFolder(python), OPENBLAS_NUM_THREADS: '2' };
    const { report, stdout } = await profile(python.path, [path], folders.make(), { env });
    const [own = 0, others = 0] = stdout.split(' ').map(Number);
    const { self } = lineOf(report, path, mark(path, 'multiply'));
    console.log(`${python.name}: own ${own}, others ${others}; ${JSON.stringify(self)}`);
    // The program's clocks count our watcher among the others.
    const points = 0.03 * report.cpu_s + report.agent_cpu_s;
    expect(self.helper_s).toBeGreaterThan(others - points);
    // Those clocks stop with the call; on a busy machine what the pool does after it takes long.
    expect(self.helper_s - self.helper_after_s).toBeLessThan(others + points);
    expect(cpu(self)).toBeGreaterThan(0.95 * (own + others) - report.agent_cpu_s);
  });
});

// Long enough for a line's share to be known to a point: some 250 samples a second.
describe.each(fewPythons)('Python $name', (python) => {
  test('lines get as much of a pool’s time as the program itself measures', async () => {
    const env = { PYTHONPATH: await numpyFolder(python) };
    const found = await truthOf(python.path, truthProgram('numpy_.py'), folders.make(), env);
    // Where threads lack cores, it is not known to a few milliseconds who was where: see above.
    const { total, cpu_s } = found.report;
    const blurred = Math.min(5, (10 * (total.queue_s ?? 0)) / cpu_s);
    for (const score of found.scores) {
      const { line, expected, measured, helpers, after } = score;
      console.log(
        `${python.name}: ${line} ${measured.toFixed(1)} of ${expected.toFixed(1)} %, helpers ${helpers.toFixed(1)}, after the call ${after.toFixed(1)}; may blur by ${blurred.toFixed(1)}`,
      );
      const sampled = Math.sqrt((expected * (100 - expected)) / found.report.samples);
      expect(pointsOff(score), line).toBeLessThan(allowedPoints + blurred + sampled);
      // numpy's own code has no threads, and a pool that spins meanwhile does not work for it.
      if (line === 'sort' || line === 'rest') expect(helpers, line).toBe(0);
    }
  });
});
