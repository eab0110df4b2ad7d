/** Helpers, threads without Python code, and their samples. */
import type { Surroundings } from './callSurroundings';
import type { ThreadFeed } from '../feed/threadFeed';

/** A sample of a helper. */
export interface HelperSample {
  thread: ThreadFeed;
  /** The number of that thread in the recording. */
  number: number;
  cell: number;
  timeNs: number;
  wallNs: number;
  cpuNs: number;
  /** It is the rest of the CPU time at the thread's end, not an observation. */
  remainder: boolean;
  /** Its cost while the cells that it was for are unknown. */
  cost: Float64Array;
}

/** Library keys: files, and packages, which say less. */
export interface Libraries {
  readonly files: Set<string>;
  readonly packages: Set<string>;
}

/** A thread without Python code, in some library. */
export interface Helper {
  readonly thread: ThreadFeed;
  /** Every library that a sample of it was in. */
  readonly libraries: Libraries;
  /** The cells that its last samples were for. */
  readonly recent: ServedCells[];
  /** How many of its remainders and of its guesses have been decided: each takes the next of the recent ones. */
  remainders: number;
  guesses: number;
}

/** The cells that a sample was for. */
export interface ServedCells {
  readonly cells: readonly number[];
  /** No other line comes into question. */
  readonly isSure: boolean;
  /** The call into the library was over. */
  readonly isAfter: boolean;
  /** The thread that was in the call, and when it was. */
  readonly call?: { readonly thread: ThreadFeed; readonly ns: number };
  /** Of that call, found when first needed. */
  surroundings?: Surroundings;
}
