/**
 * Runs one program many times: estimates have to be right on average, and their errors as large as the report says.
 * `npm run truth -- --memory-runs 20`.
 */
import type { MemoryScore } from './memoryScore';
import { measureMemory } from './runMemoryCase';
import type { Options } from './runCase';

const wanted = { name: 'mixed sizes', program: 'mixed_sizes.py' };
const marks = ['tiny', 'small', 'medium', 'large', 'passing'];

/** The error of one figure of one run, and the standard error that the report states, both as parts of the truth. */
interface Miss {
  mark: string;
  error: number;
  stated: number;
}

/** Runs the program `runs` times, and scores all runs together. */
export async function runMemoryRuns(runs: number, options: Options): Promise<MemoryScore[]> {
  const misses: Miss[] = [];
  for (let run = 0; run < runs; run++) {
    const { facts, measured, marks: lines } = await measureMemory(wanted, options);
    for (const mark of marks) {
      const { bytes, errors } = measured.line(lines(mark));
      const truth = facts[mark]!;
      const what = mark === 'passing' ? 'allocated' : 'growth';
      misses.push({ mark, error: bytes[what] / truth - 1, stated: errors[what] / truth });
    }
  }
  const scores = marks.map((mark) => bias(mark, withMark(misses, mark)));
  return [...scores, bias('all lines', misses), ...spread(misses)];
}

/** Scores the mean of all runs: it may be off by 1 %, or by three standard errors of the mean. */
function bias(name: string, misses: readonly Miss[]): MemoryScore {
  const off = mean(misses.map(({ error }) => error));
  const standardError = Math.sqrt(mean(misses.map(({ stated }) => stated ** 2)) / misses.length);
  const allowed = Math.max(0.01, 3 * standardError);
  return percent(`${name}: mean of ${misses.length}`, 1, 1 + off, Math.abs(off), allowed);
}

/** Compares the errors of figures with the stated standard errors. */
function spread(misses: readonly Miss[]): MemoryScore[] {
  const sampled = misses.filter(({ stated }) => stated > 0);
  const ratios = sampled.map(({ error, stated }) => error / stated);
  const root = Math.sqrt(mean(ratios.map((ratio) => ratio ** 2)));
  const within = mean(ratios.map((ratio) => (Math.abs(ratio) <= 2 ? 1 : 0)));
  return [
    percent('error, of the stated error', 1, root, Math.abs(Math.log(root)), Math.log(1.5)),
    // Of a hundred figures, the share within has a standard deviation of 2 points.
    percent('within two standard errors', 0.954, within, Math.abs(within - 0.954), 0.07),
  ];
}

function percent(
  quantity: string,
  expected: number,
  measured: number,
  error: number,
  allowed: number,
): MemoryScore {
  const [a, b, c, d] = [expected, measured, error, allowed].map((part) => part * 100);
  return {
    case: wanted.name,
    quantity,
    expected: a!,
    measured: b!,
    error: c!,
    allowed: d!,
    unit: '%',
    ok: error <= allowed,
  };
}

function withMark(misses: readonly Miss[], mark: string): Miss[] {
  return misses.filter((miss) => miss.mark === mark);
}

function mean(numbers: readonly number[]): number {
  return numbers.reduce((sum, number) => sum + number, 0) / numbers.length;
}
