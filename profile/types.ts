/**
 * What a profile is: plain data that never changes. profile/feed/builder.ts builds profiles; what a profile does not hold of
 * a line is asked of the builder (profile/view/places.ts). All times are nanoseconds, all sizes bytes.
 */
import type { MemoryCost, MemoryTotal, ProcessMemory } from './memory/types';
import type { Severity } from '../recording/records';

/**
 * What a line, function or frame cost, ns. python + native + system is CPU time of the threads that run Python.
 * runtime is the part of python spent in CPython's own C helpers, gil the part of wait spent waiting for the
 * interpreter lock. queue is time in which the thread could run but had no core. CPU time, wait and queue together
 * are the time a thread lived.
 * helper is CPU time of threads without Python code that worked for the line (helperWork.ts). Two parts of it are
 * uncertain: unsure, for which other lines come into question as well, and after, which passed when the call was
 * over, since pools look for more work for a while.
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

/** How long GPUs were busy, ns, while a line or function was running or waiting: itself, and with what it called. */
export interface GpuCost {
  readonly self: number;
  readonly total: number;
}

/** A GPU that a process used; null: unknown. */
export interface GpuDevice {
  /** The driver's number of it, from 0. */
  readonly index: number;
  readonly name: string;
  readonly totalBytes: number | null;
  /** How long the process kept it busy. */
  readonly busyNs: number | null;
  /** The most of its memory that the process had. */
  readonly peakBytes: number | null;
}

/** The GPUs of a process at one moment, all together. busy: how many were busy; one for half the time is 0.5. */
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
  /** CPU time of the process that asks the driver: in no other figure. */
  readonly costNs: number;
  readonly devices: readonly GpuDevice[];
}
export interface ProcessGpu extends GpuTotal {
  readonly timeline: readonly GpuPoint[];
}

/** A compiled function that a line spent native time in. */
export interface NativeShare {
  readonly symbol: string;
  /** File name of the library, without its folder. */
  readonly module: string;
  readonly self: number;
}

/** What one line of a file cost. */
export interface LineCost {
  /** 1-based, in the text that ran. */
  readonly line: number;
  /** Qualified name of the function the line belongs to. */
  readonly function: string;
  readonly self: Cost;
  readonly total: Cost;
  /** How many threads without Python code worked for it. */
  readonly helperThreads: number;
  readonly memory: MemoryCost | null;
  /** Absent if it used none. */
  readonly gpu?: GpuCost;
  /** Most expensive first. */
  readonly natives: readonly NativeShare[];
}

/** What one function of a file cost; a module's code is a function named `<module>`. */
export interface FunctionCost {
  readonly name: string;
  readonly qualname: string;
  /** First line. */
  readonly line: number;
  readonly self: Cost;
  readonly total: Cost;
  readonly helperThreads: number;
  readonly memory: MemoryCost | null;
  /** Absent if it used none. */
  readonly gpu?: GpuCost;
}

/** The lines and functions of one source file that have figures, each in order of lines. */
export interface FileCost {
  /** As the program saw it: co_filename, made absolute with the process's working directory if it was relative. */
  readonly path: string;
  readonly lines: readonly LineCost[];
  readonly functions: readonly FunctionCost[];
}

/** CPU time on no line, ns, by reason. */
export interface OffLineCost {
  /** The interpreter starting and ending, and the system's loader before it. */
  readonly interpreter: number;
  /** What no sample explains: threads that were not sampled, and remainders of threads without samples. */
  readonly unseen: number;
  /** Threads without Python code, while they worked for no line; by their library, most expensive first. */
  readonly libraries: readonly { readonly module: string; readonly ns: number }[];
}

/** One process of a run, with its figures as a whole. */
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
  /** CPU time of the agent itself, included in cpuNs. */
  readonly agentCpuNs: number;
  /** Largest resident size. */
  readonly peakBytes: number | null;
  /** null where memory was not measured. */
  readonly memory: ProcessMemory | null;
  /** Absent if no GPU was used, or nothing is known of it. */
  readonly gpu?: ProcessGpu;
  readonly exit: number | null;
  readonly state: 'running' | 'ended' | 'lost' | 'full';
  /** The signal that ended a `lost` process, and whether its parent sent it; known only if its parent was recorded. */
  readonly endedBy?: { readonly signal: number; readonly byParent: boolean };
  /** Why recording stopped early (`full`): an error number of Linux; 0: unknown. */
  readonly whyFull: number;
  readonly samples: number;
  readonly dropped: number;
  readonly rejected: number;
  readonly late: number;
  readonly offLine: OffLineCost;
  readonly intervalNs: number;
  /** Before this moment of the process, ns, only sums over stretches of this length are known. Absent: everything is. */
  readonly detailFrom?: { readonly ns: number; readonly stretchNs: number };
  readonly notes: readonly { readonly severity: Severity; readonly text: string }[];
}

/** One thread of a run, with its figures as a whole. */
export interface ThreadInfo {
  /** Unique within the run. */
  readonly id: number;
  readonly pid: number;
  readonly tid: number;
  readonly name: string;
  readonly cpuNs: number;
  /** How long it is known to have lived: CPU time, waiting and time without a core. */
  readonly wallNs: number;
  readonly waitNs: number;
  /** The part of waitNs for the interpreter lock. */
  readonly gilNs: number;
  /** How long it could run but had no core. */
  readonly queueNs: number;
}

/** All that is known of a run, as figures. Never changes: a run that goes on has a new profile each time. */
export interface Profile {
  /** As a tree: children after their parent, in the order they started. The first one is what was profiled. */
  readonly processes: readonly ProcessInfo[];
  readonly threads: readonly ThreadInfo[];
  /** Sum over everything recorded, with the cost on no line. */
  readonly total: Cost;
  /** CPU of all processes as the operating system counts it. */
  readonly cpuNs: number;
  /** From the first process's start to the last moment recorded. */
  readonly elapsedNs: number;
  readonly samples: number;
  readonly dropped: number;
  readonly rejected: number;
  readonly late: number;
  /** Whether any process could tell how long its threads could run but had no core. */
  readonly isQueueKnown: boolean;
  readonly offLine: OffLineCost;
  /**
   * The stretch of the run's time, ns, whose costs are here (viewed.ts). Absent: all of it. Memory is not known by
   * time.
   */
  readonly range?: { readonly fromNs: number; readonly untilNs: number };
  /** By path. */
  readonly files: ReadonlyMap<string, FileCost>;
  /** Sum over everything recorded; null where memory was not measured. */
  readonly memory: MemoryTotal | null;
  /** Absent if no GPU was used, or nothing is known of it. */
  readonly gpu?: GpuTotal;
}
