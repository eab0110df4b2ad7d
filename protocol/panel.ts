/**
 * What crosses between the extension host and the flame chart panel.
 * The host passes chunks through untouched: they come from the server, encoded by encodeFlameChunk.
 */
import type { Metric } from '../profile/metric';
import type { RunRange } from './lsp';
import type { SavedFormat } from './savedPage';

/** Host → panel. */
export type ToPanel =
  /** Forget all rows; a run's follow, with or without native frames. The place in a run stays when it is the same. */
  | {
      type: 'reset';
      run: string;
      title: string;
      live: boolean;
      native: boolean;
      onlyMyCode: boolean;
    }
  /** Rows to append to the tables, as encodeFlameChunk made them. Answered with ack. */
  | { type: 'chunk'; sequence: number; data: ArrayBuffer }
  /** The memory of the run as it is now, as encodeFlameMemory made it, instead of what was sent before. */
  | { type: 'memory'; data: ArrayBuffer }
  /** What leads beside the code, and its name. */
  | { type: 'metric'; metric: Metric; label: string }
  /** The part of the run's time that figures everywhere are of, and its words; null: they are of all of it. */
  | { type: 'range'; range: RunRange | null; text: string }
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
  /** Save the view: a picture, or a page with savedPageMarks in it. */
  | { type: 'save'; format: SavedFormat; data: ArrayBuffer }
  /** Show native frames, or leave them out: a setting, answered with reset. */
  | { type: 'native'; shown: boolean }
  /** Fold frames of libraries, or show them: a setting, answered with reset. */
  | { type: 'onlyMyCode'; chosen: boolean }
  /** Make figures everywhere those of a part of the run's time, in words as well; null: of all. Answered with range. */
  | { type: 'range'; range: RunRange | null; text: string }
  /** Measure memory from the next run on: a setting. */
  | { type: 'turnOnMemory' }
  /** How wide the panel is, CSS pixels, and how wide a column of code is in editors, as a part of the size of their font. */
  | { type: 'width'; pixels: number; columnPart: number }
  /** Show the newest run that is kept. */
  | { type: 'openLastRun' }
  /** An exception in the panel, to be shown and logged by the host. */
  | { type: 'error'; message: string };
