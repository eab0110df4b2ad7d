/** Records about memory. Times are nanoseconds, sizes bytes. */

/**
 * The allocator of a block: malloc and its family, Python's own allocators, or the kernel, for mappings that the
 * program makes itself.
 */
export type AllocationSource = 'malloc' | 'python' | 'mapped';

/** A block that was allocated and, by chance, recorded. Its id is implied: 1, 2, … in the order of these records. */
export interface AllocationRecord {
  kind: 'allocation';
  thread: number;
  timeNs: number;
  source: AllocationSource;
  /** Bytes of the block. */
  size: number;
  /** The size, or for realloc how much larger the block is than the one it replaces. */
  grown: number;
  /** The mean number of bytes from one sampled byte to the next; 0: every block is recorded. */
  period: number;
  stack: number;
  native: number;
  /** −1 when native is 0. */
  opcode: number;
  /** A mapping of which nothing is touched yet; TouchedRecords say how much is later. */
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
/** A recorded block was freed. */
export interface FreeRecord {
  kind: 'free';
  timeNs: number;
  /** Implied id of the allocation. */
  allocation: number;
}
/** Bytes that were copied by memcpy and similar functions and, by chance, recorded. */
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
  /** The resident size of the process, bytes. */
  resident: number;
}

/** The sum of the thinned memory records of a place in a stretch of time. Numbers are estimates, and may be fractions. */
export interface MemorySumRecord {
  kind: 'memorySum';
  /** The last moment of the stretch, or the moment at which the process held most. */
  timeNs: number;
  stack: number;
  native: number;
  /** −1 when native is 0. */
  opcode: number;
  /** How many allocations were recorded, and when the first and the last one of the place were. */
  records: number;
  firstNs: number;
  lastNs: number;
  /** How much each figure of the place changed. */
  change: MemoryFigures;
}
/** Figures of a place: bytes, a number of allocations, and expected squares of errors. */
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
/** A live block that MemorySumRecords count already; later records may name it. */
export interface BlockRecord {
  kind: 'block';
  /** The implied id of its AllocationRecord, which is gone. */
  allocation: number;
  stack: number;
  native: number;
  /** −1 when native is 0. */
  opcode: number;
  /** The bytes that it stands for, and the expected square of their error. */
  bytes: number;
  variance: number;
  /** If it is a reserved mapping. */
  reserved?: ReservedPart;
}
/** A mapping that was reserved, and how much of it was ever touched. */
export interface ReservedPart {
  /** Bytes of the mapping. */
  size: number;
  /** The probability with which a block of this size is recorded, 0…1. */
  seen: number;
  /** Bytes of the block that it replaced, which it did not allocate itself; and the most that was ever touched. */
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
