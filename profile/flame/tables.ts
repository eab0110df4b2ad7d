/** What the flame chart shows, as columns: the same run as a profile (profile/types.ts), with the order of events. */

/** Kind of a flame-chart frame. */
export const frameKinds = ['python', 'native', 'system', 'wait', 'gil', 'queue'] as const;
export type FrameKind = (typeof frameKinds)[number];

/**
 * The same profile as columns, for the flame chart. Index 0.. in each table; parents before children.
 * A stack's leaf may be a frame of kind native (symbol), system, wait, gil or queue on top of Python frames.
 */
export interface FlameTables {
  readonly strings: readonly string[];
  /** name, file (string ids; file '' for none), first line, module (string id, '' for Python). */
  readonly functions: {
    readonly name: Uint32Array;
    readonly file: Uint32Array;
    readonly line: Uint32Array;
    readonly module: Uint32Array;
  };
  /** function, line executing (0 unknown), column (0 unknown, else 1-based), kind (index in frameKinds). */
  readonly frames: {
    readonly function: Uint32Array;
    readonly line: Uint32Array;
    readonly column: Uint32Array;
    readonly kind: Uint8Array;
  };
  /** frame, parent stack (−1 = root). */
  readonly stacks: { readonly frame: Uint32Array; readonly parent: Int32Array };
  readonly threads: readonly FlameThread[];
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
