/**
 * What a recording says, one type per record of profiler-agent/STREAM.md. The codec is recording/decode.ts;
 * the builder (profile/feed/builder.ts) turns records into a profile. Times and costs are nanoseconds as numbers.
 */
import type { GpuRecord } from './gpuRecords';
import type { MemoryRecord } from './memoryRecords';

/** What tops the Python frames of something that was seen. */
export const cellTops = ['running', 'system', 'wait', 'gil', 'queue'] as const;
export type CellTop = (typeof cellTops)[number];

/** The fixed part at the start of a recording. Live fields (committed, state, heartbeat, CPU) are re-read while it grows. */
export interface RecordingHeader {
  major: number;
  minor: number;
  headerSize: number;
  committed: number;
  pid: number;
  ppid: number;
  startMonotonicNs: number;
  startUnixNs: number;
  intervalNs: number;
  state: 'recording' | 'closed' | 'full';
  /** Why it is full: an error number of Linux, 0 where that is not known. */
  whyFull: number;
  heartbeatNs: number;
  processCpuNs: number;
}

export type SampleState = 'running' | 'waiting' | 'gil';
export type ModuleKind = 'other' | 'interpreter' | 'libc' | 'agent' | 'anonymous';
export type Severity = 'information' | 'warning' | 'error';

export interface ProcessRecord {
  kind: 'process';
  hexversion: number;
  engine: string;
  pythonVersion: string;
  executable: string;
  cwd: string;
  argv: string[];
  architecture: string;
}
export interface ThreadRecord {
  kind: 'thread';
  thread: number;
  tid: number;
  startNs: number;
  name: string;
  /** The system's number of the thread that created it; 0: not known. */
  makerTid: number;
}
export interface ThreadEndRecord {
  kind: 'threadEnd';
  thread: number;
  endNs: number;
  cpuNs: number;
}
export interface CodeRecord {
  kind: 'code';
  code: number;
  firstLine: number;
  filename: string;
  name: string;
  qualname: string;
  lineTable: Uint8Array;
}
/**
 * Takes what most records of a short recording are, as numbers: making an object for each takes longer than what is done with
 * it. Arguments are the fields of NativeRecord and StackRecord.
 */
export interface FrameTaker {
  native(parent: number, module: number, offset: number, exact: boolean): void;
  stack(parent: number, code: number, instruction: number, between: number): void;
}

export interface StackRecord {
  kind: 'stack';
  parent: number;
  code: number;
  /** Bytes into the bytecode; −1 when the frame has not started. */
  instruction: number;
  /** Leaf of the native frames between the caller's eval loop and this frame's, 0 for none known. */
  between: number;
}
export interface ModuleRecord {
  kind: 'module';
  moduleKind: ModuleKind;
  bias: number;
  path: string;
  buildId: Uint8Array;
}
export interface NativeRecord {
  kind: 'native';
  parent: number;
  module: number;
  offset: number;
  /** True when offset is an instruction, false when it is a function's start. */
  exact: boolean;
}
export interface SampleRecord {
  kind: 'sample';
  thread: number;
  state: SampleState;
  inSyscall: boolean;
  truncated: boolean;
  nativeIncomplete: boolean;
  noPython: boolean;
  remainder: boolean;
  timeNs: number;
  cpuNs: number;
  wallNs: number;
  systemNs: number;
  stack: number;
  native: number;
  /** −1 when native is 0. */
  opcode: number;
  /** How many samples it stands for, where that is not one: several of long ago that were alike (ThinnedRecord). */
  count?: number;
  /** For whom a thread without Python code did it is in HelpedRecords. */
  settled?: true;
}
/** Time in which a thread could run but had no core. */
export interface QueueRecord {
  kind: 'queue';
  thread: number;
  /** When that time ended. */
  timeNs: number;
  wallNs: number;
  /** Where the thread was, as in a SampleRecord. */
  stack: number;
  native: number;
  opcode: number;
}
export interface StatsRecord {
  kind: 'stats';
  timeNs: number;
  processCpuNs: number;
  agentCpuNs: number;
  samples: number;
  ticks: number;
  dropped: number;
  rejected: number;
  late: number;
  /** How long all threads could run but had no core, ns; null: the kernel does not tell. */
  queueNs: number | null;
}
export interface EndRecord {
  kind: 'end';
  timeNs: number;
  /** null when the process did not say. */
  exit: number | null;
  processCpuNs: number;
  peakBytes: number;
}
/** A child of the process that a signal ended. */
export interface ChildEndRecord {
  kind: 'childEnd';
  /** When the process heard of it. */
  timeNs: number;
  pid: number;
  signal: number;
  /** The process had sent that signal. */
  byParent: boolean;
}
export interface NoteRecord {
  kind: 'note';
  severity: Severity;
  text: string;
}

/** What a thread without Python code did for a place, in several samples of long ago. */
export interface HelpedRecord {
  kind: 'helped';
  thread: number;
  /** The place; stack 0: nobody, and where the thread was itself. */
  stack: number;
  native: number;
  /** −1 when native is 0. */
  opcode: number;
  top: CellTop;
  cpuNs: number;
  /** Parts of it: it may have been for others; it came after the call. */
  unsureNs: number;
  afterNs: number;
  samples: number;
  /** What it is counted as where nobody is known for whom it was. */
  runtimeNs: number;
  pythonNs: number;
  nativeNs: number;
  systemNs: number;
}
/** Everything before it was made of records that are gone: sums stay what they were, the order within stretches is lost. */
export interface ThinnedRecord {
  kind: 'thinned';
  /** From this moment on nothing is missing, and how long the stretches before are at the most. */
  untilNs: number;
  stretchNs: number;
  /** What the records after it go on from. */
  batch: number;
  lastSampleNs: number;
  lastMemoryNs: number;
  allocations: number;
  /** Kernel time that samples of each thread have not been charged with yet, ns; threads that are not named have none. */
  uncharged: { thread: number; systemNs: number }[];
}

export type StreamRecord =
  | ProcessRecord
  | ThreadRecord
  | ThreadEndRecord
  | CodeRecord
  | StackRecord
  | ModuleRecord
  | NativeRecord
  | SampleRecord
  | QueueRecord
  | StatsRecord
  | EndRecord
  | ChildEndRecord
  | NoteRecord
  | HelpedRecord
  | ThinnedRecord
  | MemoryRecord
  | GpuRecord;
