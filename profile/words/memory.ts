/** Memory as words, the same everywhere. */
import type { MemoryMetric } from '../metric';
import type { Leak, MemoryCost } from '../memory/types';
import type { Profile } from '../types';
import { formatBytes } from './numbers';

/** What follows a number of bytes: `120 MB held at the peak`. */
export const bytesWord: Readonly<Record<MemoryMetric, string>> = {
  allocated: 'allocated',
  peak: 'held at the peak',
  growth: 'more than at the start',
  copied: 'copied',
};

/** A change in bytes, with its sign: `+120 MB`, `−3.0 kB`, `0 B`. */
export function formatChange(bytes: number): string {
  return bytes >= 0.5 ? `+${formatBytes(bytes)}` : formatBytes(bytes);
}

/** An estimated number, to three figures: `150`, `12.3 k`, `5 M`. */
export function formatAbout(count: number): string {
  const [size, unit] = count >= 999_500 ? [1e6, ' M'] : count >= 9_995 ? [1e3, ' k'] : [1, ''];
  return `${unit === '' ? Math.round(count) : Number((count / size).toPrecision(3))}${unit}`;
}

/** An estimated number of allocations: `1 allocation`, `12.3 k allocations`. */
export function formatAllocations(count: number): string {
  return `${formatAbout(count)} ${Math.round(count) === 1 ? 'allocation' : 'allocations'}`;
}

/** `keeps growing by 1.2 MB/s: a leak, with a likelihood of 97 %`. Never 100 %, since nothing is certain. */
export function formatLeak({ likelihood, bytesPerSecond }: Leak): string {
  const percent = Math.min(99, Math.floor(100 * likelihood));
  return `keeps growing by ${formatBytes(bytesPerSecond)}/s: a leak, with a likelihood of ${percent} %`;
}

/** `± 4.2 MB`, two standard errors; empty if the figure is exact, or nearly so. */
export function formatError(bytes: number, error: number): string {
  return 2 * error >= 0.005 * Math.abs(bytes) && error > 0 ? `± ${formatBytes(2 * error)}` : '';
}

/** A series drawn in a line of text: `▁▂▄▆█`. Empty if all values are 0. */
export function sparkline(values: readonly number[]): string {
  const most = Math.max(0, ...values);
  const steps = '▁▂▃▄▅▆▇█';
  return most <= 0
    ? ''
    : values.map((value) => steps[Math.round((Math.max(0, value) / most) * 7)]).join('');
}

/** The largest of a line's shares (0…1) of all bytes allocated, held at the peak, and grown. */
export function memoryPart(memory: MemoryCost, whole: Profile['memory']): number {
  const part = (some: number, all: number): number => (all > 0 ? some / all : 0);
  return whole
    ? Math.max(
        part(memory.allocatedBytes, whole.allocatedBytes),
        part(memory.peakBytes, whole.peakLiveBytes),
        part(memory.growthBytes, whole.growthBytes),
      )
    : 0;
}

/** Shown instead of the memory of lines in a part of the run's time. */
export const memoryHasNoTime =
  'Memory beside the code is that of the whole run: how much a line had in a part of its time is not known.';
