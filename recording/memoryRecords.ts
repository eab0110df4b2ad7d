/** Records about memory. Times are nanoseconds, sizes bytes. */

/** Who gave a block: malloc and its family, Python's own allocators, or the kernel to the program itself. */
export type AllocationSource = 'malloc' | 'python' | 'mapped';

export interface AllocationRecord {
  kind: 'allocation';
  thread: number;
  timeNs: number;
  source: AllocationSource;
  /** Bytes of the block. */
  size: number;
  /** Bytes more than the block it replaces; its size, unless it comes from realloc. */
  grown: number;
  /** Bytes between two that are chosen, on average; 0: every block is recorded. */
  period: number;
  stack: number;
  native: number;
  /** −1 when native is 0. */
  opcode: number;
  /** It is a mapping of which nothing is touched so far: TouchedRecords say how much is. */
  reserved?: true;
}
/** How much of a mapping that was reserved is touched from now on. */
export interface TouchedRecord {
  kind: 'touched';
  timeNs: number;
  /** Implied id of the allocation. */
  allocation: number;
  bytes: number;
}
export interface FreeRecord {
  kind: 'free';
  timeNs: number;
  /** Implied id of the allocation. */
  allocation: number;
}
export interface CopyRecord {
  kind: 'copy';
  thread: number;
  timeNs: number;
  size: number;
  /** As in AllocationRecord. */
  period: number;
  stack: number;
  native: number;
  opcode: number;
}
export interface FootprintRecord {
  kind: 'footprint';
  timeNs: number;
  /** Bytes of the process that are in memory. */
  resident: number;
}

/** What the memory records of a stretch of time long ago came to in one place. Numbers are estimates, and may be fractions. */
export interface MemorySumRecord {
  kind: 'memorySum';
  /** The last moment of the stretch, or that at which the process held most. */
  timeNs: number;
  stack: number;
  native: number;
  /** −1 when native is 0. */
  opcode: number;
  /** Allocations that were recorded, and when the first and the last of the place were. */
  records: number;
  firstNs: number;
  lastNs: number;
  /** By how much each figure of the place changed. */
  change: MemoryFigures;
}
/** Bytes, a number of allocations, and expected squares of errors. */
export interface MemoryFigures {
  allocated: number;
  allocations: number;
  /** The part of allocated that Python's own allocators gave. */
  python: number;
  copied: number;
  reserved: number;
  live: number;
  variance: number;
  liveVariance: number;
}
/** A block that MemorySumRecords count already, and that records to come may name. */
export interface BlockRecord {
  kind: 'block';
  /** The implied id that its AllocationRecord had. */
  allocation: number;
  stack: number;
  native: number;
  /** −1 when native is 0. */
  opcode: number;
  /** Bytes that it stands for now, and the expected square of their error. */
  bytes: number;
  variance: number;
  /** Of a mapping that was reserved. */
  reserved?: ReservedPart;
}
export interface ReservedPart {
  size: number;
  /** The probability that it was recorded. */
  seen: number;
  /** Bytes that are not allocated by it but by the one that it replaces, and the most that was touched. */
  before: number;
  most: number;
}

export type MemoryRecord =
  | AllocationRecord
  | CopyRecord
  | FreeRecord
  | TouchedRecord
  | FootprintRecord
  | MemorySumRecord
  | BlockRecord;
