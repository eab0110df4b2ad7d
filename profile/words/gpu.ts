/** GPU time and memory as words, the same ones in the editor and on the terminal. */
import type { GpuTotal } from '../types';
import { formatBytes, formatPercent, formatSeconds } from './numbers';

/**
 * `busy 1.00 s (27 % of the time) · 537 MB at the peak · NVIDIA H100`. Several GPUs together can be busy for longer
 * than the run.
 */
export function gpuSummary(gpu: GpuTotal, elapsedNs: number): string {
  const { busyNs, peakBytes, devices } = gpu;
  const share = busyNs !== null && elapsedNs > 0 ? busyNs / elapsedNs : 0;
  const part = share > 0 && share <= 1 ? ` (${formatPercent(share)} of the time)` : '';
  const names = new Map<string, number>();
  for (const { name } of devices) names.set(name, (names.get(name) ?? 0) + 1);
  return [
    busyNs === null ? 'not known how busy' : `busy ${formatSeconds(busyNs)}${part}`,
    ...(peakBytes === null ? [] : [`${formatBytes(peakBytes)} at the peak`]),
    ...[...names].map(([name, count]) => (count > 1 ? `${count} × ${name}` : name)),
  ].join(' · ');
}
