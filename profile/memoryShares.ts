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

/** The places that one line or function is charged for, by process. */
export class MemoryShares {
  readonly #sites = new Map<MemorySites, number[]>();

  /** Charges a place, which must not be charged yet. */
  add(sites: MemorySites, site: number): void {
    const known = this.#sites.get(sites);
    if (known) {
      known.push(site);
    } else {
      this.#sites.set(sites, [site]);
    }
  }

  /**
   * Everything added up. Peaks are those of each process at its own highest moment. executedNs: how long the line was
   * being executed; undefined where nobody asks whether it leaks.
   */
  cost(executedNs: number | undefined): MemoryCost {
    const sum = { ...noMemory };
    let python = 0;
    let variance = 0;
    let growthVariance = 0;
    for (const [all, sites] of this.#sites) {
      let live = 0;
      let liveVariance = 0;
      let firstNs = Infinity;
      let lastNs = 0;
      let blocks = 0;
      for (const site of sites) {
        sum.allocatedBytes += all.allocated[site]!;
        sum.allocations += all.allocations[site]!;
        sum.peakBytes += all.peak[site]!;
        sum.copiedBytes += all.copied[site]!;
        sum.reservedBytes += all.reserved[site]!;
        sum.records += all.records[site]!;
        python += all.python[site]!;
        variance += all.variance[site]!;
        live += all.live[site]!;
        liveVariance += all.liveVariance[site]!;
        if (all.records[site]! > 0) {
          firstNs = Math.min(firstNs, all.firstNs[site]!);
          lastNs = Math.max(lastNs, all.lastNs[site]!);
          blocks += (all.live[site]! / all.allocated[site]!) * all.allocations[site]!;
        }
      }
      sum.growthBytes += live;
      growthVariance += liveVariance;
      if (live <= 0 || executedNs === undefined) {
        continue;
      }
      const isClear = isTold({ firstNs, blocks, bytes: live, ...all.process });
      if (isClear && !mayBeOneCall({ firstNs, lastNs, executedNs, ...all.process })) {
        const leak = findLeak(all.liveOver(sites), all.axis.widthNs, liveVariance);
        sum.leak = worse(sum.leak, leak);
      }
    }
    sum.pythonFraction = sum.allocatedBytes > 0 ? python / sum.allocatedBytes : 0;
    sum.allocatedError = Math.sqrt(variance);
    // Sums of estimates leave crumbs behind when everything is taken away again.
    sum.growthError = Math.sqrt(Math.max(0, growthVariance));
    if (Math.abs(sum.growthBytes) < 0.5) {
      sum.growthBytes = 0;
    }
    return sum;
  }

  /** Live bytes at so many moments, evenly spaced over the run: the end of each `ns / count`. startOf: a process's start in it. */
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
