/** What a profile says about memory. */
import type { PackedPoints } from './packedPoints';

/** Memory that keeps growing: how likely that is (0…1), and how fast. */
export interface Leak {
  readonly likelihood: number;
  readonly bytesPerSecond: number;
}

/**
 * Memory of a line or function; null if memory was not measured. Of the frames on a stack, the innermost one in each
 * file is charged, so a line's memory includes that of the libraries it calls. Figures are estimates with standard
 * errors.
 */
export interface MemoryCost {
  readonly allocatedBytes: number;
  readonly allocatedError: number;
  readonly allocations: number;
  /** Live bytes when those of the process were at their highest. */
  readonly peakBytes: number;
  /** Live bytes at the end minus those at the start. */
  readonly growthBytes: number;
  readonly growthError: number;
  readonly leak: Leak | null;
  readonly copiedBytes: number;
  /**
   * Bytes that it mapped and has not unmapped, and that nobody touched: no memory is held, and no other figure counts
   * them.
   */
  readonly reservedBytes: number;
  /** Share of allocatedBytes that Python's own allocators gave. */
  readonly pythonFraction: number;
  /** Allocations behind these figures. */
  readonly records: number;
}

/** The memory of a process at a moment: resident, and live, which is allocated and not freed (an estimate). */
export interface FootprintPoint {
  /** Since the process started. */
  readonly ns: number;
  /** null if it was not recorded. */
  readonly residentBytes: number | null;
  readonly liveBytes: number;
}

/** Memory of a process or of a run. */
export interface MemoryTotal {
  readonly allocatedBytes: number;
  readonly allocations: number;
  readonly growthBytes: number;
  /** The highest live bytes; of a run, the sum over its processes. */
  readonly peakLiveBytes: number;
  readonly copiedBytes: number;
  /** Mapped at the end and never touched: in no other figure. */
  readonly reservedBytes: number;
}
export interface ProcessMemory extends MemoryTotal {
  /** When live bytes were highest, since the process started. */
  readonly peakLiveNs: number;
  /** Over time; see unpackPoints. */
  readonly footprint: PackedPoints;
}
