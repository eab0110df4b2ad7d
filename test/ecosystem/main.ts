/**
 * `npm run test:ecosystem`: programs that use big libraries, bare and under Linescope. See README.md.
 * Options: --only NAME, --runs N, --fine-us N, --memory, --json FILE. Exit code 1 when a run differs from the bare one.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { profile, run, type Ended } from '../agent/programs';
import { pythons } from '../agent/pythons';
import { cpu, type Report } from '../agent/report';
import { environmentFor } from './install';
import { libraries } from './libraries';

const { values: options } = parseArgs({
  options: {
    only: { type: 'string', multiple: true },
    runs: { type: 'string', default: '10' },
    'fine-us': { type: 'string', default: '200' },
    memory: { type: 'boolean', default: false },
    json: { type: 'string' },
  },
});
const runs = Number(options.runs);
const intervals = [1000, Number(options['fine-us'])];
const unknown = options.only?.find((name) => !libraries.some((library) => library.name === name));
if (unknown !== undefined) {
  console.error(
    `There is no library “${unknown}”. There are: ${libraries.map(({ name }) => name).join(', ')}.`,
  );
  process.exit(2);
}

interface Result {
  library: string;
  python: string;
  intervalUs: number;
  runs: number;
  /** What differed, one sentence a run. */
  problems: string[];
  /** Part of the CPU time that is on a line, the median of the runs. */
  onLines: number;
  /** CPU time beside the bare program's, medians. */
  ratio: number;
}

const results: Result[] = [];
const notInstalled: string[] = [];
console.log(`load ${loadavg()[0]!.toFixed(2)} at the start`);
console.log(['library'.padEnd(14), 'Python', 'interval', '  fine', 'on lines', ' CPU'].join('  '));
for (const library of libraries) {
  if (options.only && !options.only.includes(library.name)) continue;
  for (const minor of library.minors) await meet(library, minor);
}
if (options.json !== undefined) {
  writeFileSync(options.json, JSON.stringify({ results, notInstalled }, undefined, 2) + '\n');
}
const failed = results.reduce((sum, { problems }) => sum + problems.length, 0);
const passed = results.reduce((sum, { runs, problems }) => sum + runs - problems.length, 0);
console.log(`\n${passed} passed, ${failed + notInstalled.length} failed`);
process.exitCode = failed + notInstalled.length > 0 || passed === 0 ? 1 : 0;

async function meet(library: (typeof libraries)[0], minor: number): Promise<void> {
  const python = pythons.find((it) => it.minor === minor);
  const folder = mkdtempSync(join(tmpdir(), 'linescope-ecosystem-'));
  try {
    if (!python) throw new Error(`There is no CPython 3.${minor} here.`);
    const interpreter = await environmentFor(library.requirements, python);
    const program = join(__dirname, 'programs', library.program);
    const timed = (): Promise<Ended> => run(interpreter, [join(__dirname, 'timed.py'), program]);
    const bare = await timed();
    if (bare.code !== 0) throw new Error(`It fails bare (${ending(bare)}):\n${bare.stderr}`);
    const alone = [cpuSeconds(bare), cpuSeconds(await timed()), cpuSeconds(await timed())];
    for (const intervalUs of intervals) {
      const problems: string[] = [];
      const shares: number[] = [];
      const costs: number[] = [];
      for (let number = 0; number < runs; number++) {
        const words = [
          '--interval-us',
          `${intervalUs}`,
          ...(options.memory ? [] : ['--no-memory']),
        ];
        try {
          const watched = await profile(interpreter, [...words, program], folder);
          const problem = difference(bare, watched);
          if (problem) problems.push(problem);
          shares.push(onLines(watched.report));
          costs.push(watched.report.processes.reduce((sum, it) => sum + it.cpu_s, 0));
        } catch (error) {
          problems.push((error as Error).message);
        }
      }
      const result: Result = {
        library: library.name,
        python: `3.${minor}`,
        intervalUs,
        runs,
        problems,
        onLines: median(shares),
        ratio: median(costs) / median(alone),
      };
      results.push(result);
      console.log(row(result));
      for (const problem of problems)
        console.log(`  ${problem.split('\n').slice(0, 6).join('\n  ')}`);
    }
  } catch (error) {
    notInstalled.push(`${library.name}: ${(error as Error).message}`);
    console.log(`${library.name.padEnd(14)}  3.${minor}  ${(error as Error).message}`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
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

/** The part of the processes' CPU time that is on some line. */
function onLines(report: Report): number {
  const lines = report.files.flatMap((file) => file.lines);
  const found = lines.reduce((sum, { self }) => sum + cpu(self), 0);
  return found / report.processes.reduce((sum, it) => sum + it.cpu_s, 0);
}

function median(values: number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? NaN;
}

function row(it: Result): string {
  return [
    it.library.padEnd(14),
    it.python.padEnd(6),
    `${it.intervalUs} µs`.padStart(8),
    `${it.runs - it.problems.length}/${it.runs}`.padStart(6),
    `${(100 * it.onLines).toFixed(1)} %`.padStart(8),
    `×${it.ratio.toFixed(2)}`,
  ].join('  ');
}
