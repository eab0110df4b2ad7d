/** What the suite prints. */
import { cpu, type Report } from '../agent/report';
import { allowedPoints, pointsOff, type LineScore } from './truth/score';

/** Parts of the CPU time of a program and its children, our watcher's left out. */
export interface Parts {
  onLines: number;
  /** To start and end Python. */
  startAndEnd: number;
  /** The rest: of threads that worked for no line, and what no sample tells. */
  onNone: number;
}

export interface Result {
  library: string;
  python: string;
  intervalUs: number;
  runs: number;
  /** What differed, one sentence a run. */
  problems: string[];
  /** Where the CPU time is, of each long run. */
  parts: Parts[];
  /** CPU time beside that of the bare run before, of each long run. */
  ratios: number[];
}

export const header = [
  'library'.padEnd(14),
  'Python',
  'interval',
  '  fine',
  'on lines',
  'start, end',
  'on none',
  ' CPU',
].join('  ');

export const truthHeader = [
  'library'.padEnd(14),
  'Python',
  'line'.padEnd(10),
  ' truth',
  '  said',
  'points',
  'helpers',
  'after the call',
].join('  ');

export function partsOf(report: Report): Parts {
  const lines = report.files.flatMap((file) => file.lines);
  const found = lines.reduce((sum, { self }) => sum + cpu(self), 0);
  const whole = report.processes.reduce((sum, it) => sum + it.cpu_s - it.agent_cpu_s, 0);
  const startAndEnd = report.off_lines.interpreter_s / whole;
  return { onLines: found / whole, startAndEnd, onNone: 1 - found / whole - startAndEnd };
}

const leastOnLines = 0.95;

/** Whether too much of the CPU time is on no line. */
export function isAstray({ parts }: Result): boolean {
  return median(parts.map(({ onLines }) => onLines)) < leastOnLines;
}

/** One line of the first table: medians. */
export function row(it: Result): string {
  return [
    it.library.padEnd(14),
    it.python.padEnd(6),
    `${it.intervalUs} µs`.padStart(8),
    `${it.runs - it.problems.length}/${it.runs}`.padStart(6),
    percent(100 * median(it.parts.map(({ onLines }) => onLines)), 8),
    percent(100 * median(it.parts.map(({ startAndEnd }) => startAndEnd)), 10),
    percent(100 * median(it.parts.map(({ onNone }) => onNone)), 7),
    `×${median(it.ratios).toFixed(2)}`,
    isAstray(it) ? ' FAIL' : '',
  ].join('  ');
}

export function truthRow(library: string, python: string, score: LineScore): string {
  const off = pointsOff(score);
  return [
    library.padEnd(14),
    python.padEnd(6),
    score.line.padEnd(10),
    percent(score.expected, 6),
    percent(score.measured, 6),
    off.toFixed(1).padStart(6),
    percent(score.helpers, 7),
    percent(score.after, 14),
    off > allowedPoints ? ' FAIL' : '',
  ].join('  ');
}

function median(values: number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const half = (sorted.length - 1) / 2;
  return (sorted[Math.floor(half)]! + sorted[Math.ceil(half)]!) / 2;
}

function percent(value: number, width: number): string {
  return `${value.toFixed(1)} %`.padStart(width);
}
