/** Time in which threads could run but had no core: how much it is by the kernel's own count, and where. */
import { afterAll, describe, expect, test } from 'vitest';
import { Folders, mark, profile, program } from '../programs';
import { pythons } from '../pythons';
import { cpu, lineOf, type Report } from '../report';

interface Answers {
  /** By thread id; `life`: without a core from before it works until after that. */
  threads: Record<string, { work: string; wall: number; cpu: number; queue: number; life: number }>;
  nice: { wall: number; queue: number; nap: number };
}

const folders = new Folders();
afterAll(() => folders.clear());

describe.each(pythons)('Python $name', (python) => {
  test('time without a core is what the kernel counts, and a thread’s kinds of time add up to its life', async () => {
    const path = program('time/crowded.py');
    const { report, stdout } = await profile(python.path, [path], folders.make());
    const { threads, nice } = JSON.parse(stdout) as Answers;
    const lost = report.processes.filter(({ state }) => state === 'lost').map(({ pid }) => pid);
    expect(lost).toHaveLength(2);
    // Those that were killed had no last word.
    for (const thread of report.threads.filter(({ pid }) => !lost.includes(pid))) {
      const sum = thread.cpu_s + thread.wait_s + thread.queue_s!;
      expect(Math.abs(sum - thread.wall_s), thread.name).toBeLessThan(0.01 * thread.wall_s + 0.02);
    }
    for (const [tid, answer] of Object.entries(threads)) {
      const found = report.threads.find((thread) => thread.tid === Number(tid))!;
      // What the thread does before and after it measures takes a core too.
      const slack = 0.03 * answer.wall + 0.1;
      expect(Math.abs(found.queue_s! - answer.life), answer.work).toBeLessThan(slack);
    }
    expect(sumOf(Object.values(threads), ({ queue }) => queue)).toBeGreaterThan(2);
    const hashing = Object.values(threads).filter(({ work }) => work === 'hash_on');
    const { self } = lineOf(report, path, mark(path, 'hash'));
    expect(cpu(self)).toBeGreaterThan(0.9 * sumOf(hashing, (answer) => answer.cpu) - 0.05);
    const queued = sumOf(hashing, ({ queue }) => queue);
    expect(Math.abs(self.queue_s! - queued), 'hash').toBeLessThan(0.05 * queued + 0.1);
    checkNice(report, path, nice);
  }, 90_000);
});

/** The process of low priority is woken, and gets its core late: that is the time of the line that slept. */
function checkNice(report: Report, path: string, nice: Answers['nice']): void {
  const nap = lineOf(report, path, mark(path, 'nap')).self.queue_s!;
  const work = lineOf(report, path, mark(path, 'work')).self.queue_s!;
  // The lines that measure lose the core at times too.
  expect(nap + work, 'low priority').toBeGreaterThan(0.7 * nice.queue - 0.1);
  expect(nap + work, 'low priority').toBeLessThan(1.05 * nice.queue + 0.1);
  expect(Math.abs(nap - nice.nap), 'nap').toBeLessThan(0.15 * nice.queue + 0.1);
}

function sumOf<T>(list: readonly T[], of: (one: T) => number): number {
  return list.reduce((sum, one) => sum + of(one), 0);
}
