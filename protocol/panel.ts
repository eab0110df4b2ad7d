/**
 * What crosses between the extension host and the flame chart panel.
 * The host passes chunks through untouched: they come from the server, encoded by encodeFlameChunk.
 */

/** Host → panel. */
export type ToPanel =
  /** Forget all rows; a run's follow, with or without native frames. The place in a run stays when it is the same. */
  | { type: 'reset'; run: string; title: string; live: boolean; native: boolean }
  /** Rows to append to the tables, as encodeFlameChunk made them. Answered with ack. */
  | { type: 'chunk'; sequence: number; data: ArrayBuffer }
  /** The memory of the run as it is now, as encodeFlameMemory made it, instead of what was sent before. */
  | { type: 'memory'; data: ArrayBuffer }
  /** How well the run was sampled so far, in words. */
  | { type: 'sampling'; text: string }
  /** Everything has been sent. */
  | { type: 'done' }
  /** The editor's cursor is on this line: light its frames. path null: none. */
  | { type: 'highlight'; path: string | null; line: number; reveal: boolean }
  /** Something to say instead of a chart, e.g. no run yet. */
  | { type: 'message'; text: string };

/** Panel → host. */
export type FromPanel =
  | { type: 'ready' }
  | { type: 'ack'; sequence: number }
  /** Show the source of a frame; go: and take the keyboard there. */
  | { type: 'open'; path: string; line: number; column: number; go: boolean }
  | { type: 'copy'; text: string }
  /** Show native frames, or leave them out: a setting, answered with reset. */
  | { type: 'native'; shown: boolean }
  /** Measure memory from the next run on: a setting. */
  | { type: 'turnOnMemory' }
  /** An exception in the panel, to be shown and logged by the host. */
  | { type: 'error'; message: string };
