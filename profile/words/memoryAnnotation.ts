/**
 * What the editor writes beside a line about memory: all figures under a metric of memory, a word under a metric of
 * time.
 */
import type { LineFigures } from './annotation';
import { formatAllocations, formatChange } from './memory';
import { bytesOf, totalBytesOf, type MemoryMetric } from '../metric';
import type { MemoryCost, MemoryTotal } from '../memory/types';
import { formatBytes, formatPercent, heatStep } from './numbers';
import { reachesThreshold } from './threshold';

/** A line with this share of what grew, or was live at the peak, is worth a word beside its time. */
const worthAWord = 0.1;
const leastBytes = 1e6;

/** A line's figures under a metric; undefined without memory, and below the threshold, a share of the whole (0…1). */
export function annotateMemory(
  line: number,
  memory: MemoryCost | null,
  total: MemoryTotal | null,
  metric: MemoryMetric,
  threshold: number,
): LineFigures | undefined {
  if (!memory || !total) return undefined;
  const whole = totalBytesOf(total, metric);
  const bytes = bytesOf(memory, metric);
  const share = whole > 0 ? Math.min(1, bytes / whole) : 0;
  const leaks = metric === 'growth' && memory.leak !== null;
  if (bytes < 0.5 || (!leaks && !reachesThreshold(bytes, whole, threshold))) {
    return undefined;
  }
  const python = metric === 'allocated' ? share * memory.pythonFraction : 0;
  return {
    line,
    heat: heatStep(share),
    kind: 'self',
    bar: {
      python,
      native: metric === 'allocated' ? share - python : 0,
      system: 0,
      wait: 0,
      queue: 0,
      memory: metric === 'allocated' ? 0 : share,
    },
    value: metric === 'growth' ? formatChange(bytes) : formatBytes(bytes),
    percent: formatPercent(share, evidence(memory, metric)),
    detail: detailOf(memory, metric),
  };
}

/** What a line has kept, `▲ 120 MB`, or else held at the peak, `peak 120 MB`; empty if that is little. */
export function memoryWord(memory: MemoryCost | null, total: MemoryTotal | null): string {
  if (!memory || !total) {
    return '';
  }
  const { growthBytes, peakBytes, leak } = memory;
  if (leak) {
    return `▲ ${formatBytes(growthBytes)} leaking`;
  }
  const isMuch = (bytes: number): boolean =>
    bytes >= leastBytes && bytes >= worthAWord * total.peakLiveBytes;
  return isMuch(growthBytes)
    ? `▲ ${formatBytes(growthBytes)}`
    : isMuch(peakBytes)
      ? `peak ${formatBytes(peakBytes)}`
      : '';
}

/** The number of samples with the same relative error: an error e is that of 1/e² samples. */
function evidence(memory: MemoryCost, metric: MemoryMetric): number {
  const [bytes, error] =
    metric === 'allocated'
      ? [memory.allocatedBytes, memory.allocatedError]
      : metric === 'growth'
        ? [memory.growthBytes, memory.growthError]
        : [0, 0];
  return error > 0 ? (bytes / error) ** 2 : Infinity;
}

function detailOf(memory: MemoryCost, metric: MemoryMetric): string {
  const { allocations, growthBytes, leak, pythonFraction } = memory;
  switch (metric) {
    case 'allocated': {
      const percent = Math.round(pythonFraction * 100);
      const who =
        percent >= 100
          ? 'python'
          : percent <= 0
            ? 'native'
            : `python ${percent} · native ${100 - percent}`;
      return `${formatAllocations(allocations)} · ${who}`;
    }
    case 'peak':
      return growthBytes >= 0.5 * memory.peakBytes ? 'still there' : '';
    case 'growth':
      return leak ? `leaking ${formatBytes(leak.bytesPerSecond)}/s` : '';
    case 'copied':
      return '';
  }
}
