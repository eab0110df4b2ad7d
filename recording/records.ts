/**
 * What a recording contains: one type for each kind of record in profiler-agent/STREAM.md. recording/decode.ts
 * decodes records; the builder (profile/feed/builder.ts) turns them into a profile. Costs and times are nanoseconds, as
 * numbers; times of records are counted from the recording's start, startMonotonicNs.
 */
import type { GpuRecord } from './gpuRecords';
import type { MemoryRecord } from './memoryRecords';

/** What a thread did above its Python frames. */
export const cellTops = ['running', 'system', 'wait', 'gil', 'queue'] as const;
export type CellTop = (typeof cellTops)[number];

/**
 * The fixed part at the start of a recording. Live fields (committed, state, heartbeat, CPU) change while the
 * recording grows, and are read again.
 */
export interface RecordingHeader {
  major: number;
  minor: number;
  /** Bytes. */
  headerSize: number;
  /** Bytes of complete records behind the header. */
  committed: number;
  pid: number;
  ppid: number;
  startMonotonicNs: number;
  startUnixNs: number;
  intervalNs: number;
  state: 'recording' | 'closed' | 'full';
  /** Why it is full: an error number of Linux; 0: unknown. */
  whyFull: number;
  /** When the agent wrote last, on the clock of startMonotonicNs. */
  heartbeatNs: number;
  processCpuNs: number;
}

export type SampleState = 'running' | 'waiting' | 'gil';
export type ModuleKind = 'other' | 'interpreter' | 'libc' | 'agent' | 'anonymous';
export type Severity = 'information' | 'warning' | 'error';

/** The program that a process runs. */
export interface ProcessRecord {
  kind: 'process';
  /** Python's version as sys.hexversion; 0: unknown. */
  hexversion: number;
  engine: string;
  pythonVersion: string;
  executable: string;
  cwd: string;
  argv: string[];
  architecture: string;
}
/** A thread; a second record with the same id says another name. */
export interface ThreadRecord {
  kind: 'thread';
  /** The id by which other records name the thread, from 1. */
  thread: number;
  /** The system's number of it. */
  tid: number;
  startNs: number;
  name: string;
  /** The system's number of the thread that created it; 0: unknown. */
  makerTid: number;
}
export interface ThreadEndRecord {
  kind: 'threadEnd';
  thread: number;
  endNs: number;
  /** The CPU time of its whole life. */
  cpuNs: number;
}
/** A code object of Python. */
export interface CodeRecord {
  kind: 'code';
  /** The id by which StackRecords name it. */
  code: number;
  firstLine: number;
  /** co_filename: may be relative to the process's working directory. */
  filename: string;
  name: string;
  /** Empty before Python 3.11. */
  qualname: string;
  /** co_lnotab of Python 3.9, co_linetable of later versions. */
  lineTable: Uint8Array;
}
/**
 * Takes native frames and stacks as numbers: most records of a short recording are these, and making an object for
 * each takes longer than using it. Arguments are the fields of NativeRecord and StackRecord.
 */
export interface FrameTaker {
  native(parent: number, module: number, offset: number, exact: boolean): void;
  stack(parent: number, code: number, instruction: number, between: number): void;
}

/** A Python stack: its innermost frame, on another stack. Its id is implied: 1, 2, … in the order of these records. */
export interface StackRecord {
  kind: 'stack';
  /** The id of the stack below; 0: none. */
  parent: number;
  code: number;
  /** Offset in the bytecode, bytes; −1: the frame has not started. */
  instruction: number;
  /** Leaf of the native frames between the caller's eval loop and this frame's; 0: none known. */
  between: number;
}
/** Code that the process has loaded: a library, another file, or memory that no file backs. Its id is implied. */
export interface ModuleRecord {
  kind: 'module';
  moduleKind: ModuleKind;
  /** Where it is loaded: runtime addresses minus those in the file. */
  bias: number;
  path: string;
  buildId: Uint8Array;
}
/** A chain of native frames: its innermost frame, on another chain. Its id is implied. */
export interface NativeRecord {
  kind: 'native';
  /** The id of the chain below; 0: none. */
  parent: number;
  /** 0: unknown. */
  module: number;
  /** An address in the module's file; without a module, a runtime address. */
  offset: number;
  /** true: offset is an instruction; false: a function's start. */
  exact: boolean;
}
/** One observation of a thread, or of several samples that were thinned. */
export interface SampleRecord {
  kind: 'sample';
  thread: number;
  state: SampleState;
  inSyscall: boolean;
  /** The stack is deeper than the agent records: the outermost frames are missing. */
  truncated: boolean;
  /** The native frames next to the eval loop are missing. */
  nativeIncomplete: boolean;
  /** No Python stack was looked for, or none was found. */
  noPython: boolean;
  /** CPU time that was left when the thread ended or the recording was closed: not an observation. */
  remainder: boolean;
  /** The end of the time that the sample stands for, whose length is wallNs. */
  timeNs: number;
  cpuNs: number;
  wallNs: number;
  /** The kernel's part of cpuNs, by the kernel's own ticks: of one sample it can be more than cpuNs. */
  systemNs: number;
  /** The innermost Python frame; 0: none. */
  stack: number;
  /** The innermost native frame above it; 0: none. */
  native: number;
  /** −1 when native is 0. */
  opcode: number;
  /** How many samples it stands for, if more than one: samples that were alike and were thinned (ThinnedRecord). */
  count?: number;
  /** HelpedRecords say which places this sample of a helper was for. */
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
/** Sums since the start of the recording. */
export interface StatsRecord {
  kind: 'stats';
  timeNs: number;
  processCpuNs: number;
  agentCpuNs: number;
  samples: number;
  /** Signals sent to threads. */
  ticks: number;
  /** Samples that found their ring full. */
  dropped: number;
  /** Samples whose stack could not be proved consistent. */
  rejected: number;
  /** Samples of running threads more than 25 ms after the previous one. */
  late: number;
  /** How long threads could run but had no core, ns, all together; null: the kernel does not tell. */
  queueNs: number | null;
}
/** The process has recorded its own end. */
export interface EndRecord {
  kind: 'end';
  timeNs: number;
  /** null: the process did not record it. */
  exit: number | null;
  processCpuNs: number;
  /** The largest resident size. */
  peakBytes: number;
}
/** A child of the process that a signal ended. */
export interface ChildEndRecord {
  kind: 'childEnd';
  /** When the process was told. */
  timeNs: number;
  pid: number;
  signal: number;
  /** The process itself had sent that signal. */
  byParent: boolean;
}
/** A note of the agent: one sentence for the user. */
export interface NoteRecord {
  kind: 'note';
  severity: Severity;
  text: string;
}

/** What a helper did for a place, in several samples that were thinned. */
export interface HelpedRecord {
  kind: 'helped';
  thread: number;
  /** The place. stack 0: it worked for nobody, and this is its own place. */
  stack: number;
  native: number;
  /** −1 when native is 0. */
  opcode: number;
  top: CellTop;
  cpuNs: number;
  /** Parts of cpuNs: which may have been for others, and which came after the call. */
  unsureNs: number;
  afterNs: number;
  samples: number;
  /** Its cost if it worked for nobody. */
  runtimeNs: number;
  pythonNs: number;
  nativeNs: number;
  systemNs: number;
}
/**
 * Everything before it was thinned: it was made from records that are gone. Sums are the same, the order within
 * stretches is lost.
 */
export interface ThinnedRecord {
  kind: 'thinned';
  /** From this moment on nothing is thinned; and the longest stretch before it. */
  untilNs: number;
  stretchNs: number;
  /** The values that the records after it are relative to. */
  batch: number;
  lastSampleNs: number;
  lastMemoryNs: number;
  allocations: number;
  /** Kernel time that no sample of a thread was charged with yet, ns, by thread; threads without an entry have none. */
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
