/** Whether time goes where it was spent: programs whose cost is known, on every interpreter. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { Folders, mark, profile, program, recordings, run, show, underAgent } from '../programs';
import { numpyFolder, pythons } from '../pythons';
import { cpu, fileCost, lineOf, percent, type ReportCost } from '../report';
import { reportProblems } from '../../reportSchema';

const folders = new Folders();
afterAll(() => folders.clear());

test('at least one interpreter is found', () => {
  expect(pythons.map(({ name }) => name)).not.toEqual([]);
});

/** CPU seconds outside the kernel: a busy machine's kernel works in every program, in this one's time. */
function user(cost: ReportCost): number {
  return cost.python_s + cost.native_s;
}

describe.each(pythons)('Python $name', (python) => {
  test('a numpy multiplication is native time on its line', async () => {
    const path = program('time/numpy_multiply.py');
    const env = { PYTHONPATH: await numpyFolder(python), OPENBLAS_NUM_THREADS: '1' };
    const { report, stdout } = await profile(python.path, [path], folders.make(), { env });
    const { self } = lineOf(report, path, mark(path, 'multiply'));
    const compiled = self.native_s + self.system_s;
    const share = percent(cpu(self), Number(stdout));
    console.log(
      `${python.name}: ${share} % on the line, ${percent(self.native_s, cpu(self))} % of it native`,
    );
    // The program's clock also counts the watcher, which takes more where cores are short.
    expect(share + percent(report.agent_cpu_s, Number(stdout))).toBeGreaterThanOrEqual(95);
    expect(share).toBeLessThanOrEqual(102);
    // Fresh memory for the result is the kernel's work: not Python's, and not to be called native either.
    expect(percent(compiled, cpu(self))).toBeGreaterThanOrEqual(95);
  });

  test('half of the time is native in sorted(), and half is Python in a loop', async () => {
    const path = program('time/sorted_vs_loop.py');
    const { report, stdout } = await profile(python.path, [path, '2'], folders.make());
    const [sorting = 0, looping = 0] = stdout.split(' ').map(Number);
    const sorted = lineOf(report, path, mark(path, 'sorted')).self;
    const loop = [mark(path, 'for'), mark(path, 'add')].map(
      (line) => lineOf(report, path, line).self,
    );
    const loopCpu = loop.reduce((sum, cost) => sum + cpu(cost), 0);
    const loopUser = loop.reduce((sum, cost) => sum + user(cost), 0);
    const loopPython = loop.reduce((sum, cost) => sum + cost.python_s, 0);
    const share = percent(cpu(sorted), cpu(sorted) + loopCpu);
    const truth = percent(sorting, sorting + looping);
    console.log(
      `${python.name}: sorted ${share} % (true ${truth} %), native ${percent(sorted.native_s, user(sorted))} %, loop python ${percent(loopPython, loopUser)} %`,
    );
    expect(Math.abs(share - truth)).toBeLessThanOrEqual(3);
    expect(percent(sorted.native_s, user(sorted))).toBeGreaterThanOrEqual(95);
    expect(percent(loopPython, loopUser)).toBeGreaterThanOrEqual(95);
  });

  test('modules whose code had the same address are told apart', async () => {
    const { report } = await profile(python.path, [program('time/reused_code.py')], folders.make());
    for (const path of ['/first.py', '/second.py', '/third.py']) {
      expect(cpu(fileCost(report, path)), path).toBeGreaterThan(0.25);
      expect(cpu(fileCost(report, path)), path).toBeLessThan(0.35);
    }
  });

  test('calls from Python to Python are Python time', async () => {
    const path = program('time/calls.py');
    const { report } = await profile(python.path, [path], folders.make());
    const cost = fileCost(report, path);
    console.log(`${python.name}: python ${percent(cost.python_s, user(cost))} %`);
    expect(cpu(cost)).toBeGreaterThan(1);
    // Debian's has no names: a call with keywords goes through two of its functions, as one of a builtin would. That is 4 %.
    const least = python.path.startsWith('/usr/bin/') ? 91 : 95;
    expect(percent(cost.python_s, user(cost))).toBeGreaterThanOrEqual(least);
  });

  test('CPU time is that of the operating system, in total and as the sum of samples', async () => {
    const path = program('time/cpu_time.py');
    const { report, stdout } = await profile(python.path, [path], folders.make());
    expect(reportProblems(report)).toEqual([]);
    // The program cannot see its own end, when the interpreter takes itself apart.
    const unseen = report.cpu_s - Number(stdout);
    expect(unseen).toBeGreaterThan(-0.001);
    expect(unseen).toBeLessThan(0.02 * report.cpu_s + 0.02);
    const sampled = cpu(report.total) / (report.cpu_s - report.agent_cpu_s);
    expect(sampled).toBeGreaterThan(0.98);
    expect(sampled).toBeLessThan(1.02);
  });

  test('CPU time is what the operating system tells the parent process', async () => {
    const folder = folders.make();
    const usage = join(folder, 'usage.json');
    const environment = Object.entries(underAgent(folder)).map(
      ([name, value]) => `${name}=${value}`,
    );
    const command = [python.path, program('time/cpu_time.py')];
    await run(python.path, [program('time/rusage.py'), usage, ...environment, '--', ...command]);
    const told = JSON.parse(readFileSync(usage, 'utf8')) as { cpu_s: number; status: number };
    expect(told.status).toBe(0);
    const [recording] = recordings(folder);
    const { report } = await show(recording!, folder);
    expect(report!.cpu_s / told.cpu_s).toBeGreaterThan(0.98);
    expect(report!.cpu_s / told.cpu_s).toBeLessThan(1.02);
  });
});
