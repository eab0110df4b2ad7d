/** What Lineheat says of lines that use pools of threads, beside what the program measured of itself. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { profile, type Ended } from '../../agent/programs';
import { cpu, lineOf, type Report, type ReportCost } from '../../agent/report';

/** Percentage points that a line's share of the CPU time may differ by. */
export const allowedPoints = 3;

export interface LineScore {
  line: string;
  /** Shares of the CPU time between the program's first and last look at its clocks, percent. */
  expected: number;
  measured: number;
  /** The part of `measured` that helper threads did, and of that what they did after the call. */
  helpers: number;
  after: number;
}

/** Path of a program here. */
export function truthProgram(name: string): string {
  return join(__dirname, name);
}

/** Runs a program that prints its clocks (clocks.py), and compares. Throws when it fails. */
export async function truthOf(
  interpreter: string,
  path: string,
  folder: string,
  env: Record<string, string> = {},
): Promise<{ scores: LineScore[]; report: Report }> {
  const words = ['--no-memory', path];
  const ended = await profile(interpreter, words, folder, {
    env: { ...twoThreads, ...env },
    deadlineMs: 600_000,
  });
  if (ended.code !== 0) throw new Error(`It ended with exit code ${ended.code}:\n${ended.stderr}`);
  return { scores: scoresOf(ended, path), report: ended.report };
}

const twoThreads = { OPENBLAS_NUM_THREADS: '2', OMP_NUM_THREADS: '2', POLARS_MAX_THREADS: '2' };

/** The difference in percentage points. */
export function pointsOff({ expected, measured }: LineScore): number {
  return Math.abs(expected - measured);
}

function scoresOf({ stdout, report }: Ended & { report: Report }, path: string): LineScore[] {
  const text = /^clocks (.*)$/m.exec(stdout)?.[1] ?? '{}';
  const clocks = Object.entries(JSON.parse(text) as Record<string, [number, number]>);
  const whole = clocks.reduce((sum, [, [own, others]]) => sum + own + others, 0);
  // Among the program's other threads is our watcher, whenever the program runs.
  const program = 1 - report.agent_cpu_s / report.cpu_s;
  return clocks
    .filter(([name]) => name !== 'nobody')
    .map(([name, [own, others]]) => {
      const totals = marked(path, name).map((line) => lineOf(report, path, line).total);
      const sum = (part: (total: ReportCost) => number): number =>
        totals.reduce((all, total) => all + part(total), 0);
      return {
        line: name,
        expected: (100 * (own + others)) / whole,
        measured: (100 * sum(cpu)) / (whole * program),
        helpers: (100 * sum((line) => line.helper_s)) / (whole * program),
        after: (100 * sum((line) => line.helper_after_s)) / (whole * program),
      };
    });
}

/** The lines of a program that carry the comment `# mark: NAME`. */
function marked(path: string, name: string): number[] {
  const lines = readFileSync(path, 'utf8').split('\n');
  return lines.flatMap((line, index) => (line.endsWith(`# mark: ${name}`) ? [index + 1] : []));
}
