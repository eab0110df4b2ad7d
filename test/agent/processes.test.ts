/** Child processes: all of them are recorded, end as they would alone, and say nothing that they would not say alone. */
import { afterAll, describe, expect, test } from 'vitest';
import { Folders, program, run, show, underAgent } from './programs';
import { pythons } from './pythons';
import { cpu, fileCost } from './report';

const folders = new Folders();
afterAll(() => folders.clear());
const path = program('children.py');

/** How, exits that the Python processes told, and the CPU seconds that work() took in all of them. */
const cases: [string, number[], number][] = [
  ['fork', [0, 5], 0.6],
  ['fork_from_thread', [0, 5], 0.6],
  ['fork_exit', [0, 6], 0.3],
  ['fork_twice', [0, 1, 3], 0.9],
  ['python', [0, 9], 0],
  ['other', [0], 0],
  ['execute', [4], 0.6],
  ['execute_other', [], 0.3],
  ['execute_missing', [0], 0.3],
  ['killed', [0], 0.3],
];

describe.each(pythons)('Python $name', (python) => {
  test.each(cases)('%s', async (how, exits, work) => {
    const bare = await run(python.path, [path, how]);
    const runDir = folders.make();
    const watched = await run(python.path, [path, how], { env: underAgent(runDir) });
    expect(withoutPids(watched)).toEqual(withoutPids(bare));
    const { report } = await show(runDir, folders.make());
    // What a process did before exec is a recording of its own, which has no exit code to tell.
    const told = report!.processes.map(({ exit }) => exit).filter((exit) => exit !== null);
    expect(told.sort()).toEqual(exits);
    const lost = report!.processes.filter(({ state }) => state !== 'ended');
    expect(lost).toHaveLength(how === 'killed' ? 1 : 0);
    expect(cpu(fileCost(report!, path))).toBeGreaterThanOrEqual(0.8 * work);
    expect(report!.cpu_s).toBeGreaterThan(work);
    expect(report!.cpu_s).toBeLessThan(1.3 * work + 1.2);
  });

  test('multiprocessing pools, forked and spawned', async () => {
    const bare = await run(python.path, [path, 'pool']);
    const runDir = folders.make();
    const watched = await run(python.path, [path, 'pool'], { env: underAgent(runDir) });
    expect(withoutPids(watched)).toEqual(withoutPids(bare));
    const { report } = await show(runDir, folders.make());
    // The program, two workers twice, and what multiprocessing starts for itself (the resource tracker).
    expect(report!.processes.length).toBeGreaterThanOrEqual(5);
    expect(report!.processes.filter(({ cpu_s }) => cpu_s > 0.15).length).toBeGreaterThanOrEqual(4);
    const worked = cpu(fileCost(report!, path));
    expect(worked).toBeGreaterThan(0.8 * 1.6);
  });
});

function withoutPids(ended: { stdout: string; stderr: string; code: number | null }) {
  return { ...ended, stderr: ended.stderr.replace(/pid=\d+/g, 'pid=…') };
}
