/**
 * What a profile is. Immutable once built (profile/feed/builder.ts); every view is a function of it.
 * All times are nanoseconds, all sizes bytes.
 */
import type { PartAmount } from './words/expressions';
import type { MemoryMetric } from './metric';
import type { PackedPoints } from './memory/packedPoints';
import type { Severity } from '../recording/records';

/**
 * What a line, function or frame cost. python + native + system is CPU time of the threads that run Python; runtime is the part
 * of python spent in CPython's own C helpers; gil is the part of wait spent waiting for the interpreter lock; queue is time in which the
 * thread could run but had no core. CPU time, wait and queue are the time a thread lived. helper is CPU time
 * of threads without Python code that worked for it (helperWork.ts), unsure the part of helper for which other lines
 * came into question as well, after the part that came when the call was over: pools go on looking for work for a while.
 */
export interface Cost {
  python: number;
  runtime: number;
  native: number;
  system: number;
  wait: number;
  gil: number;
  queue: number;
  helper: number;
  unsure: number;
  after: number;
  samples: number;
}

/** Memory that keeps growing: how sure that is (0…1), and how fast. */
export interface Leak {
  likelihood: number;
  bytesPerSecond: number;
}

/**
 * Memory of a line or function; null wherever memory was not measured. Of the frames on a stack, the innermost one in each
 * file is charged, so a line stands for the libraries it calls. Figures are estimates with standard errors.
 */
export interface MemoryCost {
  allocatedBytes: number;
  allocatedError: number;
  allocations: number;
  /** Live from it when the live bytes of the process were at their highest. */
  peakBytes: number;
  /** Live from it at the end minus at the start. */
  growthBytes: number;
  growthError: number;
  leak: Leak | null;
  copiedBytes: number;
  /** Mapped by it and not unmapped, of which nothing was touched: held by nobody, and in no other figure. */
  reservedBytes: number;
  /** Share of allocatedBytes that Python's own allocators gave. */
  pythonFraction: number;
  /** Allocations behind these figures. */
  records: number;
}

/** What a process had in memory during a moment: resident, and allocated but not freed (an estimate). */
export interface FootprintPoint {
  /** Since the process started. */
  ns: number;
  /** null when nobody looked. */
  residentBytes: number | null;
  liveBytes: number;
}

/** Memory of a process or of a run. */
export interface MemoryTotal {
  allocatedBytes: number;
  allocations: number;
  growthBytes: number;
  /** The highest that live bytes were; of a run, the sum over its processes. */
  peakLiveBytes: number;
  copiedBytes: number;
  /** Mapped at the end and not touched: in no other figure. */
  reservedBytes: number;
}
export interface ProcessMemory extends MemoryTotal {
  /** When live bytes were highest, since the process started. */
  peakLiveNs: number;
  /** Over time; see unpackPoints. */
  footprint: PackedPoints;
}

/** For how long GPUs were busy while a line or function was running or waiting: itself, and with what it called, ns. */
export interface GpuCost {
  self: number;
  total: number;
}

/** A GPU that a process used; null: not known. */
export interface GpuDevice {
  /** As the driver counts them, from 0. */
  index: number;
  name: string;
  totalBytes: number | null;
  /** How long the process kept it busy. */
  busyNs: number | null;
  /** The most of its memory that the process had. */
  peakBytes: number | null;
}

/** A moment of a process and its GPUs, all of them together: how many were busy (one for half the time is 0.5), and the memory it had. */
export interface GpuPoint {
  /** Since the process started. */
  ns: number;
  busy: number | null;
  bytes: number | null;
}

/** What a run did with GPUs; peakBytes is the sum over its processes. */
export interface GpuTotal {
  busyNs: number | null;
  peakBytes: number | null;
  /** CPU time of finding out, by a process of its own: in no other figure. */
  costNs: number;
  devices: GpuDevice[];
}
export interface ProcessGpu extends GpuTotal {
  timeline: GpuPoint[];
}

/** One compiled function a line spent native time in. */
export interface NativeShare {
  symbol: string;
  /** File name of the library, without its folder. */
  module: string;
  self: number;
}

export interface LineCost {
  line: number;
  /** Qualified name of the function the line belongs to. */
  function: string;
  self: Cost;
  total: Cost;
  /** How many threads without Python code worked for it. */
  helperThreads: number;
  memory: MemoryCost | null;
  /** Absent where it has none. */
  gpu?: GpuCost;
  /** Most expensive first. */
  natives: NativeShare[];
}

export interface FunctionCost {
  name: string;
  qualname: string;
  /** First line. */
  line: number;
  self: Cost;
  total: Cost;
  helperThreads: number;
  memory: MemoryCost | null;
  /** Absent where it has none. */
  gpu?: GpuCost;
}

export interface FileCost {
  /** As the program saw it (co_filename, made absolute against the process's cwd where it was a relative path). */
  path: string;
  lines: LineCost[];
  functions: FunctionCost[];
}

/** CPU time on no line, ns, by why. */
export interface OffLineCost {
  /** The interpreter starting and ending, and the system's loader before it. */
  interpreter: number;
  /** What no sample explains: threads that were not sampled, and what was left over when one ended. */
  unseen: number;
  /** Threads that run no Python, while they worked for no line, by the library they were in, most expensive first. */
  libraries: { module: string; ns: number }[];
}

export interface ProcessInfo {
  pid: number;
  ppid: number;
  command: string[];
  cwd: string;
  executable: string;
  pythonVersion: string;
  engine: string;
  startUnixMs: number;
  elapsedNs: number;
  cpuNs: number;
  /** CPU the agent itself used, included in cpuNs. */
  agentCpuNs: number;
  /** Largest resident size. */
  peakBytes: number | null;
  /** null where memory was not measured. */
  memory: ProcessMemory | null;
  /** Absent where no GPU was used, or nothing is known of it. */
  gpu?: ProcessGpu;
  exit: number | null;
  state: 'running' | 'ended' | 'lost' | 'full';
  /** The signal that ended it (`lost`), where its parent was recorded and has heard of it; whether the parent sent it. */
  endedBy?: { signal: number; byParent: boolean };
  /** Why recording stopped early (`full`): an error number of Linux, 0 where that is not known. */
  whyFull: number;
  samples: number;
  dropped: number;
  rejected: number;
  late: number;
  offLine: OffLineCost;
  intervalNs: number;
  /** What happened before this moment of the process, ns, is known as sums over stretches of this length. Absent: nothing. */
  detailFrom?: { ns: number; stretchNs: number };
  notes: { severity: Severity; text: string }[];
}

export interface ThreadInfo {
  /** Unique within the run. */
  id: number;
  pid: number;
  tid: number;
  name: string;
  cpuNs: number;
  /** How long it lived, as far as is known: CPU time, waiting and time without a core. */
  wallNs: number;
  waitNs: number;
  /** The part of waitNs for the interpreter lock. */
  gilNs: number;
  /** How long it could run but had no core. */
  queueNs: number;
}

/** Where a line's callers and callees are: a line of another function and its share of the cost. */
export interface CallEdge {
  path: string;
  line: number;
  function: string;
  /** Total cost that flowed along this edge. */
  total: Cost;
}

/** What a part of a line cost, and what it called; parts are in parts, and each sample counts for the innermost. */
export interface LinePart {
  /** Its columns, 1-based UTF-8 bytes, the second one past the last (Infinity: it goes on in the next line); both 0: not known. */
  start: number;
  end: number;
  cost: Cost;
}

/** What a line did in the kernel by itself, by the function of the C library that went there: `write`. */
export interface KernelShare {
  name: string;
  systemNs: number;
  waitNs: number;
}

export interface LineDetail {
  parts: LinePart[];
  kernel: KernelShare[];
}

export interface Profile {
  /** As a tree: children after their parent, in the order they started. The first one is what was profiled. */
  processes: readonly ProcessInfo[];
  threads: readonly ThreadInfo[];
  /** Sum over everything recorded, unattributed cost included. */
  total: Cost;
  /** CPU of all processes as the operating system counts it. */
  cpuNs: number;
  /** From the first process's start to the last moment recorded. */
  elapsedNs: number;
  samples: number;
  dropped: number;
  rejected: number;
  late: number;
  /** Whether any process could tell for how long its threads could run but had no core. */
  isQueueKnown: boolean;
  offLine: OffLineCost;
  /** Only costs of this stretch of the run's time, ns, are here (viewed.ts); memory is not known by time. Absent: of all. */
  range?: { fromNs: number; untilNs: number };
  /** By path. */
  files: ReadonlyMap<string, FileCost>;
  /** Callers and callees of one line, most expensive first. */
  edges(path: string, line: number): { callers: CallEdge[]; callees: CallEdge[] };
  /** What is not kept of a line, and found when somebody asks. */
  detail(path: string, line: number): LineDetail;
  /** Bytes of a line by its parts; none where memory was not measured. */
  memoryParts(path: string, line: number, metric: MemoryMetric): PartAmount[];
  /** Sum over everything recorded; null where memory was not measured. */
  memory: MemoryTotal | null;
  /** Absent where no GPU was used, or nothing is known of it. */
  gpu?: GpuTotal;
  /** Live bytes of a line at so many moments evenly spaced over the run, the last being its end; null for none. */
  liveOver(path: string, line: number, count: number): number[] | null;
}

/** Kind of a flame-chart frame. */
export const frameKinds = ['python', 'native', 'system', 'wait', 'gil', 'queue'] as const;
export type FrameKind = (typeof frameKinds)[number];

/**
 * The same profile as columns, for the flame chart. Index 0.. in each table; parents before children.
 * A stack's leaf may be a frame of kind native (symbol), system, wait, gil or queue on top of Python frames.
 */
export interface FlameTables {
  strings: string[];
  /** name, file (string ids; file '' for none), first line, module (string id, '' for Python). */
  functions: { name: Uint32Array; file: Uint32Array; line: Uint32Array; module: Uint32Array };
  /** function, line executing (0 unknown), column (0 unknown, else 1-based), kind (index in frameKinds). */
  frames: { function: Uint32Array; line: Uint32Array; column: Uint32Array; kind: Uint8Array };
  /** frame, parent stack (−1 = root). */
  stacks: { frame: Uint32Array; parent: Int32Array };
  threads: FlameThread[];
}

/** One track. Sample i covers [time[i], time[i] + wall[i]) ns since the run's start, in order of time, not overlapping. */
export interface FlameThread {
  id: number;
  pid: number;
  tid: number;
  name: string;
  /** What its process runs: `server.py`. */
  process: string;
  /** Within stretches of this length, ns, the order of what happened long ago is lost: what is the same is one sample. 0: it is not. */
  coarseNs: number;
  /**
   * What was handed out of the track from this moment on is out of date, and comes again: it was merged with samples that had
   * not been handed out. Infinity: nothing is.
   */
  anewNs: number;
  /** Stack id; 0xffffffff = nothing known (unattributed). */
  stack: Uint32Array;
  time: Float64Array;
  wall: Float64Array;
  cpu: Float64Array;
}
