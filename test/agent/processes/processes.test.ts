/** Child processes: all of them are recorded, end as they would alone, and say nothing that they would not say alone. */
import { afterAll, describe, expect, test } from 'vitest';
import { Folders, program, run, show, underAgent } from '../programs';
import { pythons } from '../pythons';
import { cpu, fileCost, type Report } from '../report';

const folders = new Folders();
afterAll(() => folders.clear());
const path = program('processes/children.py');

/**
 * How, what each process told of its exit in order of the process tree (null: it did not get to say), and the CPU seconds
 * that work() took in all of them.
 */
const cases: [string, (number | null)[], number][] = [
  ['fork', [0, 5], 0.6],
  ['fork_from_thread', [0, 5], 0.6],
  ['fork_exit', [0, 6], 0.3],
  ['fork_twice', [0, 3, 1], 0.9],
  ['python', [0, 9], 0],
  ['other', [0], 0],
  ['execute', [4], 0.6],
  ['execute_other', [null], 0.3],
  ['execute_missing', [0], 0.3],
  ['killed', [0, null], 0.3],
  ['shell', [0, 4], 0.3],
  ['generations', [0, 0, 5, 0], 0.9],
];

describe.each(pythons)('Python $name', (python) => {
  test.each(cases)(
    'child processes end as without the agent, and are recorded: %s',
    async (how, exits, work) => {
      const bare = await run(python.path, [path, how]);
      const runDir = folders.make();
      const watched = await run(python.path, [path, how], { env: underAgent(runDir) });
      expect(withoutPids(watched)).toEqual(withoutPids(bare));
      const { report } = await show(runDir, folders.make());
      expect(report!.processes.map(({ exit }) => exit)).toEqual(exits);
      expectTree(report!, how === 'shell');
      const lost = report!.processes.filter(({ state }) => state !== 'ended');
      expect(lost).toHaveLength(how === 'killed' ? 1 : 0);
      expect(cpu(fileCost(report!, path))).toBeGreaterThanOrEqual(0.8 * work);
      expect(report!.cpu_s).toBeGreaterThan(work);
      expect(report!.cpu_s).toBeLessThan(1.3 * work + 1.2);
    },
  );

  test('workers of multiprocessing are recorded: forked, spawned and from a fork server', async () => {
    const bare = await run(python.path, [path, 'pool']);
    const runDir = folders.make();
    const watched = await run(python.path, [path, 'pool'], { env: underAgent(runDir) });
    expect(withoutPids(watched)).toEqual(withoutPids(bare));
    const { report } = await show(runDir, folders.make());
    // The program, two workers three times, and what multiprocessing starts for itself: fork server, resource tracker.
    expect(report!.processes.length).toBeGreaterThanOrEqual(8);
    expectTree(report!);
    expect(report!.processes.filter(({ cpu_s }) => cpu_s > 0.15).length).toBeGreaterThanOrEqual(6);
    const worked = cpu(fileCost(report!, path));
    expect(worked).toBeGreaterThan(0.8 * 2.4);
  });
});

/**
 * Every process but the first has its parent before it (unless a shell is between), and threads that took all of its CPU
 * time.
 */
function expectTree({ processes, threads, cpu_s }: Report, shell = false): void {
  processes.forEach(({ pid, ppid, cpu_s: whole, agent_cpu_s, state }, index) => {
    const parents = processes.slice(0, index).map((before) => before.pid);
    expect(
      index === 0 || shell || parents.includes(ppid),
      `the parent of ${pid} is before it`,
    ).toBe(true);
    const mine = threads.filter((thread) => thread.pid === pid);
    const used = mine.reduce((sum, thread) => sum + thread.cpu_s, 0);
    expect(new Set(mine.map(({ tid }) => tid)).size).toBe(mine.length);
    // What a process that was killed did since it was last looked at is known of the process, not of its threads.
    const unseen = state === 'lost' ? 0.1 : 0.02;
    expect(Math.abs(whole - agent_cpu_s - used)).toBeLessThan(0.02 * whole + unseen);
  });
  expect(processes.reduce((sum, process) => sum + process.cpu_s, 0)).toBeCloseTo(cpu_s, 6);
}

function withoutPids(ended: { stdout: string; stderr: string; code: number | null }) {
  return { ...ended, stderr: ended.stderr.replace(/pid=\d+/g, 'pid=…') };
}
