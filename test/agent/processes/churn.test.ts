/** Many threads and many processes, of which most live for a moment: none is lost, and what they take is bounded. */
import { statSync } from 'node:fs';
import { afterAll, describe, expect, test } from 'vitest';
import { Folders, program, recordings, run, show, underAgent } from '../programs';
import { pythons } from '../pythons';

const folders = new Folders();
afterAll(() => folders.clear());

/** What churn_threads.py prints. */
function churned(stdout: string) {
  const [threads = 0, cpu = 0, rssKb = 0, peakKb = 0] = stdout.split(' ').map(Number);
  return { threads, cpu, rssKb, peakKb };
}

describe.each(pythons)('Python $name', (python) => {
  // Every other version: this takes long.
  test.runIf(python.minor % 2 === 1)(
    'thousands of threads, five hundred at once, are all recorded, and lose no CPU time',
    async () => {
      const args = [program('processes/churn_threads.py'), '500', '6'];
      const bare = churned((await run(python.path, args)).stdout);
      const runDir = folders.make();
      const ended = await run(python.path, args, { env: underAgent(runDir) });
      expect(ended).toMatchObject({ code: 0, stderr: '' });
      const watched = churned(ended.stdout);
      const { report } = await show(runDir, folders.make());
      const cpu = report!.threads.reduce((sum, { cpu_s }) => sum + cpu_s, 0);
      const whole = report!.cpu_s - report!.agent_cpu_s;
      const extraKb = watched.peakKb - bare.peakKb;
      const [recording] = recordings(runDir);
      console.log(
        `${python.name}: ${report!.threads.length} threads, ${((100 * cpu) / whole).toFixed(1)} % of the CPU time in them, ` +
          `${(extraKb / 1024).toFixed(1)} MB more memory at its highest, ${(statSync(recording!).size / 1024).toFixed(0)} KB written, ` +
          `agent ${report!.agent_cpu_s.toFixed(2)} s of ${report!.cpu_s.toFixed(2)} s`,
      );
      expect(report!.threads).toHaveLength(3001);
      expect(report!.notes.filter(({ severity }) => severity === 'error')).toEqual([]);
      // What a thread spends on its own beginning and end, 20 – 30 µs, is in no thread.
      expect((whole - cpu) / report!.threads.length).toBeLessThan(60e-6);
      expect(cpu / whole).toBeLessThan(1.02);
      // Rings are 64 KB each, of which pages that were written to count, and there are as many as threads at once.
      expect(extraKb).toBeLessThan(500 * 64 + 64 * 256);
      expect(report!.dropped).toBe(0);
    },
  );

  // Python makes its locks anew in a forked child, even those that another thread holds.
  test('children forked during the agent’s self-test run on', async () => {
    const ended = await run(python.path, [program('processes/forks.py')], {
      env: underAgent(folders.make()),
    });
    expect(ended).toMatchObject({ code: 0, stdout: '[]\n' });
  });

  test('two hundred short processes are all recorded, in small files', async () => {
    const args = [program('processes/churn_processes.py')];
    const runDir = folders.make();
    const ended = await run(python.path, args, { env: underAgent(runDir) });
    expect(ended.code).toBe(0);
    const pids = ended.stdout.trim().split('\n').map(Number);
    expect(new Set(pids).size).toBe(200);
    const { report } = await show(runDir, folders.make());
    const known = new Set(report!.processes.map(({ pid }) => pid));
    expect(pids.filter((pid) => !known.has(pid))).toEqual([]);
    expect(report!.processes.filter(({ state }) => state !== 'ended')).toEqual([]);
    const bytes = recordings(runDir).reduce((sum, path) => sum + statSync(path).size, 0);
    console.log(
      `${python.name}: ${report!.processes.length} processes, ${(bytes / 1024).toFixed(0)} KB written`,
    );
    // Three hundred bytes at least, and no room that was never used.
    expect(bytes).toBeLessThan(200 * 20_000);
  });
});
