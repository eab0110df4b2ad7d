/** The memory of a run for the flame chart: by stack, and over time. */
import { mostSlices } from '../memory/sites';

export const flameMemoryMetrics = ['allocated', 'peak', 'growth', 'freed'] as const;
export type FlameMemoryMetric = (typeof flameMemoryMetrics)[number];

/** The memory of one process over time, or of several together; times in ns since the run's start, sizes in bytes. */
export interface FlameProcess {
  pid: number;
  /**
   * More than 1: processes that ended before the others, merged, with pid 0. Their bytes are exact, their times as
   * exact as slices, their footprint a mean.
   */
  processes: number;
  startNs: number;
  endNs: number;
  /** Width of the slices of time for which changes are known. */
  sliceNs: number;
  peakNs: number;
  peakBytes: number;
  /** Footprint: points in order of time. resident is 0 where it was not recorded. */
  time: Float64Array;
  resident: Float64Array;
  live: Float64Array;
}

/** Row i: what was allocated with a stack in a process, which is an index. Ids of stacks are those of FlameTables. */
export interface FlameMemory {
  processes: FlameProcess[];
  stack: Uint32Array;
  process: Uint32Array;
  allocated: Float64Array;
  allocations: Float64Array;
  peak: Float64Array;
  growth: Float64Array;
  /** mostSlices numbers for each row: by how much live bytes changed in each slice of the process's time. */
  change: Float32Array;
}

/** Whether a metric depends on the chosen time. */
export function isOfTime(metric: string): boolean {
  return metric === 'growth' || metric === 'freed';
}

/**
 * Bytes and numbers of allocations by stack. Metrics that depend on time count what happened within `[fromNs, toNs)`.
 * Growth is what a stack holds more at the end of that time than at its beginning. Freed is the sum of its falls in
 * that time, even if it rose again later. What comes and goes within one slice is in neither.
 */
export function memoryByStack(
  memory: FlameMemory,
  stackCount: number,
  metric: FlameMemoryMetric,
  fromNs: number,
  toNs: number,
): { weight: Float64Array; count: Float64Array } {
  const weight = new Float64Array(stackCount);
  const count = new Float64Array(stackCount);
  for (let row = 0; row < memory.stack.length; row++) {
    const stack = memory.stack[row]!;
    if (stack < stackCount) {
      weight[stack]! +=
        metric === 'growth'
          ? growthWithin(memory, row, fromNs, toNs)
          : metric === 'freed'
            ? fallsWithin(memory, row, fromNs, toNs)
            : memory[metric][row]!;
      count[stack]! += memory.allocations[row]!;
    }
  }
  // A width cannot be negative: what shrank has not grown. Below half a byte it is a rounding error.
  return { weight: weight.map((bytes) => (bytes < 0.5 ? 0 : bytes)), count };
}

/** What grew and what was freed within `[fromNs, toNs)`, bytes: memoryByStack, all stacks together. */
export function changeWithin(
  memory: FlameMemory,
  stackCount: number,
  fromNs: number,
  toNs: number,
): { grown: number; freed: number } {
  const sum = (metric: FlameMemoryMetric): number =>
    memoryByStack(memory, stackCount, metric, fromNs, toNs).weight.reduce((a, b) => a + b, 0);
  return { grown: sum('growth'), freed: sum('freed') };
}

function growthWithin(memory: FlameMemory, row: number, fromNs: number, toNs: number): number {
  const { first, end } = slicesWithin(memory, row, fromNs, toNs);
  if (first === 0 && end === mostSlices) {
    return memory.growth[row]!;
  }
  let sum = 0;
  for (let slice = first; slice < end; slice++) {
    sum += memory.change[row * mostSlices + slice]!;
  }
  return sum;
}

function fallsWithin(memory: FlameMemory, row: number, fromNs: number, toNs: number): number {
  const { first, end } = slicesWithin(memory, row, fromNs, toNs);
  let sum = 0;
  for (let slice = first; slice < end; slice++) {
    sum += Math.max(0, -memory.change[row * mostSlices + slice]!);
  }
  return sum;
}

/** The slices of a row's process within the time; a slice counts if most of it lies inside. */
function slicesWithin(
  { processes, process }: FlameMemory,
  row: number,
  fromNs: number,
  toNs: number,
): { first: number; end: number } {
  const { startNs, sliceNs } = processes[process[row]!]!;
  return {
    first: Math.max(0, Math.round((fromNs - startNs) / sliceNs)),
    end: Math.min(mostSlices, Math.round((toNs - startNs) / sliceNs)),
  };
}

/** All processes together at one moment, bytes: for each process that lives then, its last point before. */
export function footprintAt(memory: FlameMemory, ns: number): { resident: number; live: number } {
  let resident = 0;
  let live = 0;
  for (const process of memory.processes) {
    const at = lastAtOrBefore(process.time, ns);
    if (at >= 0 && ns <= process.endNs) {
      resident += process.resident[at]!;
      live += process.live[at]!;
    }
  }
  return { resident, live };
}

function lastAtOrBefore(times: Float64Array, ns: number): number {
  let low = 0;
  let high = times.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (times[middle]! <= ns) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low - 1;
}
