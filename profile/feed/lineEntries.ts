/** Lines, functions and files while their costs are added up (LineCosts). */
import type { MemoryShares } from '../memory/shares';
import type { FileCost, GpuCost, LineCost, NativeShare } from '../types';
import type { Writable } from '../writable';

/** A function of a file. */
export interface FunctionEntry {
  file: FileEntry;
  name: string;
  qualname: string;
  line: number;
  /** Cost rows. */
  self: Float64Array;
  total: Float64Array;
  memory: MemoryShares | undefined;
  gpu: Writable<GpuCost> | undefined;
  /** Ids of the helper threads that worked for it; undefined: none. */
  helpers: Set<number> | undefined;
  /** How many more there were in processes that have ended. */
  endedHelpers: number;
  /** Its frames by line, shared by all processes. */
  frames: Map<number, ResolvedFrame>;
  /** The last stack added to total, so that recursion counts once. */
  stamp: number;
}
/** A Python frame whose code is known. */
export interface ResolvedFrame {
  line: LineEntry;
  function: FunctionEntry;
}
/** One line of a file; see FunctionEntry for stamp. */
export interface LineEntry {
  file: FileEntry;
  line: number;
  function: FunctionEntry;
  /** Cost rows. */
  self: Float64Array;
  total: Float64Array;
  natives: Map<string, Writable<NativeShare>>;
  memory: MemoryShares | undefined;
  gpu: Writable<GpuCost> | undefined;
  helpers: Set<number> | undefined;
  endedHelpers: number;
  stamp: number;
  /** The figures as last handed out; undefined once something has been added since. */
  built: LineCost | undefined;
}
export interface FileEntry {
  path: string;
  lines: Map<number, LineEntry>;
  functions: Map<string, FunctionEntry>;
  /** The last stack that isFirstOfFile was called for. */
  stamp: number;
  /** The figures as last handed out; undefined once something has been added since. */
  built: FileCost | undefined;
}
