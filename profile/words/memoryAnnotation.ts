/** What the editor writes beside a line about memory: all of it under a metric of memory, a word under one of time. */
import type { LineFigures } from './annotation';
import { formatAllocations, formatChange } from './memory';
import { bytesOf, totalBytesOf, type MemoryMetric } from '../metric';
import type { MemoryCost, MemoryTotal } from '../memory/types';
import { formatBytes, formatPercent, heatStep } from './numbers';

/** Of everything that grew or was live at the peak, this much is worth a word beside a time. */
const worthAWord = 0.1;
const leastBytes = 1e6;

/** A line's figures under a metric; undefined where it has too little. threshold: 0…1, of the whole. */
export function annotateMemory(
  line: number,
  memory: MemoryCost,
  total: MemoryTotal,
  metric: MemoryMetric,
  threshold: number,
): LineFigures | undefined {
  const whole = totalBytesOf(total, metric);
  const bytes = bytesOf(memory, metric);
  const share = whole > 0 ? Math.min(1, bytes / whole) : 0;
  const leaks = metric === 'growth' && memory.leak !== null;
  if (bytes < 0.5 || (share < threshold && !leaks)) {
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

/** `▲ 120 MB`: what a line has kept, or else held at the peak, where that is much; empty where it is not. */
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

/** As how many samples the figure is sure: a figure with a relative error e is as good as 1/e² of them. */
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
