/**
 * `npm run truth`: what Linescope says of programs that know their own cost, as a table for each Python version.
 * Options: --case NAME, --python 3.12, --seconds N, --interval-us N, --json FILE, --keep FOLDER (recordings). Exit code 1 when anything fails.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { pythons } from '../agent/pythons';
import { cases } from './cases';
import { buildHelper, runCase } from './runCase';
import type { Score } from './score';
import { header, row, summary } from './table';

const { values: options } = parseArgs({
  options: {
    case: { type: 'string', multiple: true },
    python: { type: 'string', multiple: true },
    seconds: { type: 'string', default: '8' },
    'interval-us': { type: 'string' },
    json: { type: 'string' },
    keep: { type: 'string' },
  },
});
const wantedCases = chosen(cases, ({ name }) => name, options.case, 'case');
const wantedPythons = chosen(pythons, ({ name }) => name.split(' ')[0]!, options.python, 'Python');
const seconds = Number(options.seconds);
const intervalUs =
  options['interval-us'] === undefined ? undefined : Number(options['interval-us']);

if (options.keep !== undefined) mkdirSync(options.keep, { recursive: true });
const folder = mkdtempSync(join(tmpdir(), 'linescope-truth-'));
const results: { python: string; load: number; scores: Score[]; problems: string[] }[] = [];
try {
  const helper = buildHelper(folder);
  for (const python of wantedPythons) {
    const result = {
      python: python.name,
      load: loadavg()[0]!,
      scores: [],
      problems: [],
    } as (typeof results)[0];
    results.push(result);
    console.log(
      `\nPython ${python.name}, ${seconds} CPU seconds a case, load ${result.load.toFixed(2)} at the start`,
    );
    console.log(header());
    for (const wanted of wantedCases) {
      // One at a time: two programs side by side disturb each other's waiting.
      try {
        const scores = await runCase(wanted, {
          python,
          seconds,
          intervalUs,
          folder,
          helper,
          keep: options.keep,
        });
        result.scores.push(...scores);
        for (const score of scores) console.log(row(score));
      } catch (error) {
        result.problems.push(`${wanted.name}: ${(error as Error).message}`);
        console.log(result.problems.at(-1));
      }
    }
    console.log(summary(result.scores));
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
const scores = results.flatMap((result) => result.scores);
const failed = scores.filter(({ ok }) => !ok).length + results.flatMap((it) => it.problems).length;
console.log(`\n${scores.filter(({ ok }) => ok).length} passed, ${failed} failed`);
process.exitCode = failed > 0 || scores.length === 0 ? 1 : 0;

/** Those of `all` whose name is wanted; all when nothing is. Exits with a sentence when a name is nobody's. */
function chosen<T>(
  all: readonly T[],
  nameOf: (it: T) => string,
  wanted: string[] | undefined,
  what: string,
): T[] {
  if (wanted === undefined) return [...all];
  const unknown = wanted.find((name) => !all.some((it) => nameOf(it) === name));
  if (unknown !== undefined) {
    console.error(`There is no ${what} “${unknown}”. There are: ${all.map(nameOf).join(', ')}.`);
    process.exit(2);
  }
  return all.filter((it) => wanted.includes(nameOf(it)));
}
