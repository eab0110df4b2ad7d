/** The metrics that a user can choose, and what each adds up. */
import { cpuOf, wallOf } from './cost';
import type { Cost } from './types';
import type { MemoryCost, MemoryTotal } from './memory/types';

export const timeMetrics = ['cpu', 'wall', 'python', 'native', 'system', 'wait'] as const;
export type TimeMetric = (typeof timeMetrics)[number];
export const memoryMetrics = ['allocated', 'peak', 'growth', 'copied'] as const;
export type MemoryMetric = (typeof memoryMetrics)[number];

/** The metric that leads annotations. */
export const metrics = [...timeMetrics, ...memoryMetrics] as const;
export type Metric = (typeof metrics)[number];

/** The kinds of time that wall time is made of; the first three are CPU time. */
export const timeKinds = ['python', 'native', 'system', 'wait', 'queue'] as const;
export type TimeKind = (typeof timeKinds)[number];

/** The kinds that make up CPU time. That of a helper passes while the thread of its line works or waits. */
const cpuKinds = ['python', 'native', 'system', 'helper'] as const;

export function isMemoryMetric(metric: Metric): metric is MemoryMetric {
  return memoryMetrics.some((known) => known === metric);
}

/** The metric of time to show beside this metric. */
export function timeMetricOf(metric: Metric): TimeMetric {
  return isMemoryMetric(metric) ? 'cpu' : metric;
}

/** What a cost amounts to under a metric, ns. */
export function amountOf(cost: Readonly<Cost>, metric: TimeMetric): number {
  return metric === 'cpu' ? cpuOf(cost) : metric === 'wall' ? wallOf(cost) : cost[metric];
}

/** The kinds of time a metric adds up. */
export function kindsOf(metric: TimeMetric): readonly (TimeKind | 'helper')[] {
  return metric === 'wall' ? timeKinds : metric === 'cpu' ? cpuKinds : [metric];
}

/** Bytes under a metric. */
export function bytesOf(memory: Readonly<MemoryCost>, metric: MemoryMetric): number {
  return memory[`${metric}Bytes`];
}

/** Bytes of all lines together under a metric. */
export function totalBytesOf(total: Readonly<MemoryTotal>, metric: MemoryMetric): number {
  return metric === 'peak' ? total.peakLiveBytes : total[`${metric}Bytes`];
}
