/**
 * What a recording says, one type per record of profiler-agent/STREAM.md. The codec is protocol/stream.ts;
 * the builder (profile/builder.ts) turns records into a profile. Times and costs are nanoseconds as numbers.
 */

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

/** A GPU that the process uses. */
export interface GpuDeviceRecord {
  kind: 'gpuDevice';
  /** As the driver counts them, from 0. */
  device: number;
  /** Bytes of its memory; 0 when that is not known. */
  bytes: number;
  name: string;
}
/** What the process did with a GPU from one moment to another; null: not known. */
export interface GpuUseRecord {
  kind: 'gpuUse';
  device: number;
  startNs: number;
  endNs: number;
  /** How much of that time it kept the GPU busy, ns. */
  busyNs: number | null;
  /** Bytes of the GPU's memory that it has at the end. */
  bytes: number | null;
  /** CPU time of finding out, since the process was first asked about, ns. */
  costNs: number;
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
  | AllocationRecord
  | TouchedRecord
  | FreeRecord
  | CopyRecord
  | FootprintRecord
  | GpuDeviceRecord
  | GpuUseRecord;
