/**
 * `npm run test:ecosystem`: programs that use big libraries, bare and under Lineheat. See README.md.
 * Options: --only NAME, --runs N, --long-runs N, --fine-us N, --memory, --truth (only the programs that know what their lines cost), --json FILE.
 * Exit code 1 when a run differs from the bare one, less than 95 % of the CPU time is on lines, or a line's share is more
 * than 3 points from the truth.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { profile, run, type Ended } from '../agent/programs';
import { pythons, type Python } from '../agent/pythons';
import { environmentFor } from './install';
import type { Report } from '../agent/report';
import { libraries, type Library } from './libraries';
import { header, isAstray, partsOf, row, truthHeader, truthRow, type Result } from './table';
import { allowedPoints, pointsOff, truthOf, truthProgram, type LineScore } from './truth/score';

const { values: options } = parseArgs({
  options: {
    only: { type: 'string', multiple: true },
    runs: { type: 'string', default: '10' },
    'long-runs': { type: 'string', default: '3' },
    'fine-us': { type: 'string', default: '200' },
    memory: { type: 'boolean', default: false },
    truth: { type: 'boolean', default: false },
    json: { type: 'string' },
  },
});
const runs = Number(options.runs);
const longRuns = Number(options['long-runs']);
/** How long a program may take; on a busy machine some take minutes. */
const deadlineMs = 600_000;
const intervals = [1000, Number(options['fine-us'])];
const unknown = options.only?.find((name) => !libraries.some((library) => library.name === name));
if (unknown !== undefined) {
  console.error(
    `There is no library “${unknown}”. There are: ${libraries.map(({ name }) => name).join(', ')}.`,
  );
  process.exit(2);
}

interface TruthResult {
  library: string;
  python: string;
  scores: LineScore[];
}

const results: Result[] = [];
const truths: TruthResult[] = [];
const notRun: string[] = [];
console.log(`load ${loadavg()[0]!.toFixed(2)} at the start`);
const chosen = libraries.filter(({ name }) => !options.only || options.only.includes(name));
if (!options.truth) {
  console.log(header);
  for (const library of chosen) {
    for (const minor of library.minors) {
      await guarded(library, minor, async (python, folder) => {
        const interpreter = await environmentFor(library.requirements, python);
        await meet(library, minor, interpreter, folder);
      });
    }
  }
}
const withTruth = chosen.filter(({ truth }) => truth !== undefined);
if (withTruth.length > 0) console.log(`\n${truthHeader}`);
for (const library of withTruth) {
  for (const minor of library.minors) {
    await guarded(library, minor, async (python, folder) => {
      const interpreter = await environmentFor(library.requirements, python);
      await judge(library, minor, interpreter, folder);
    });
  }
}
if (options.json !== undefined) {
  writeFileSync(options.json, JSON.stringify({ results, truths, notRun }, undefined, 2) + '\n');
}
const lines = truths.flatMap(({ scores }) => scores);
const wrong = lines.filter((score) => pointsOff(score) > allowedPoints).length;
const astray = results.filter((result) => isAstray(result)).length;
const failed = results.reduce((sum, { problems }) => sum + problems.length, 0) + astray + wrong;
const tried = results.reduce((sum, { runs }) => sum + runs + 1, 0) + lines.length;
console.log(`\n${tried - failed} passed, ${failed + notRun.length} failed`);
process.exitCode = failed + notRun.length > 0 || tried === 0 ? 1 : 0;

async function guarded(
  library: Library,
  minor: number,
  what: (python: Python, folder: string) => Promise<void>,
): Promise<void> {
  const python = pythons.find((python) => python.minor === minor);
  const folder = mkdtempSync(join(tmpdir(), 'lineheat-ecosystem-'));
  try {
    if (!python) throw new Error(`There is no CPython 3.${minor} here.`);
    await what(python, folder);
  } catch (error) {
    notRun.push(`${library.name}: ${(error as Error).message}`);
    console.log(`${library.name.padEnd(14)}  3.${minor}  ${(error as Error).message}`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Runs a library's program bare and watched, many times for a moment and a few times for long. */
async function meet(
  library: Library,
  minor: number,
  interpreter: string,
  folder: string,
): Promise<void> {
  const program = join(__dirname, 'programs', library.program);
  const { longRounds } = library;
  const alone = async (rounds: number): Promise<Ended> => {
    const words = [join(__dirname, 'timed.py'), program, `${rounds}`];
    const ended = await run(interpreter, words, { deadlineMs });
    if (ended.code !== 0) throw new Error(`It fails bare (${ending(ended)}):\n${ended.stderr}`);
    return ended;
  };
  const bare = new Map([
    [1, await alone(1)],
    [longRounds, await alone(longRounds)],
  ]);
  for (const intervalUs of intervals) {
    const result: Result = {
      library: library.name,
      python: `3.${minor}`,
      intervalUs,
      runs: runs + longRuns,
      problems: [],
      parts: [],
      ratios: [],
    };
    const watch = async (rounds: number): Promise<Report | undefined> => {
      const words = ['--interval-us', `${intervalUs}`, ...(options.memory ? [] : ['--no-memory'])];
      try {
        const args = [...words, program, `${rounds}`];
        const watched = await profile(interpreter, args, folder, { deadlineMs });
        const problem = difference(bare.get(rounds)!, watched);
        if (problem) result.problems.push(problem);
        return watched.report;
      } catch (error) {
        result.problems.push((error as Error).message);
        return undefined;
      }
    };
    for (let number = 0; number < runs; number++) await watch(1);
    for (let number = 0; number < longRuns; number++) {
      const without = cpuSeconds(await alone(longRounds));
      const report = await watch(longRounds);
      if (!report) continue;
      result.parts.push(partsOf(report));
      result.ratios.push(report.processes.reduce((sum, it) => sum + it.cpu_s, 0) / without);
    }
    results.push(result);
    console.log(row(result));
    for (const problem of result.problems) {
      console.log(`  ${problem.split('\n').slice(0, 6).join('\n  ')}`);
    }
  }
}

/** Runs a library's truth program, each line's median of the runs. */
async function judge(
  library: Library,
  minor: number,
  interpreter: string,
  folder: string,
): Promise<void> {
  const all: LineScore[] = [];
  for (let number = 0; number < runs; number++) {
    all.push(...(await truthOf(interpreter, truthProgram(library.truth!), folder)).scores);
  }
  const python = `3.${minor}`;
  const scores = [...new Set(all.map(({ line }) => line))].map((line) => {
    const same = all.filter((score) => score.line === line);
    return same.sort((a, b) => pointsOff(a) - pointsOff(b))[Math.floor(same.length / 2)]!;
  });
  truths.push({ library: library.name, python, scores });
  for (const score of scores) console.log(truthRow(library.name, python, score));
}

/** One sentence when a watched run did not end or print as the bare one, less the last line, which says the CPU time. */
function difference(bare: Ended, watched: Ended): string | undefined {
  if (watched.code !== bare.code)
    return `ended with ${ending(watched)}:\n${watched.stderr.slice(-600)}`;
  const expected = bare.stdout.replace(/^cpu .*\n/m, '');
  if (watched.stdout !== expected) return `printed ${watched.stdout} instead of ${expected}`;
  return undefined;
}

function ending({ code, signal }: Ended): string {
  return signal ?? `exit code ${code}`;
}

/** CPU seconds of the program and its children, as timed.py prints them. */
function cpuSeconds({ stdout }: Ended): number {
  return Number(/^cpu (.*)$/m.exec(stdout)?.[1]);
}
