/** The lines or functions that cost most under a metric, by their own cost. */
import { barLength } from './annotation';
import { annotateMemory } from './memoryAnnotation';
import { amountOf, isMemoryMetric, type Metric } from '../metric';
import type { FileCost, FunctionCost, LineCost, Profile } from '../types';
import {
  formatFewSamples,
  formatPercent,
  formatSeconds,
  formatSplit,
  heatStep,
  joinWords,
} from './numbers';
import { reachesThreshold } from './threshold';

/** One line or function in words. */
export interface HotFigures {
  /** 1-based; of a function its first. */
  line: number;
  /** Qualified name of the function, or of the function that the line belongs to. */
  function: string;
  /** Its own share of the run, 0…1; rows are sorted by it. */
  share: number;
  /** 0 (cold) … 7 (hottest). */
  heat: number;
  /** `2.91 s` or `120 MB`, `58.2 %`. */
  value: string;
  percent: string;
  /** `native 96 · python 4`, `3.10 s with calls`, `leaking 22 MB/s`; may be empty. */
  detail: string;
}

/** If the total is this many times the own cost, it is mentioned. */
const worthATotal = 1.05;

/** Lines or functions of a file whose own share of the run is at least thresholdPercent; not sorted. */
export function hotOf(
  file: FileCost,
  profile: Pick<Profile, 'total' | 'memory'>,
  metric: Metric,
  thresholdPercent: number,
  of: 'lines' | 'functions',
): HotFigures[] {
  const threshold = thresholdPercent / 100;
  return of === 'lines'
    ? file.lines.flatMap((line) => {
        const figures = ownFigures(line, profile, metric, threshold);
        return figures ? [{ ...figures, line: line.line, function: line.function }] : [];
      })
    : file.functions.flatMap((item) => {
        const figures = ownFigures(item, profile, metric, threshold);
        return figures ? [{ ...figures, line: item.line, function: item.qualname }] : [];
      });
}

function ownFigures(
  item: LineCost | FunctionCost,
  { total: run, memory }: Pick<Profile, 'total' | 'memory'>,
  metric: Metric,
  threshold: number,
): Omit<HotFigures, 'line' | 'function'> | undefined {
  if (isMemoryMetric(metric)) {
    const found = annotateMemory(0, item.memory, memory, metric, threshold);
    if (!found) return undefined;
    const { bar, heat, value, percent, detail } = found;
    return { share: barLength(bar), heat, value, percent, detail };
  }
  const whole = amountOf(run, metric);
  const own = amountOf(item.self, metric);
  if (!reachesThreshold(own, whole, threshold)) return undefined;
  const total = amountOf(item.total, metric);
  const { samples } = item.self;
  const detail = [
    total >= worthATotal * own
      ? `${formatSeconds(total)} with calls`
      : formatSplit(item.self, metric),
    formatFewSamples(samples),
  ];
  return {
    share: own / whole,
    heat: heatStep(own / whole),
    value: formatSeconds(own),
    percent: formatPercent(Math.min(1, own / whole), samples),
    detail: joinWords(detail),
  };
}
