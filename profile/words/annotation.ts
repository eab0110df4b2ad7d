/** What the editor writes beside the lines of a file. */
import { annotateMemory, memoryWord } from './memoryAnnotation';
import { amountOf, isMemoryMetric, kindsOf, type Metric, type TimeMetric } from '../metric';
import type { Cost, FileCost, LineCost, Profile } from '../types';
import type { MemoryTotal } from '../memory/types';
import {
  formatFewSamples,
  formatPercent,
  formatSeconds,
  formatSplit,
  heatStep,
  joinWords,
} from './numbers';
import { reachesThreshold } from './threshold';

/** One line's figures, ready to draw. */
export interface LineFigures {
  /** 1-based. */
  line: number;
  /** 0 (cold) … 7 (hottest), by what the line costs itself. */
  heat: number;
  /** self: the time was spent on the line itself; total: in what it called. */
  kind: 'self' | 'total';
  /**
   * Shares of the run, 0…1, drawn left to right; together they are the length of the bar. Allocated bytes are divided
   * into python and native, by who asked for them; other metrics of memory have a single share, memory.
   */
  bar: {
    python: number;
    native: number;
    system: number;
    wait: number;
    queue: number;
    memory: number;
  };
  /** `2.91 s` or `120 MB`, and `58.2 %`: to be right-aligned in their columns. */
  value: string;
  percent: string;
  /** `native 96 · python 4`, or `in calls`. */
  detail: string;
}

/**
 * A line whose own cost is below this part of its total is described by its calls, one whose calls cost less than
 * this part by its own cost, and others by both.
 */
export const ownPart = 0.1;

/**
 * The lines of a file to annotate under a metric: those whose share of the run, their own or with their calls, is at
 * least thresholdPercent. In the order of lines.
 */
export function annotateFile(
  file: FileCost,
  profile: Pick<Profile, 'total' | 'memory'>,
  metric: Metric,
  thresholdPercent: number,
): LineFigures[] {
  const { total, memory } = profile;
  const threshold = thresholdPercent / 100;
  return file.lines.flatMap((line) => {
    const figures = isMemoryMetric(metric)
      ? annotateMemory(line.line, line.memory, memory, metric, threshold)
      : annotateTime(line, total, memory, metric, threshold);
    return figures ? [figures] : [];
  });
}

function annotateTime(
  line: LineCost,
  run: Cost,
  memory: MemoryTotal | null,
  metric: TimeMetric,
  threshold: number,
): LineFigures | undefined {
  const whole = amountOf(run, metric);
  const self = amountOf(line.self, metric);
  const total = amountOf(line.total, metric);
  const ownIsWorthIt = reachesThreshold(self, whole, threshold);
  const isSelf = ownIsWorthIt && self >= ownPart * total;
  const amount = isSelf ? self : total;
  if (!reachesThreshold(amount, whole, threshold)) return undefined;
  const cost = isSelf ? line.self : line.total;
  const detail = isSelf
    ? describeSelf(line, metric)
    : ownIsWorthIt
      ? `in calls · ${formatSeconds(self)} here`
      : 'in calls';
  const inCalls = total - self;
  return {
    line: line.line,
    heat: heatStep(self / whole),
    kind: isSelf ? 'self' : 'total',
    bar: barOf(cost, whole, metric),
    value: formatSeconds(amount),
    percent: formatPercent(Math.min(1, amount / whole), cost.samples),
    detail: joinWords([
      detail,
      isSelf && inCalls >= ownPart * total ? `${formatSeconds(inCalls)} in calls` : '',
      formatFewSamples(cost.samples),
      memoryWord(line.memory, memory),
    ]),
  };
}

/** The kinds that the leading cost is made of. A metric of one kind has only that kind, so the kind is named. */
function describeSelf({ self, natives }: LineCost, metric: TimeMetric): string {
  switch (metric) {
    case 'cpu':
    case 'wall':
      return formatSplit(self, metric);
    case 'native':
      return natives[0]?.symbol ?? '';
    case 'python':
      return partOf('CPython’s C code', self.runtime, self.python);
    case 'wait':
      return partOf('for the GIL', self.gil, self.wait);
    case 'system':
      return '';
  }
}

function partOf(what: string, part: number, whole: number): string {
  const percent = Math.round((part / whole) * 100);
  return percent >= 1 ? `${what} ${percent}` : '';
}

/** How long a bar is if the whole run fills its track, 0…1. */
export function barLength(bar: LineFigures['bar']): number {
  return Object.values(bar).reduce((sum, part) => sum + Math.max(0, part), 0);
}

/** A cost as shares of the run, by kind. */
export function barOf(cost: Cost, whole: number, metric: TimeMetric): LineFigures['bar'] {
  const bar = { python: 0, native: 0, system: 0, wait: 0, queue: 0, memory: 0 };
  for (const kind of kindsOf(metric)) {
    // Helpers run compiled code, so their time is drawn as native.
    bar[kind === 'helper' ? 'native' : kind] += cost[kind] / whole;
  }
  return bar;
}
