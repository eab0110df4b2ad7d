/** Numbers as words, for labels in the panel. */
import { isBytes, type FlameMetric } from './model/merged';
import { formatBytes } from '../profile/words/numbers';

/** What something weighs under a metric: a time or a size. */
export function formatAmount(metric: FlameMetric, amount: number): string {
  return isBytes(metric) ? formatBytes(amount) : formatNs(amount);
}

const metricNames: Record<FlameMetric, string> = {
  wall: 'wall time',
  cpu: 'CPU time',
  allocated: 'memory allocated',
  peak: 'memory at the peak',
  growth: 'memory growth',
  freed: 'memory freed',
};

/** A metric in words. */
export function metricName(metric: FlameMetric): string {
  return metricNames[metric];
}

const units: [number, string][] = [
  [1e9, 's'],
  [1e6, 'ms'],
  [1e3, 'µs'],
];

/** Nanoseconds with three significant figures: `1.24 s`, `12.4 ms`, `340 µs`, `2 min 5 s`. */
export function formatNs(ns: number): string {
  if (ns >= 119.5e9) {
    const seconds = Math.round(ns / 1e9);
    return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
  }
  if (ns === 0) return '0 s';
  const [size, unit] = units.find(([least]) => ns >= least * 0.9995) ?? [1, 'ns'];
  const value = ns / size;
  const digits = value >= 100 || size === 1 ? 0 : value >= 9.995 ? 1 : 2;
  return `${value.toFixed(digits)} ${unit}`;
}

/** A share of a whole: `45 %`, `4.5 %`, `< 0.1 %`; empty when there is no whole. */
export function formatShare(part: number, whole: number): string {
  if (!(whole > 0)) return '';
  const percent = (100 * part) / whole;
  if (percent > 0 && percent < 0.1) return '< 0.1 %';
  return `${percent.toFixed(percent >= 9.95 || percent === 0 ? 0 : 1)} %`;
}

/** Labels of an axis whose ticks are `stepNs` apart: all in one unit, with just enough decimals. */
export function axisFormat(metric: FlameMetric, step: number): (at: number) => string {
  return isBytes(metric) ? formatBytes : timeFormat(step);
}

function timeFormat(stepNs: number): (ns: number) => string {
  const [size, unit] = units.find(([least]) => stepNs >= least * 0.0999) ?? [1, 'ns'];
  const decimals = Math.max(0, Math.min(3, Math.ceil(-Math.log10(stepNs / size) - 1e-9)));
  return (ns) => `${(ns / size).toFixed(decimals)} ${unit}`;
}

/** `1 sample`, `1,234 samples`. */
export function count(number: number, one: string, many = `${one}s`): string {
  return `${number.toLocaleString('en-US')} ${number === 1 ? one : many}`;
}

/** The last part of a path. */
export function baseName(path: string): string {
  return path.slice(Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\')) + 1);
}
