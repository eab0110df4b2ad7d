/** What the editor writes beside a function whose lines are folded away: the cost of all of it, with its calls. */
import { barOf, type LineFigures } from './annotation';
import { annotateMemory } from './memoryAnnotation';
import { amountOf, isMemoryMetric, type Metric } from '../metric';
import type { FileCost, FunctionCost, Profile } from '../types';
import { fewSamples, formatPercent, formatSamples, formatSeconds, heatStep } from './numbers';
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
    const figures = figuresOf(item, profile, metric, thresholdPercent / 100);
    const amount = figures ? sumOf(figures.bar) : 0;
    if (figures && amount >= (found.get(item.line)?.amount ?? 0)) {
      found.set(item.line, { figures, amount });
    }
  }
  return [...found.values()].map(({ figures }) => figures).sort((a, b) => a.line - b.line);
}

function figuresOf(
  { line, self, total, memory }: FunctionCost,
  profile: Pick<Profile, 'total' | 'memory'>,
  metric: Metric,
  threshold: number,
): LineFigures | undefined {
  if (isMemoryMetric(metric)) {
    const figures =
      profile.memory && memory
        ? annotateMemory(line, memory, profile.memory, metric, threshold)
        : undefined;
    if (!figures) return undefined;
    return { ...figures, detail: [folded, figures.detail].filter(Boolean).join(' · ') };
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
    detail: [folded, total.samples < fewSamples ? formatSamples(total.samples) : '']
      .filter((word) => word !== '')
      .join(' · '),
  };
}

function sumOf(bar: LineFigures['bar']): number {
  return Object.values(bar).reduce((sum, part) => sum + part, 0);
}
