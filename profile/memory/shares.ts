/** What lines and functions have of the memory that was allocated at their places, and what that adds up to. */
import { findLeak, isTold, mayBeOneCall, type Execution } from './leak';
import { siteRow, siteRowLength } from './siteRow';
import type { MemorySites } from './sites';
import type { Leak, MemoryCost } from './types';
import type { Writable } from '../writable';

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

/** What leaks in one process that has ended, unless it was one call. */
interface Suspect extends Omit<Execution, 'executedNs'> {
  leak: Leak;
}

/** The places that one line or function is charged for, by process; those of many that have ended may be one. */
export class MemoryShares {
  readonly #sites = new Map<MemorySites, number[]>();
  /** What leaked in processes whose places are not told apart any more. */
  readonly #suspects: Suspect[] = [];

  /** Charges a place, which must not be charged yet. */
  add(all: MemorySites, site: number): void {
    const known = this.#sites.get(all);
    if (known) {
      known.push(site);
    } else {
      this.#sites.set(all, [site]);
    }
  }

  /** Every place, by the process or processes it is of. */
  each(visit: (all: MemorySites, site: number) => void): void {
    for (const [all, sites] of this.#sites) for (const site of sites) visit(all, site);
  }

  /** The places of a process that has ended are not told apart any more: only whether they leak is remembered. */
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
   * Everything added up. Peaks are those of each process at its own highest moment. executedNs: how long the line was
   * being executed; undefined where nobody asks whether it leaks.
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
    // Sums of estimates leave crumbs behind when everything is taken away again.
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

/** Adds places of one process, or of several. */
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

/** Memory that places of one process hold, long enough for it to be a leak. */
interface Growing extends Omit<Execution, 'executedNs'> {
  find(): Leak | null;
}

function growingOf(all: MemorySites, sites: readonly number[]): Growing | undefined {
  // When things happened is only known of one process.
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
