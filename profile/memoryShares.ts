/** What lines and functions have of the memory that was allocated at their places, and what that adds up to. */
import { findLeak, isTold, mayBeOneCall } from './leak';
import type { MemorySites } from './memorySites';
import type { Leak, MemoryCost } from './types';

/** The memory of a line that allocated nothing, as far as is known. */
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

/** Sums over places, and what leaks there. */
interface Sum {
  cost: MemoryCost;
  /** Bytes that Python's own allocators gave. */
  python: number;
  variance: number;
  growthVariance: number;
}

/** The places that one line or function is charged for, by process. */
export class MemoryShares {
  readonly #running = new Map<MemorySites, number[]>();
  /** Places of processes that have ended, and what they add up to: nothing of that changes any more. */
  readonly #ended: { sites: MemorySites[]; site: number[] } = { sites: [], site: [] };
  readonly #endedSum: Sum = emptySum();

  /** Charges a place, which must not be charged yet. */
  add(sites: MemorySites, site: number): void {
    const known = this.#running.get(sites);
    if (known) {
      known.push(site);
    } else {
      this.#running.set(sites, [site]);
    }
  }

  /**
   * Everything added up. Peaks are those of each process at its own highest moment. executedNs: how long the line was
   * being executed; undefined where nobody asks whether it leaks.
   */
  cost(executedNs: number | undefined): MemoryCost {
    for (const [all, sites] of this.#running) {
      if (all.isCompact) {
        addSites(this.#endedSum, all, sites, executedNs);
        for (const site of sites) {
          this.#ended.sites.push(all);
          this.#ended.site.push(site);
        }
        this.#running.delete(all);
      }
    }
    const sum = { ...this.#endedSum, cost: { ...this.#endedSum.cost } };
    this.#running.forEach((sites, all) => addSites(sum, all, sites, executedNs));
    const { cost, python, variance, growthVariance } = sum;
    cost.pythonFraction = cost.allocatedBytes > 0 ? python / cost.allocatedBytes : 0;
    cost.allocatedError = Math.sqrt(variance);
    // Sums of estimates leave crumbs behind when everything is taken away again.
    cost.growthError = Math.sqrt(Math.max(0, growthVariance));
    if (Math.abs(cost.growthBytes) < 0.5) {
      cost.growthBytes = 0;
    }
    return cost;
  }

  /** Live bytes at so many moments, evenly spaced over the run: the end of each `ns / count`. startOf: a process's start in it. */
  liveOver(count: number, ns: number, startOf: (sites: MemorySites) => number): number[] {
    const over = Array<number>(count).fill(0);
    const add = (all: MemorySites, sites: readonly number[]): void => {
      const live = all.liveOver(sites);
      const start = startOf(all);
      for (let at = 0; at < count; at++) {
        const slice = Math.ceil((((at + 1) / count) * ns - start) / all.axis.widthNs) - 1;
        over[at]! += slice < 0 ? 0 : (live[Math.min(slice, live.length - 1)] ?? 0);
      }
    };
    this.#running.forEach((sites, all) => add(all, sites));
    this.#ended.sites.forEach((all, at) => add(all, [this.#ended.site[at]!]));
    return over;
  }
}

function emptySum(): Sum {
  return { cost: { ...noMemory }, python: 0, variance: 0, growthVariance: 0 };
}

/** Adds places of one process. */
function addSites(
  sum: Sum,
  all: MemorySites,
  sites: readonly number[],
  executedNs: number | undefined,
): void {
  const { cost } = sum;
  let live = 0;
  let liveVariance = 0;
  let firstNs = Infinity;
  let lastNs = 0;
  let blocks = 0;
  for (const site of sites) {
    cost.allocatedBytes += all.allocated[site]!;
    cost.allocations += all.allocations[site]!;
    cost.peakBytes += all.peak[site]!;
    cost.copiedBytes += all.copied[site]!;
    cost.reservedBytes += all.reserved[site]!;
    cost.records += all.records[site]!;
    sum.python += all.python[site]!;
    sum.variance += all.variance[site]!;
    live += all.live[site]!;
    liveVariance += all.liveVariance[site]!;
    if (all.records[site]! > 0) {
      firstNs = Math.min(firstNs, all.firstNs[site]!);
      lastNs = Math.max(lastNs, all.lastNs[site]!);
      blocks += (all.live[site]! / all.allocated[site]!) * all.allocations[site]!;
    }
  }
  cost.growthBytes += live;
  sum.growthVariance += liveVariance;
  if (live <= 0 || executedNs === undefined) {
    return;
  }
  const isClear = isTold({ firstNs, blocks, bytes: live, ...all.process });
  if (isClear && !mayBeOneCall({ firstNs, lastNs, executedNs, ...all.process })) {
    cost.leak = worse(cost.leak, findLeak(all.liveOver(sites), all.axis.widthNs, liveVariance));
  }
}

/** What leaks in two processes or on two lines leaks together; the clearer case says how sure that is. */
export function worse(one: Leak | null, other: Leak | null): Leak | null {
  return one && other
    ? {
        likelihood: Math.max(one.likelihood, other.likelihood),
        bytesPerSecond: one.bytesPerSecond + other.bytesPerSecond,
      }
    : (one ?? other);
}

/** The memory of two parts of one line together. */
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
