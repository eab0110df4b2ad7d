/** What the editor writes beside a function whose lines are folded away: the cost of all of it, with its calls. */
import { barLength, barOf, type LineFigures } from './annotation';
import { annotateMemory } from './memoryAnnotation';
import { amountOf, isMemoryMetric, type Metric } from '../metric';
import type { FileCost, FunctionCost, Profile } from '../types';
import { formatFewSamples, formatPercent, formatSeconds, heatStep, joinWords } from './numbers';
import { reachesThreshold } from './threshold';

const folded = 'whole function';

/**
 * Functions whose share of the run is at least thresholdPercent, in the order of their first lines. Of several on one
 * line, only the most expensive.
 */
export function annotateFunctions(
  file: FileCost,
  profile: Pick<Profile, 'total' | 'memory'>,
  metric: Metric,
  thresholdPercent: number,
): LineFigures[] {
  const found = new Map<number, { figures: LineFigures; amount: number }>();
  for (const item of file.functions) {
    // Lambdas and comprehensions cannot be folded, and a module's total is that of the run.
    if (item.name.startsWith('<')) continue;
    const figures = foldedFigures(item, profile, metric, thresholdPercent / 100);
    const amount = figures ? barLength(figures.bar) : 0;
    if (figures && amount >= (found.get(item.line)?.amount ?? 0)) {
      found.set(item.line, { figures, amount });
    }
  }
  return [...found.values()].map(({ figures }) => figures).sort((a, b) => a.line - b.line);
}

function foldedFigures(
  { line, self, total, memory }: FunctionCost,
  profile: Pick<Profile, 'total' | 'memory'>,
  metric: Metric,
  threshold: number,
): LineFigures | undefined {
  if (isMemoryMetric(metric)) {
    const figures = annotateMemory(line, memory, profile.memory, metric, threshold);
    return figures && { ...figures, detail: joinWords([folded, figures.detail]) };
  }
  const whole = amountOf(profile.total, metric);
  const amount = amountOf(total, metric);
  if (!reachesThreshold(amount, whole, threshold)) return undefined;
  return {
    line,
    heat: heatStep(amountOf(self, metric) / whole),
    kind: 'total',
    bar: barOf(total, whole, metric),
    value: formatSeconds(amount),
    percent: formatPercent(Math.min(1, amount / whole), total.samples),
    detail: joinWords([folded, formatFewSamples(total.samples)]),
  };
}
