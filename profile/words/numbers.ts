/** Numbers as words, the same everywhere: annotations, hovers, lenses, the terminal. */
import { kindsOf, type TimeKind, type TimeMetric } from '../metric';
import type { Cost } from '../types';

/** Figures from fewer samples than this are mostly chance, and are marked as such. */
export const fewSamples = 10;
/** From this many samples on, a tenth of a percent is significant. */
const manySamples = 100;

/** A time in ns with about three figures: `2.91 s`, `312 ms`, `0.4 ms`, `1 m 12 s`, `1 h 2 m`. */
export function formatSeconds(ns: number): string {
  const ms = ns / 1e6;
  if (ms < 0.05) {
    return ms > 0 ? '< 0.1 ms' : '0 ms';
  }
  if (ms < 9.95) {
    return `${ms.toFixed(1)} ms`;
  }
  if (ms < 999.5) {
    return `${Math.round(ms)} ms`;
  }
  if (ms < 59_950) {
    return `${(ms / 1000).toFixed(ms < 9995 ? 2 : 1)} s`;
  }
  const seconds = Math.round(ms / 1000);
  if (seconds < 3600) {
    return `${Math.floor(seconds / 60)} m ${seconds % 60} s`;
  }
  const minutes = Math.round(seconds / 60);
  return `${Math.floor(minutes / 60)} h ${minutes % 60} m`;
}

/**
 * A moment of the run, or a length of time in it, ns. Like a cost, but short ones to the nanosecond, since the flame
 * chart can be enlarged that far: `2.91 s`, `3.4 ms`, `340 µs`, `12 ns`.
 */
export function formatTime(ns: number): string {
  if (ns <= 0) return '0 s';
  if (ns >= 999_500) return formatSeconds(ns);
  return ns < 1000 ? `${Math.round(ns)} ns` : `${Number((ns / 1000).toPrecision(3))} µs`;
}

/** A stretch of the run's time, ns: `2.10 – 3.40 s`. */
export function formatRange({ fromNs, untilNs }: { fromNs: number; untilNs: number }): string {
  const [from, until] = [formatSeconds(fromNs), formatSeconds(untilNs)];
  const unit = until.slice(until.lastIndexOf(' '));
  return `${from.endsWith(unit) ? from.slice(0, -unit.length) : from} – ${until}`;
}

/**
 * A share (0…1) as a percentage: `58.2 %`, `100 %`, `< 0.1 %`. With the number of samples behind it, no more precise
 * than they allow: no decimals below a hundred samples, and `~6 %` below ten.
 */
export function formatPercent(share: number, samples = Infinity): string {
  const percent = share * 100;
  if (samples < fewSamples) {
    return `~${Math.max(percent > 0 ? 1 : 0, Math.round(percent))} %`;
  }
  if (percent > 0 && percent < 0.1) {
    return '< 0.1 %';
  }
  if (percent === 0 || percent >= 99.95 || (samples < manySamples && percent >= 1)) {
    return `${Math.round(percent)} %`;
  }
  return `${percent.toFixed(1)} %`;
}

/** A part of a whole as a percentage; empty if the whole is 0. */
export function formatShare(part: number, whole: number): string {
  return whole > 0 ? formatPercent(part / whole) : '';
}

/** Bytes, in powers of ten: `120 MB`, `1.5 kB`, `812 B`; negative ones keep their sign. */
export function formatBytes(bytes: number): string {
  let value = Math.abs(bytes);
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  const text = unit > 0 && value < 9.95 ? value.toFixed(1) : value.toFixed(0);
  return `${bytes < 0 && text !== '0' ? '−' : ''}${text} ${units[unit]}`;
}

/** A whole number: `2,912`. */
export function formatCount(count: number): string {
  return String(Math.round(count)).replace(/\B(?=(\d{3})+$)/g, ',');
}

/** How many of something: `1 thread`, `2,912 threads`. */
export function formatNumberOf(number: number, one: string, many = `${one}s`): string {
  return `${formatCount(number)} ${number === 1 ? one : many}`;
}

/** A number of samples: `1 sample`, `2,912 samples`. */
export function formatSamples(samples: number): string {
  return formatNumberOf(samples, 'sample');
}

/** The number of samples where there are few, which a figure is less sure for; otherwise empty. */
export function formatFewSamples(samples: number): string {
  return samples < fewSamples ? formatSamples(samples) : '';
}

/** Words with dots between them; empty ones are left out. */
export function joinWords(words: readonly string[]): string {
  return words.filter((word) => word !== '').join(' · ');
}

/** A rate per second: `1 kHz`, `100 Hz`, `2.5 kHz`. */
export function formatRate(hertz: number): string {
  const [value, unit] = hertz >= 1000 ? [hertz / 1000, 'kHz'] : [hertz, 'Hz'];
  return `${Number(value.toPrecision(3))} ${unit}`;
}

/**
 * The kinds that a cost is made of under a metric, in percent, largest first: `native 96 · python 4`, or `native` if
 * that is all. Parts below one percent are left out; empty if there is no cost. The part of helper threads is
 * `helpers 46`.
 */
export function formatSplit(cost: Readonly<Cost>, metric: TimeMetric = 'cpu'): string {
  const kinds = kindsOf(metric);
  const whole = kinds.reduce((sum, kind) => sum + cost[kind], 0);
  const parts = kinds
    .map((kind) => ({ kind, percent: whole > 0 ? (cost[kind] / whole) * 100 : 0 }))
    .filter(({ percent }) => percent >= 1)
    .sort((a, b) => b.percent - a.percent);
  return parts.length === 1
    ? kindWords[parts[0]!.kind]
    : parts.map(({ kind, percent }) => `${kindWords[kind]} ${Math.round(percent)}`).join(' · ');
}

/** CPU time in threads without Python code: `+0.70 s in 2 helper threads`. */
export function formatHelpers(ns: number, threads: number): string {
  const who = threads === 1 ? 'a helper thread' : `${formatCount(threads)} helper threads`;
  return `+${formatSeconds(ns)} in ${who}`;
}

const kindWords: Record<TimeKind | 'helper', string> = {
  python: 'python',
  native: 'native',
  system: 'system',
  wait: 'wait',
  queue: 'for a core',
  helper: 'helpers',
};

/** The share of the run at which each step of heat starts, above step 0. */
const heatSteps = [0.01, 0.02, 0.05, 0.1, 0.18, 0.3, 0.5];

/** How hot a share (0…1) of the run is, in eight steps: 0 (cold) … 7. */
export function heatStep(share: number): number {
  return heatSteps.filter((least) => share >= least).length;
}
