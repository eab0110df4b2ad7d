/**
 * Finds values that no agent can have written. A checksum proves that bytes are those that somebody wrote, not that
 * they make sense, and older recordings have none.
 */
import type { HelpedRecord, RecordingHeader, StreamRecord } from './records';
import type { MemoryFigures, ReservedPart } from './memoryRecords';

/** No recording lasts longer: ten years, ns. */
const longestNs = 10 * 366 * 86_400e9;
/** Records may be later than the header's heartbeat by this much, ns. */
const slackNs = 10e9;
/** The most threads that run, or wait for a core, at once: CPU time grows at most this many times as fast as time. */
const mostAtOnce = 1 << 22;
/** Larger than any address space. */
const mostBytes = 2 ** 57;
const mostPeriod = 2 ** 60;
/**
 * The sum of very many allocations that each stand for very many, and the least probability that an allocation is
 * recorded.
 */
const mostEstimate = 2 ** 120;
const leastProbability = 2 ** -62;
/** The longest stretch of time that thinned records are added up over, ns. */
const longestStretchNs = 1000 * longestNs;
/** The largest line number, position in code (CPython), pid and thread number (Linux). */
const mostInt = 2 ** 31 - 1;
/** The most frames of a stack: the agent cuts at 2048, and joins the stacks of tasks that wait for one another. */
const deepest = 8192;
const mostGpus = 1024;
const mostCount = Number.MAX_SAFE_INTEGER;

/** Follows one recording, record by record. */
export class Plausibility {
  #latestNs = longestNs;
  /** By stack: the number of its frames; stack 0 has none. */
  readonly #depths: number[] = [0];
  #natives = 0;
  #modules = 0;
  #allocations = 0;
  readonly #threads = new Set<number>();

  /** Takes the current header: no record is later than its heartbeat allows. */
  header({ heartbeatNs, startMonotonicNs }: RecordingHeader): void {
    this.#latestNs = Math.min(longestNs, Math.max(0, heartbeatNs - startMonotonicNs) + slackNs);
  }

  /** What is wrong with the next record, in words that follow “the record”; undefined: nothing. */
  problem(record: StreamRecord): string | undefined {
    switch (record.kind) {
      case 'thread':
        this.#threads.add(record.thread);
        return (
          this.#time(record.startNs) ??
          limit(Math.max(record.tid, record.makerTid), mostInt, 'number of a thread')
        );
      case 'threadEnd':
        return (
          this.#thread(record.thread) ?? this.#time(record.endNs) ?? this.#duration(record.cpuNs)
        );
      case 'sample': {
        // A remainder may be the work of many threads that ended too soon to be sampled.
        const most = record.remainder ? this.#latestNs * mostAtOnce : this.#latestNs;
        return (
          this.#thread(record.thread) ??
          this.#time(record.timeNs) ??
          limit(Math.max(record.cpuNs, record.wallNs, record.systemNs), most, 'duration') ??
          counts(record.count ?? 1)
        );
      }
      case 'queue':
        return (
          this.#thread(record.thread) ?? this.#time(record.timeNs) ?? this.#duration(record.wallNs)
        );
      case 'code':
        return limit(record.firstLine, mostInt, 'line');
      case 'stack':
        return this.stack(record.parent, record.instruction, record.between);
      case 'module':
        this.#modules++;
        return undefined;
      case 'native':
        return this.native(record.parent, record.module);
      case 'stats':
        return (
          this.#time(record.timeNs) ??
          this.#sums(record.processCpuNs, record.agentCpuNs, record.queueNs ?? 0) ??
          counts(record.samples, record.ticks, record.dropped, record.rejected, record.late)
        );
      case 'end':
        return (
          this.#time(record.timeNs) ??
          this.#sums(record.processCpuNs) ??
          limit(Math.abs(record.exit ?? 0), mostInt, 'exit status') ??
          limit(record.peakBytes, mostBytes, 'size')
        );
      case 'allocation':
        this.#allocations++;
        return (
          this.#time(record.timeNs) ??
          limit(Math.max(record.size, record.grown), mostBytes, 'size') ??
          limit(record.period, mostPeriod, 'period')
        );
      case 'copy':
        return (
          this.#time(record.timeNs) ??
          limit(record.size, mostBytes, 'size') ??
          limit(record.period, mostPeriod, 'period')
        );
      case 'touched':
        return (
          this.#time(record.timeNs) ??
          limit(record.allocation, this.#allocations, 'allocation') ??
          limit(record.bytes, mostBytes, 'size')
        );
      case 'free':
        return (
          this.#time(record.timeNs) ?? limit(record.allocation, this.#allocations, 'allocation')
        );
      case 'memorySum':
        return (
          this.#time(record.timeNs) ??
          this.#time(record.firstNs) ??
          this.#time(record.lastNs) ??
          counts(record.records) ??
          impossibleSums(record.change)
        );
      case 'block':
        return (
          counts(record.allocation) ??
          impossibleBlock(record.bytes, record.variance, record.reserved)
        );
      case 'helped':
        return this.#thread(record.thread) ?? this.#helped(record);
      case 'gpuPlace':
        return this.#sums(record.ns);
      case 'thinned':
        this.#allocations = Math.max(this.#allocations, record.allocations);
        return (
          this.#time(record.untilNs) ??
          this.#time(record.lastSampleNs) ??
          this.#time(record.lastMemoryNs) ??
          limit(record.stretchNs, longestStretchNs, 'duration') ??
          limit(record.batch, 2 ** 32 - 1, 'number of a batch') ??
          counts(record.allocations) ??
          this.#uncharged(record.uncharged)
        );
      case 'footprint':
        return this.#time(record.timeNs) ?? limit(record.resident, mostBytes, 'size');
      case 'gpuDevice':
        return (
          limit(record.device, mostGpus, 'number of a GPU') ??
          limit(record.bytes, mostBytes, 'size')
        );
      case 'gpuUse':
        return (
          limit(record.device, mostGpus, 'number of a GPU') ??
          this.#time(record.startNs) ??
          this.#time(record.endNs) ??
          this.#duration(record.busyNs ?? 0) ??
          this.#sums(record.costNs) ??
          limit(record.bytes ?? 0, mostBytes, 'size')
        );
      case 'process':
        return limit(record.hexversion, 2 ** 32 - 1, 'version of Python');
      case 'childEnd':
        return (
          this.#time(record.timeNs) ??
          limit(Math.max(record.pid, record.signal), mostInt, 'number of a process')
        );
      case 'note':
        return undefined;
    }
  }

  /** The same for the fields of a NativeRecord. */
  native(parent: number, module: number): string | undefined {
    return limit(parent, this.#natives++, 'caller') ?? limit(module, this.#modules, 'library');
  }

  /** The same for the fields of a StackRecord. */
  stack(parent: number, instruction: number, between: number): string | undefined {
    return (
      this.#depth(parent) ??
      limit(between, this.#natives, 'native frame') ??
      limit(instruction, mostInt, 'position') ??
      (instruction < -1 ? 'has an impossible position' : undefined)
    );
  }

  #depth(parent: number): string | undefined {
    const below = this.#depths[parent];
    if (below === undefined) return 'has an impossible caller';
    this.#depths.push(below + 1);
    return limit(below, deepest, 'depth');
  }

  /** Parts must not be more than the whole. */
  #helped(record: HelpedRecord): string | undefined {
    const { cpuNs, unsureNs, afterNs, pythonNs, runtimeNs, nativeNs, systemNs } = record;
    const kinds = pythonNs + nativeNs + systemNs;
    return (
      this.#sums(cpuNs) ??
      counts(record.samples) ??
      limit(Math.max(unsureNs, afterNs, runtimeNs, kinds), cpuNs, 'duration')
    );
  }

  #uncharged(all: readonly { thread: number; systemNs: number }[]): string | undefined {
    return all
      .map(({ thread, systemNs }) => this.#thread(thread) ?? this.#sums(Math.abs(systemNs)))
      .find((problem) => problem !== undefined);
  }

  #thread(thread: number): string | undefined {
    return this.#threads.has(thread) ? undefined : 'names a thread that is not there';
  }

  #time(ns: number): string | undefined {
    return ns >= 0 && ns <= this.#latestNs
      ? undefined
      : 'is about a moment that is not in the recording';
  }

  #duration(ns: number): string | undefined {
    return limit(ns, this.#latestNs, 'duration');
  }

  /** A duration of all threads together. */
  #sums(...all: number[]): string | undefined {
    return limit(Math.max(...all), this.#latestNs * mostAtOnce, 'duration');
  }
}

/** Estimates: bytes, numbers, and squares of bytes. Only live and reserved bytes can decrease. */
function impossibleSums(change: MemoryFigures): string | undefined {
  const { allocated, allocations, python, copied, reserved, live, variance, liveVariance } = change;
  const growing = [allocated, allocations, python, copied, variance];
  const isSum = growing.every((value) => value >= 0);
  const sizes = [allocated, allocations, python, copied, Math.abs(reserved), Math.abs(live)];
  return (
    (isSum ? undefined : 'has an impossible size') ??
    limit(Math.max(...sizes), mostEstimate, 'size') ??
    limit(Math.max(variance, Math.abs(liveVariance)), mostEstimate ** 2, 'size')
  );
}

function impossibleBlock(
  bytes: number,
  variance: number,
  reserved: ReservedPart | undefined,
): string | undefined {
  const { size, seen, before, most } = reserved ?? { size: 0, seen: 1, before: 0, most: 0 };
  const isBlock = bytes >= 0 && variance >= 0 && seen >= leastProbability && seen <= 1;
  return (
    (isBlock ? undefined : 'has an impossible size') ??
    limit(bytes, mostEstimate, 'size') ??
    limit(variance, mostEstimate ** 2, 'size') ??
    limit(Math.max(size, before, most), mostBytes, 'size')
  );
}

function counts(...all: number[]): string | undefined {
  return limit(Math.max(...all), mostCount, 'count');
}

function limit(value: number, most: number, what: string): string | undefined {
  return value <= most ? undefined : `has an impossible ${what}`;
}
