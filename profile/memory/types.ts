/** What a profile says about memory. */
import type { PackedPoints } from './packedPoints';

/** Memory that keeps growing: how sure that is (0…1), and how fast. */
export interface Leak {
  readonly likelihood: number;
  readonly bytesPerSecond: number;
}

/**
 * Memory of a line or function; null wherever memory was not measured. Of the frames on a stack, the innermost one in each
 * file is charged, so a line stands for the libraries it calls. Figures are estimates with standard errors.
 */
export interface MemoryCost {
  readonly allocatedBytes: number;
  readonly allocatedError: number;
  readonly allocations: number;
  /** Live from it when the live bytes of the process were at their highest. */
  readonly peakBytes: number;
  /** Live from it at the end minus at the start. */
  readonly growthBytes: number;
  readonly growthError: number;
  readonly leak: Leak | null;
  readonly copiedBytes: number;
  /** Mapped by it and not unmapped, of which nothing was touched: held by nobody, and in no other figure. */
  readonly reservedBytes: number;
  /** Share of allocatedBytes that Python's own allocators gave. */
  readonly pythonFraction: number;
  /** Allocations behind these figures. */
  readonly records: number;
}

/** What a process had in memory during a moment: resident, and allocated but not freed (an estimate). */
export interface FootprintPoint {
  /** Since the process started. */
  readonly ns: number;
  /** null when nobody looked. */
  readonly residentBytes: number | null;
  readonly liveBytes: number;
}

/** Memory of a process or of a run. */
export interface MemoryTotal {
  readonly allocatedBytes: number;
  readonly allocations: number;
  readonly growthBytes: number;
  /** The highest that live bytes were; of a run, the sum over its processes. */
  readonly peakLiveBytes: number;
  readonly copiedBytes: number;
  /** Mapped at the end and not touched: in no other figure. */
  readonly reservedBytes: number;
}
export interface ProcessMemory extends MemoryTotal {
  /** When live bytes were highest, since the process started. */
  readonly peakLiveNs: number;
  /** Over time; see unpackPoints. */
  readonly footprint: PackedPoints;
}
