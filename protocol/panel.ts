/**
 * What crosses between the extension host and the flame chart panel. The host passes chunks on without looking
 * inside: they come from the server, encoded by encodeFlameChunk.
 */
import type { Metric } from '../profile/metric';
import type { RunRange } from './lsp';
import type { SavedFormat } from './savedPage';

/** Host → panel. */
export type ToPanel =
  /**
   * Forget all rows; those of a run follow, with or without native frames. The view stays where it is if the run is
   * the same.
   */
  | {
      type: 'reset';
      run: string;
      title: string;
      live: boolean;
      native: boolean;
      onlyMyCode: boolean;
    }
  /** Rows to append to the tables, from encodeFlameChunk. Answered with ack. */
  | { type: 'chunk'; sequence: number; data: ArrayBuffer }
  /** The current memory of the run, from encodeFlameMemory; it replaces what was sent before. */
  | { type: 'memory'; data: ArrayBuffer }
  /** The metric that leads beside the code, and its name. */
  | { type: 'metric'; metric: Metric; label: string }
  /** The part of the run's time that all figures are of, also in words; null: all of it. */
  | { type: 'range'; range: RunRange | null; text: string }
  /** How well the run was sampled so far, in words. */
  | { type: 'sampling'; text: string }
  /** Everything has been sent. */
  | { type: 'done' }
  /** The editor's cursor is on this line: highlight its frames. path null: on none. */
  | { type: 'highlight'; path: string | null; line: number; reveal: boolean }
  /** Text to show instead of a chart, for example that there is no run yet. */
  | { type: 'message'; text: string };

/** Panel → host. */
export type FromPanel =
  | { type: 'ready' }
  | { type: 'ack'; sequence: number }
  /** Show the source of a frame; go: and move the focus there. */
  | { type: 'open'; path: string; line: number; column: number; go: boolean }
  | { type: 'copy'; text: string }
  /** Save the view: a picture, or a page that contains savedPageMarks. */
  | { type: 'save'; format: SavedFormat; data: ArrayBuffer }
  /** Change the setting that shows native frames. Answered with reset. */
  | { type: 'native'; shown: boolean }
  /** Change the setting that folds frames of libraries. Answered with reset. */
  | { type: 'onlyMyCode'; chosen: boolean }
  /** Make all figures those of a part of the run's time, also given in words; null: of all of it. Answered with range. */
  | { type: 'range'; range: RunRange | null; text: string }
  /** Turn on the setting to measure memory, from the next run on. */
  | { type: 'turnOnMemory' }
  /** The width of the panel, CSS pixels, and the width of a column of code in editors, as a part of their font size. */
  | { type: 'width'; pixels: number; columnPart: number }
  /** Show the newest stored run. */
  | { type: 'openLastRun' }
  /** An exception in the panel, to be shown and logged by the host. */
  | { type: 'error'; message: string };
