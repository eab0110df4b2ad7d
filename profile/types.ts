/**
 * What a profile is: plain data that never changes. profile/feed/builder.ts builds profiles; what a profile does not hold of
 * a line is asked of the builder (profile/view/places.ts). All times are nanoseconds, all sizes bytes.
 */
import type { MemoryCost, MemoryTotal, ProcessMemory } from './memory/types';
import type { Severity } from '../recording/records';

/**
 * What a line, function or frame cost. python + native + system is CPU time of the threads that run Python; runtime is the part
 * of python spent in CPython's own C helpers; gil is the part of wait spent waiting for the interpreter lock; queue is time in which the
 * thread could run but had no core. CPU time, wait and queue are the time a thread lived. helper is CPU time
 * of threads without Python code that worked for it (helperWork.ts), unsure the part of helper for which other lines
 * came into question as well, after the part that came when the call was over: pools go on looking for work for a while.
 */
export interface Cost {
  readonly python: number;
  readonly runtime: number;
  readonly native: number;
  readonly system: number;
  readonly wait: number;
  readonly gil: number;
  readonly queue: number;
  readonly helper: number;
  readonly unsure: number;
  readonly after: number;
  readonly samples: number;
}

/** For how long GPUs were busy while a line or function was running or waiting: itself, and with what it called, ns. */
export interface GpuCost {
  readonly self: number;
  readonly total: number;
}

/** A GPU that a process used; null: not known. */
export interface GpuDevice {
  /** As the driver counts them, from 0. */
  readonly index: number;
  readonly name: string;
  readonly totalBytes: number | null;
  /** How long the process kept it busy. */
  readonly busyNs: number | null;
  /** The most of its memory that the process had. */
  readonly peakBytes: number | null;
}

/** A moment of a process and its GPUs, all of them together: how many were busy (one for half the time is 0.5), and the memory it had. */
export interface GpuPoint {
  /** Since the process started. */
  readonly ns: number;
  readonly busy: number | null;
  readonly bytes: number | null;
}

/** What a run did with GPUs; peakBytes is the sum over its processes. */
export interface GpuTotal {
  readonly busyNs: number | null;
  readonly peakBytes: number | null;
  /** CPU time of finding out, by a process of its own: in no other figure. */
  readonly costNs: number;
  readonly devices: readonly GpuDevice[];
}
export interface ProcessGpu extends GpuTotal {
  readonly timeline: readonly GpuPoint[];
}

/** One compiled function a line spent native time in. */
export interface NativeShare {
  readonly symbol: string;
  /** File name of the library, without its folder. */
  readonly module: string;
  readonly self: number;
}

export interface LineCost {
  readonly line: number;
  /** Qualified name of the function the line belongs to. */
  readonly function: string;
  readonly self: Cost;
  readonly total: Cost;
  /** How many threads without Python code worked for it. */
  readonly helperThreads: number;
  readonly memory: MemoryCost | null;
  /** Absent where it has none. */
  readonly gpu?: GpuCost;
  /** Most expensive first. */
  readonly natives: readonly NativeShare[];
}

export interface FunctionCost {
  readonly name: string;
  readonly qualname: string;
  /** First line. */
  readonly line: number;
  readonly self: Cost;
  readonly total: Cost;
  readonly helperThreads: number;
  readonly memory: MemoryCost | null;
  /** Absent where it has none. */
  readonly gpu?: GpuCost;
}

export interface FileCost {
  /** As the program saw it (co_filename, made absolute against the process's cwd where it was a relative path). */
  readonly path: string;
  readonly lines: readonly LineCost[];
  readonly functions: readonly FunctionCost[];
}

/** CPU time on no line, ns, by why. */
export interface OffLineCost {
  /** The interpreter starting and ending, and the system's loader before it. */
  readonly interpreter: number;
  /** What no sample explains: threads that were not sampled, and what was left over when one ended. */
  readonly unseen: number;
  /** Threads that run no Python, while they worked for no line, by the library they were in, most expensive first. */
  readonly libraries: readonly { readonly module: string; readonly ns: number }[];
}

export interface ProcessInfo {
  readonly pid: number;
  readonly ppid: number;
  readonly command: readonly string[];
  readonly cwd: string;
  readonly executable: string;
  readonly pythonVersion: string;
  readonly engine: string;
  readonly startUnixMs: number;
  readonly elapsedNs: number;
  readonly cpuNs: number;
  /** CPU the agent itself used, included in cpuNs. */
  readonly agentCpuNs: number;
  /** Largest resident size. */
  readonly peakBytes: number | null;
  /** null where memory was not measured. */
  readonly memory: ProcessMemory | null;
  /** Absent where no GPU was used, or nothing is known of it. */
  readonly gpu?: ProcessGpu;
  readonly exit: number | null;
  readonly state: 'running' | 'ended' | 'lost' | 'full';
  /** The signal that ended it (`lost`), where its parent was recorded and has heard of it; whether the parent sent it. */
  readonly endedBy?: { readonly signal: number; readonly byParent: boolean };
  /** Why recording stopped early (`full`): an error number of Linux, 0 where that is not known. */
  readonly whyFull: number;
  readonly samples: number;
  readonly dropped: number;
  readonly rejected: number;
  readonly late: number;
  readonly offLine: OffLineCost;
  readonly intervalNs: number;
  /** What happened before this moment of the process, ns, is known as sums over stretches of this length. Absent: nothing. */
  readonly detailFrom?: { readonly ns: number; readonly stretchNs: number };
  readonly notes: readonly { readonly severity: Severity; readonly text: string }[];
}

export interface ThreadInfo {
  /** Unique within the run. */
  readonly id: number;
  readonly pid: number;
  readonly tid: number;
  readonly name: string;
  readonly cpuNs: number;
  /** How long it lived, as far as is known: CPU time, waiting and time without a core. */
  readonly wallNs: number;
  readonly waitNs: number;
  /** The part of waitNs for the interpreter lock. */
  readonly gilNs: number;
  /** How long it could run but had no core. */
  readonly queueNs: number;
}

export interface Profile {
  /** As a tree: children after their parent, in the order they started. The first one is what was profiled. */
  readonly processes: readonly ProcessInfo[];
  readonly threads: readonly ThreadInfo[];
  /** Sum over everything recorded, unattributed cost included. */
  readonly total: Cost;
  /** CPU of all processes as the operating system counts it. */
  readonly cpuNs: number;
  /** From the first process's start to the last moment recorded. */
  readonly elapsedNs: number;
  readonly samples: number;
  readonly dropped: number;
  readonly rejected: number;
  readonly late: number;
  /** Whether any process could tell for how long its threads could run but had no core. */
  readonly isQueueKnown: boolean;
  readonly offLine: OffLineCost;
  /** Only costs of this stretch of the run's time, ns, are here (viewed.ts); memory is not known by time. Absent: of all. */
  readonly range?: { readonly fromNs: number; readonly untilNs: number };
  /** By path. */
  readonly files: ReadonlyMap<string, FileCost>;
  /** Sum over everything recorded; null where memory was not measured. */
  readonly memory: MemoryTotal | null;
  /** Absent where no GPU was used, or nothing is known of it. */
  readonly gpu?: GpuTotal;
}
