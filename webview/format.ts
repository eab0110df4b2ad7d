/** Wording that only the panel needs; numbers become words in profile/words/. */
import { isBytes, type FlameMetric } from './model/merged';
import { chartMetricNames } from '../profile/words/metricNames';
import { formatBytes, formatTime } from '../profile/words/numbers';

/** An amount in the unit of a metric: a time or a size. */
export function formatAmount(metric: FlameMetric, amount: number): string {
  return isBytes(metric) ? formatBytes(amount) : formatTime(amount);
}

/** A metric in words. */
export function metricName(metric: FlameMetric): string {
  return chartMetricNames[metric];
}

const units: [number, string][] = [
  [1e9, 's'],
  [1e6, 'ms'],
  [1e3, 'µs'],
];

/** Labels of an axis whose ticks are `step` apart, ns or bytes. Times are all in one unit, with just enough decimals. */
export function axisFormat(metric: FlameMetric, step: number): (value: number) => string {
  return isBytes(metric) ? formatBytes : timeFormat(step);
}

function timeFormat(stepNs: number): (ns: number) => string {
  const [size, unit] = units.find(([least]) => stepNs >= least * 0.0999) ?? [1, 'ns'];
  const decimals = Math.max(0, Math.min(3, Math.ceil(-Math.log10(stepNs / size) - 1e-9)));
  return (ns) => `${(ns / size).toFixed(decimals)} ${unit}`;
}
