/** The tables of the flame chart, as columns. */

/** Kind of a flame-chart frame. */
export const frameKinds = ['python', 'native', 'system', 'wait', 'gil', 'queue'] as const;
export type FrameKind = (typeof frameKinds)[number];

/**
 * The run as columns. Ids are indexes into each table; parents come before children. A stack's leaf may be a frame of
 * kind native (symbol), system, wait, gil or queue above Python frames.
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
  /** Within stretches of this length, ns, the order of old samples is lost, and equal ones are merged; 0: none are. */
  coarseNs: number;
  /**
   * Samples of the track handed out earlier, from this moment on, are out of date and come again: they were merged
   * with samples that had not been handed out. Infinity: none are.
   */
  anewNs: number;
  /** Stack id; 0xffffffff: unknown. */
  stack: Uint32Array;
  time: Float64Array;
  wall: Float64Array;
  cpu: Float64Array;
}
