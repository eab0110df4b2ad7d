/**
 * `npm run truth`: compares Lineheat's figures with those of programs that know their own cost, in a table for each Python
 * version. README.md has the options. Exit code 1 when a quantity or a program fails.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { pythons } from '../agent/pythons';
import { cases } from './cases';
import { memoryCases } from './memoryCases';
import { runMemoryRuns } from './memoryRuns';
import type { MemoryScore } from './memoryScore';
import { memoryHeader, memoryRow, memorySummary } from './memoryTable';
import { buildHelper, runCase } from './runCase';
import { runMemoryCase } from './runMemoryCase';
import type { Score } from './score';
import { header, row, summary } from './table';

const { values: options } = parseArgs({
  options: {
    memory: { type: 'boolean' },
    time: { type: 'boolean' },
    'memory-runs': { type: 'string' },
    case: { type: 'string', multiple: true },
    python: { type: 'string', multiple: true },
    seconds: { type: 'string', default: '8' },
    'interval-us': { type: 'string' },
    json: { type: 'string' },
    keep: { type: 'string' },
  },
});
const allCases = [
  ...(options.memory ? [] : cases.map((time) => ({ name: time.name, time }))),
  ...(options.time ? [] : memoryCases.map((memory) => ({ name: memory.name, memory }))),
];
const wantedCases = chosen(allCases, ({ name }) => name, options.case, 'case');
const memoryRuns = Number(options['memory-runs'] ?? 0);
if (memoryRuns > 0 && options.case === undefined) wantedCases.length = 0;
const timeCases = wantedCases.flatMap((one) => ('time' in one ? one.time : []));
const wantedMemory = wantedCases.flatMap((one) => ('memory' in one ? one.memory : []));
const wantedPythons = chosen(pythons, ({ name }) => name.split(' ')[0]!, options.python, 'Python');
const seconds = Number(options.seconds);
const intervalUs =
  options['interval-us'] === undefined ? undefined : Number(options['interval-us']);

if (options.keep !== undefined) mkdirSync(options.keep, { recursive: true });
const folder = mkdtempSync(join(tmpdir(), 'lineheat-truth-'));
const results: {
  python: string;
  load: number;
  scores: Score[];
  memory: MemoryScore[];
  problems: string[];
}[] = [];
try {
  const helper = buildHelper(folder);
  for (const python of wantedPythons) {
    const result: (typeof results)[0] = {
      python: python.name,
      load: loadavg()[0]!,
      scores: [],
      memory: [],
      problems: [],
    };
    results.push(result);
    const settings = { python, seconds, intervalUs, folder, helper, keep: options.keep };
    // One at a time: two programs side by side disturb each other's waiting.
    const each = async <C extends { name: string }, S>(
      some: readonly C[],
      measure: (one: C) => Promise<S[]>,
      text: (score: S) => string,
      all: S[],
    ): Promise<void> => {
      for (const one of some) {
        try {
          const scores = await measure(one);
          all.push(...scores);
          for (const score of scores) console.log(text(score));
        } catch (error) {
          result.problems.push(`${one.name}: ${(error as Error).message}`);
          console.log(result.problems.at(-1));
        }
      }
    };
    console.log(
      `\nPython ${python.name}, ${seconds} CPU seconds a case, load ${result.load.toFixed(2)} at the start`,
    );
    if (timeCases.length > 0) {
      console.log(header());
      await each(timeCases, (one) => runCase(one, settings), row, result.scores);
      console.log(summary(result.scores));
    }
    if (wantedMemory.length > 0 || memoryRuns > 0) {
      console.log(memoryHeader());
      await each(wantedMemory, (one) => runMemoryCase(one, settings), memoryRow, result.memory);
      const runs = memoryRuns > 0 ? [{ name: `${memoryRuns} runs` }] : [];
      await each(runs, () => runMemoryRuns(memoryRuns, settings), memoryRow, result.memory);
      console.log(memorySummary(result.memory));
    }
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
if (options.json !== undefined) {
  writeFileSync(
    options.json,
    JSON.stringify({ seconds, intervalUs, results }, undefined, 2) + '\n',
  );
}
const scores = results.flatMap((result) => [...result.scores, ...result.memory]);
const failed =
  scores.filter(({ ok }) => !ok).length + results.flatMap(({ problems }) => problems).length;
console.log(`\n${scores.filter(({ ok }) => ok).length} passed, ${failed} failed`);
process.exitCode = failed > 0 || scores.length === 0 ? 1 : 0;

/** Items with the wanted names; all items without wanted names. Exits with a sentence when a name is unknown. */
function chosen<T>(
  all: readonly T[],
  nameOf: (item: T) => string,
  wanted: string[] | undefined,
  what: string,
): T[] {
  if (wanted === undefined) return [...all];
  const unknown = wanted.find((name) => !all.some((item) => nameOf(item) === name));
  if (unknown !== undefined) {
    console.error(`There is no ${what} “${unknown}”. There are: ${all.map(nameOf).join(', ')}.`);
    process.exit(2);
  }
  return all.filter((item) => wanted.includes(nameOf(item)));
}
