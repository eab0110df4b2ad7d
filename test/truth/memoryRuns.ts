/**
 * The same program again and again: estimates have to be right on average, and off by as much as is said of them.
 * `npm run truth -- --memory-runs 20`.
 */
import type { MemoryScore } from './memoryScore';
import { measureMemory } from './runMemoryCase';
import type { Options } from './runCase';

const wanted = { name: 'mixed sizes', program: 'mixed_sizes.py' };
const marks = ['tiny', 'small', 'medium', 'large', 'passing'];

/** One figure of one run: by how much it is off, and by how much it should be, both as a part of the truth. */
interface Miss {
  mark: string;
  error: number;
  said: number;
}

/** Runs the program so many times, and scores what all runs say together. */
export async function runMemoryRuns(runs: number, options: Options): Promise<MemoryScore[]> {
  const misses: Miss[] = [];
  for (let run = 0; run < runs; run++) {
    const { facts, measured, marks: lines } = await measureMemory(wanted, options);
    for (const mark of marks) {
      const { bytes, errors } = measured.line(lines(mark));
      const truth = facts[mark]!;
      const what = mark === 'passing' ? 'allocated' : 'growth';
      misses.push({ mark, error: bytes[what] / truth - 1, said: errors[what] / truth });
    }
  }
  const scores = marks.map((mark) => bias(mark, withMark(misses, mark)));
  return [...scores, bias('all lines', misses), ...spread(misses)];
}

/** The mean of all runs; it may be off by 1 %, or by what so few runs can say. */
function bias(name: string, misses: readonly Miss[]): MemoryScore {
  const off = mean(misses.map(({ error }) => error));
  const standardError = Math.sqrt(mean(misses.map(({ said }) => said ** 2)) / misses.length);
  const allowed = Math.max(0.01, 3 * standardError);
  return percent(`${name}: mean of ${misses.length}`, 1, 1 + off, Math.abs(off), allowed);
}

/** How far figures are off, beside what is said of each. */
function spread(misses: readonly Miss[]): MemoryScore[] {
  const sampled = misses.filter(({ said }) => said > 0);
  const ratios = sampled.map(({ error, said }) => error / said);
  const root = Math.sqrt(mean(ratios.map((ratio) => ratio ** 2)));
  const within = mean(ratios.map((ratio) => (Math.abs(ratio) <= 2 ? 1 : 0)));
  return [
    percent('error, of what is said of it', 1, root, Math.abs(Math.log(root)), Math.log(1.5)),
    // In a hundred figures, the part that is within has a standard deviation of 2 points.
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
