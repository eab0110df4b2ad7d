/** The memory sites that lines and functions are charged with, and what they add up to. */
import { findLeak, isTold, mayBeOneCall, type Execution } from './leak';
import { siteRow, siteRowLength } from './siteRow';
import type { MemorySites } from './sites';
import type { Leak, MemoryCost } from './types';
import type { Writable } from '../writable';

/** The memory of a line without allocations. */
export const noMemory: MemoryCost = {
  allocatedBytes: 0,
  allocatedError: 0,
  allocations: 0,
  peakBytes: 0,
  growthBytes: 0,
  growthError: 0,
  leak: null,
  copiedBytes: 0,
  reservedBytes: 0,
  pythonFraction: 0,
  records: 0,
};

/** A leak in one process that has ended, unless all of it was a single call. */
interface Suspect extends Omit<Execution, 'executedNs'> {
  leak: Leak;
}

/** The sites that one line or function is charged with, by process; merged processes count as one. */
export class MemoryShares {
  readonly #sites = new Map<MemorySites, number[]>();
  /** Leaks in processes whose sites were merged with those of others. */
  readonly #suspects: Suspect[] = [];

  /** Charges a site, which must not be charged yet. */
  add(all: MemorySites, site: number): void {
    const known = this.#sites.get(all);
    if (known) {
      known.push(site);
    } else {
      this.#sites.set(all, [site]);
    }
  }

  /** Calls back for every site. */
  each(visit: (all: MemorySites, site: number) => void): void {
    for (const [all, sites] of this.#sites) for (const site of sites) visit(all, site);
  }

  /** The sites of a process that has ended are merged with others: only a leak is kept. */
  forget(all: MemorySites): void {
    const sites = this.#sites.get(all);
    if (!sites) return;
    this.#sites.delete(all);
    const growing = growingOf(all, sites);
    const leak = growing?.find();
    if (!growing || !leak) return;
    const { firstNs, lastNs, knownNs, livedNs } = growing;
    this.#suspects.push({ firstNs, lastNs, knownNs, livedNs, leak });
  }

  /**
   * The sum of all sites. Peaks are those of each process at its own highest moment. executedNs: how long the line
   * was executed; undefined: whether it leaks is not asked.
   */
  cost(executedNs: number | undefined): MemoryCost {
    const cost: Writable<MemoryCost> = { ...noMemory };
    const sum = { python: 0, variance: 0, growthVariance: 0 };
    for (const [all, sites] of this.#sites) {
      addSites(cost, sum, all, sites);
    }
    if (executedNs !== undefined) cost.leak = this.#leak(executedNs);
    cost.pythonFraction = cost.allocatedBytes > 0 ? sum.python / cost.allocatedBytes : 0;
    cost.allocatedError = Math.sqrt(sum.variance);
    // Rounding errors remain when everything that was added is subtracted again.
    cost.growthError = Math.sqrt(Math.max(0, sum.growthVariance));
    if (Math.abs(cost.growthBytes) < 0.5) {
      cost.growthBytes = 0;
    }
    return cost;
  }

  #leak(executedNs: number): Leak | null {
    let leak: Leak | null = null;
    for (const suspect of this.#suspects) {
      if (!mayBeOneCall({ ...suspect, executedNs })) leak = worse(leak, suspect.leak);
    }
    for (const [all, sites] of this.#sites) {
      const growing = growingOf(all, sites);
      if (growing && !mayBeOneCall({ ...growing, executedNs })) leak = worse(leak, growing.find());
    }
    return leak;
  }

  /**
   * Live bytes at `count` moments, evenly spaced over a run of `ns`; the last moment is its end. startOf: when a
   * process started.
   */
  liveOver(count: number, ns: number, startOf: (sites: MemorySites) => number): number[] {
    const over = Array<number>(count).fill(0);
    for (const [all, sites] of this.#sites) {
      const live = all.liveOver(sites);
      const start = startOf(all);
      for (let at = 0; at < count; at++) {
        const slice = Math.ceil((((at + 1) / count) * ns - start) / all.axis.widthNs) - 1;
        over[at]! += slice < 0 ? 0 : (live[Math.min(slice, live.length - 1)] ?? 0);
      }
    }
    return over;
  }
}

/** Adds sites of one process, or of merged processes. */
function addSites(
  cost: Writable<MemoryCost>,
  sum: { python: number; variance: number; growthVariance: number },
  all: MemorySites,
  sites: readonly number[],
): void {
  let live = 0;
  let liveVariance = 0;
  const { rows } = all;
  for (const site of sites) {
    const row = site * siteRowLength;
    cost.allocatedBytes += rows[row + siteRow.allocated]!;
    cost.allocations += rows[row + siteRow.allocations]!;
    cost.peakBytes += rows[row + siteRow.peak]!;
    cost.copiedBytes += rows[row + siteRow.copied]!;
    cost.reservedBytes += rows[row + siteRow.reserved]!;
    cost.records += rows[row + siteRow.records]!;
    sum.python += rows[row + siteRow.python]!;
    sum.variance += rows[row + siteRow.variance]!;
    live += rows[row + siteRow.live]!;
    liveVariance += rows[row + siteRow.liveVariance]!;
  }
  cost.growthBytes += live;
  sum.growthVariance += liveVariance;
}

/** Memory that sites of one process have held long enough to be a leak. */
interface Growing extends Omit<Execution, 'executedNs'> {
  find(): Leak | null;
}

function growingOf(all: MemorySites, sites: readonly number[]): Growing | undefined {
  // The times of merged processes are not known exactly enough.
  if (all.isMerged) return undefined;
  let live = 0;
  let liveVariance = 0;
  let firstNs = Infinity;
  let lastNs = 0;
  let blocks = 0;
  const { rows } = all;
  for (const site of sites) {
    const row = site * siteRowLength;
    const held = rows[row + siteRow.live]!;
    live += held;
    liveVariance += rows[row + siteRow.liveVariance]!;
    if (rows[row + siteRow.records]! > 0) {
      firstNs = Math.min(firstNs, rows[row + siteRow.firstNs]!);
      lastNs = Math.max(lastNs, rows[row + siteRow.lastNs]!);
      blocks += (held / rows[row + siteRow.allocated]!) * rows[row + siteRow.allocations]!;
    }
  }
  if (live <= 0 || !isTold({ firstNs, blocks, bytes: live, ...all.process })) return undefined;
  const { knownNs, livedNs } = all.process;
  const find = (): Leak | null => findLeak(all.liveOver(sites), all.axis.widthNs, liveVariance);
  return { firstNs, lastNs, knownNs, livedNs, find };
}

/** The leak of two processes or two lines together; the likelier one says how likely it is. */
export function worse(one: Leak | null, other: Leak | null): Leak | null {
  return one && other
    ? {
        likelihood: Math.max(one.likelihood, other.likelihood),
        bytesPerSecond: one.bytesPerSecond + other.bytesPerSecond,
      }
    : (one ?? other);
}

/** The sum of the memory of two parts of a line. */
export function addMemories(a: MemoryCost | null, b: MemoryCost | null): MemoryCost | null {
  if (!a || !b) {
    return a ?? b;
  }
  const allocatedBytes = a.allocatedBytes + b.allocatedBytes;
  const python = a.pythonFraction * a.allocatedBytes + b.pythonFraction * b.allocatedBytes;
  return {
    allocatedBytes,
    allocatedError: Math.hypot(a.allocatedError, b.allocatedError),
    allocations: a.allocations + b.allocations,
    peakBytes: a.peakBytes + b.peakBytes,
    growthBytes: a.growthBytes + b.growthBytes,
    growthError: Math.hypot(a.growthError, b.growthError),
    leak: worse(a.leak, b.leak),
    copiedBytes: a.copiedBytes + b.copiedBytes,
    reservedBytes: a.reservedBytes + b.reservedBytes,
    pythonFraction: allocatedBytes > 0 ? python / allocatedBytes : 0,
    records: a.records + b.records,
  };
}
