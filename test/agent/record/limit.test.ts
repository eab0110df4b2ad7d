/** A run that outgrows its limit: it stays below, its figures stay what they were, and it is said. */
import {
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { Folders, mark, program, run, show, tool } from '../programs';
import { pythons } from '../pythons';
import { cpu, lineOf, type Report } from '../report';

const folders = new Folders();
afterAll(() => folders.clear());

const path = program('record/limit.py');
const limit = 600_000;

// Who keeps the limit is not Python: the oldest and the newest are enough.
const built = pythons.filter(({ name }) => !name.includes('/'));
const two = [...new Set([built[0] ?? pythons[0]!, built.at(-1) ?? pythons[0]!])];

interface Clocks {
  early: number;
  late: number;
  process: number;
}

/** Folders of runs in a temporary folder. */
function runsIn(temporary: string): string[] {
  if (!existsSync(temporary)) return [];
  return readdirSync(temporary)
    .filter((name) => name.startsWith('lineheat-'))
    .flatMap((name) => readdirSync(join(temporary, name)).map((run) => join(temporary, name, run)))
    .filter((run) => lstatSync(run, { throwIfNoEntry: false })?.isDirectory());
}

/** Bytes of the disk that what is in a folder takes. */
function used(folder: string): number {
  return readdirSync(folder).reduce(
    (sum, name) =>
      sum + (lstatSync(join(folder, name), { throwIfNoEntry: false })?.blocks ?? 0) * 512,
    0,
  );
}

/** Whether a file of a run is a recording whose beginning is a hole. */
function isThinned(folder: string): (name: string) => boolean {
  return (name) => name.endsWith('.lsp') && readFileSync(join(folder, name))[128] === 0;
}

/** A copy of a folder; undefined where one of its files was just taken away. */
function copyOf(one: string, folder: string): string | undefined {
  const copy = mkdtempSync(join(folder, 'copy-'));
  try {
    cpSync(one, copy, { recursive: true });
    return copy;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

function expectTrue(report: Report, clocks: Clocks): void {
  const cost = (name: string): number => cpu(lineOf(report, path, mark(path, name)).total);
  for (const name of ['early', 'late'] as const) {
    expect(Math.abs(cost(name) - clocks[name])).toBeLessThan(0.05);
  }
  expect(cpu(report.total)).toBeGreaterThan(0.9 * clocks.process);
  expect(cpu(report.total)).toBeLessThan(1.1 * (clocks.process + report.agent_cpu_s));
  const { memory } = lineOf(report, path, mark(path, 'kept'));
  expect(memory!.peak_bytes).toBeGreaterThan(29e6);
  expect(memory!.peak_bytes).toBeLessThan(32e6);
}

const said = /The recording reached its limit\. Up to .* into the run it keeps sums/;

describe.each(two)('Python $name', ({ path: python }) => {
  test('a long run is kept below its size limit and keeps its figures', async () => {
    const folder = folders.make();
    const temporary = join(folder, 'tmp');
    mkdirSync(temporary);
    const saved = join(folder, 'a.lineheat');
    const words = ['run', '-q', '-o', saved, '--json', join(folder, 'a.json'), '--python', python];
    const options = ['--limit', '600KB'];
    const enough = join(folder, 'enough');
    const go = join(folder, 'go');
    let isIdle = false;
    let copy: string | undefined;
    const watch = setInterval(() => {
      const [one] = runsIn(temporary);
      if (one === undefined) return;
      if (copy === undefined && readdirSync(one).some(isThinned(one))) {
        // As it is while the program runs.
        copy = copyOf(one, folder);
      }
      if (copy !== undefined) writeFileSync(enough, '');
      // Once the program waits, its recording becomes small enough, however slow the machine is.
      if (isIdle && used(one) <= limit) writeFileSync(go, '');
    }, 50);
    const ended = await run(process.execPath, [tool, ...words, ...options, path, enough, go], {
      env: { TMPDIR: temporary },
      during: (stdout) => (isIdle = stdout.includes('idle')),
    }).finally(() => clearInterval(watch));
    expect([ended.code, ended.stderr]).toEqual([0, '']);
    expect(existsSync(go)).toBe(true);
    const clocks = JSON.parse(ended.stdout.split('\n')[1]!) as Clocks;
    const report = JSON.parse(readFileSync(join(folder, 'a.json'), 'utf8')) as Report;
    expectTrue(report, clocks);
    expect(report.notes.map(({ text }) => text).join()).toMatch(said);
    const again = await show(saved, folder);
    expect(again.stdout).toMatch(said);
    expectTrue(again.report!, clocks);
    const middle = await show(copy!, folder);
    expect(middle.stdout).toMatch(said);
    expect(middle.stdout).not.toContain('damaged');
    const early = lineOf(middle.report!, path, mark(path, 'early'));
    expect(Math.abs(cpu(early.total) - clocks.early)).toBeLessThan(0.05);
  });
});
