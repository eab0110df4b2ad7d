/** The metrics that can lead, and what each adds up. */
import { cpuOf, wallOf } from './cost';
import type { Cost } from './types';

/** The metric that leads annotations. */
export const metrics = ['cpu', 'wall', 'python', 'native', 'system', 'wait'] as const;
export type Metric = (typeof metrics)[number];

/** The kinds of time that python + native + system + wait = wall time is made of. */
export const timeKinds = ['python', 'native', 'system', 'wait'] as const;
export type TimeKind = (typeof timeKinds)[number];

/** What a cost amounts to under a metric, ns. */
export function amountOf(cost: Readonly<Cost>, metric: Metric): number {
  return metric === 'cpu' ? cpuOf(cost) : metric === 'wall' ? wallOf(cost) : cost[metric];
}

/** The kinds of time a metric adds up. */
export function kindsOf(metric: Metric): readonly TimeKind[] {
  return metric === 'wall' ? timeKinds : metric === 'cpu' ? timeKinds.slice(0, 3) : [metric];
}
