/**
 * What crosses between the language server and an editor, in addition to plain LSP (hover, code lens, inlay hint,
 * text document sync). Requests go from client to server, notifications from server to client unless stated
 * otherwise. The server does all arithmetic and wording; a client only draws.
 */

import type { LineFigures } from '../profile/words/annotation';
import type { HotFigures } from '../profile/words/hotList';
import type { Metric } from '../profile/metric';

export { isMemoryMetric, metrics, type Metric } from '../profile/metric';

/** Settings the server needs; sent as initializationOptions and again by lineheat/settings (client → server notification). */
export interface ServerSettings {
  metric: Metric;
  /** Lines whose self and total shares of the run are below this percentage have no annotation. */
  thresholdPercent: number;
  codeLens: boolean;
  inlayHints: boolean;
  /** [prefix in the recording, prefix here]; the longest match wins. */
  pathMappings: [string, string][];
  /** The cost of libraries is shown on the user's own lines that called them. */
  onlyMyCode: boolean;
  /** Glob patterns of files that are libraries although they are not installed as such. */
  libraryPatterns: string[];
}
/** What a client sends as initializationOptions; all fields are optional. */
export interface InitializationOptions extends Partial<ServerSettings> {
  /** The client registers `commands` and draws `$(icon)` in trusted hovers. Other clients get plain markdown. */
  richClient?: boolean;
}
export const settingsNotification = 'lineheat/settings';

/**
 * lineheat/range (client → server notification): limits the figures of a run to a part of its time, as long as the run
 * is shown; null: to none.
 */
export const rangeNotification = 'lineheat/range';
export interface RangeParams {
  run: string;
  range: RunRange | null;
}
/** A part of a run's time, ns since its start; untilNs null: up to now or the end. lastNs: the newest part, this long. */
export type RunRange = { fromNs: number; untilNs: number | null } | { lastNs: number };

/** lineheat/planRun: everything needed to start a program under the agent, or why it cannot be started. */
export const planRunRequest = 'lineheat/planRun';
export interface PlanRunParams {
  /** Absolute path of the script; with `module`, the name of a module. */
  program: string;
  module?: boolean;
  /** The script contains tests: they are run with pytest, or unittest, instead of running the script itself. */
  tests?: boolean;
  args: string[];
  cwd: string;
  /** Interpreters to try, in order: path or command name, and for messages where it came from. */
  interpreters: { path: string; source: string }[];
  env: Record<string, string>;
  /** The name of the run; missing: that of its program. */
  name?: string;
  /** Folder for recordings; planning creates a new folder in it. */
  storage: string;
  intervalUs: number;
  memory: boolean;
}
export type PlanRunResult =
  | {
      ok: true;
      run: string;
      runDir: string;
      command: string;
      args: string[];
      cwd: string;
      env: Record<string, string>;
      pythonVersion: string;
      /** Notes for the user that do not stop the run. */
      warnings: string[];
    }
  | {
      ok: false;
      message: string;
      /** An action to offer with the message. */
      code?: 'noTestRunner' | 'badInterpreter';
    };

/** The limit of a run's recordings where the user has set none, in the editor and on the command line. */
export const defaultLimitBytes = 2e9;

/**
 * lineheat/openRun: follow a run directory, or open a recording file (.lsp, .lineheat). The run opened last is shown.
 * Earlier runs that are over and have no view are forgotten.
 */
export const openRunRequest = 'lineheat/openRun';
export interface OpenRunParams {
  run: string;
  path: string;
  /** The program may still be writing. */
  live: boolean;
  /** The run has a view of its own, which keeps asking for it when another run is shown, until lineheat/closeView. */
  hasView?: boolean;
  /** The most disk space that the recordings of a live run may take; missing: no limit. */
  limitBytes?: number;
}
export type OpenRunResult = { ok: true } | { ok: false; message: string };

/** lineheat/closeView: the view of a run was closed. */
export const closeViewNotification = 'lineheat/closeView';
export interface CloseViewParams {
  run: string;
}

/**
 * lineheat/endRun: the terminal's process ended; exit is its exit code, undefined if the editor killed it. The server
 * reads the rest and closes the run.
 */
export const endRunRequest = 'lineheat/endRun';
export interface EndRunParams {
  run: string;
  exit?: number;
  stopped: boolean;
}
/** One sentence about how the run went, and its severity: information, unless the user has to do something. */
export interface EndRunResult {
  severity: 'information' | 'warning' | 'error';
  message: string;
  /** There are figures to look at. */
  hasFigures: boolean;
  /** The line that the message calls the hottest. */
  hottest?: { path: string; line: number };
}

/** lineheat/saveRun: write a run that has ended as one file, with the names of its native functions. */
export const saveRunRequest = 'lineheat/saveRun';
export interface SaveRunParams {
  /** Run folder. */
  path: string;
  /** The file to write; an existing file is replaced. */
  file: string;
}
export type SaveRunResult = { ok: true } | { ok: false; message: string };

/** lineheat/clear: forget all runs. */
export const clearRequest = 'lineheat/clear';

/** lineheat/runStatus: sent 2–4 times a second while a run is live, and afterwards once for each change. */
export const runStatusNotification = 'lineheat/runStatus';
export interface RunStatus {
  run: string;
  state: 'starting' | 'running' | 'ended';
  program: string;
  elapsedS: number;
  cpuS: number;
  samples: number;
  dropped: number;
  rejected: number;
  late: number;
  processes: number;
  /** Memory was measured, or is being measured. */
  memory: boolean;
  notes: { severity: 'information' | 'warning' | 'error'; text: string }[];
}

/** lineheat/annotations: all annotations of one file. They replace what was sent before; empty lists clear the file. */
export const annotationsNotification = 'lineheat/annotations';
export interface FileAnnotations {
  run: string;
  /** Real path on this machine. */
  path: string;
  metric: Metric;
  lines: LineAnnotation[];
  /** The cost of functions with their calls, to be drawn at their `def` while their lines are folded away. */
  functions: LineAnnotation[];
}
/** One line, ready to draw. Its number is that in the current text of the file. */
export interface LineAnnotation extends LineFigures {
  /** The line's text has changed since the run: to be drawn greyed. */
  stale: boolean;
}

/**
 * lineheat/hotList: what costs most under the leading metric, in all files of the shown run. Requested only while the
 * list is visible.
 */
export const hotListRequest = 'lineheat/hotList';
export interface HotListParams {
  of: 'lines' | 'functions';
  /** Only the user's own files, with the cost of the libraries that they call; all files if none of these has a row. */
  own?: boolean;
}
export interface HotListResult {
  /** Hottest first. */
  rows: HotRow[];
  /** Text to show instead of rows; empty if there are rows, or if no run is shown. */
  message: string;
}
/** One line or function, ready to draw, with its line in the current text of its file. */
export interface HotRow extends Omit<HotFigures, 'share'> {
  /** Real path on this machine. */
  path: string;
  /** The line's text when it ran; empty for functions, and if it is unknown. */
  source: string;
  stale: boolean;
}

/** lineheat/lineParts: the columns that make up the cost of a line, to be drawn while the cursor is on it. */
export const linePartsRequest = 'lineheat/lineParts';
export interface LinePartsParams {
  uri: string;
  /** 1-based, in the current text. */
  line: number;
}
export interface LinePartsResult {
  /** Without overlap. None if the line is a single expression, was edited, or nothing is known of its columns. */
  parts: LinePart[];
}
export interface LinePart {
  /** UTF-16 columns, 0-based; end is one past the last. */
  start: number;
  end: number;
  /** 0 … 7, by its share of the line. */
  heat: number;
}

/** lineheat/flame: the next piece of the flame chart's tables. The panel asks, so that a slow panel is never flooded. */
export const flameRequest = 'lineheat/flame';
export interface FlameParams {
  run: string;
  /** 0 first, then the cursor of the previous answer. */
  cursor: number;
  /** Whether compiled functions have frames of their own (default: yes). The same for all pieces. */
  native?: boolean;
  /** Whether frames of libraries are folded into those of the user's own code (default: no). The same for all pieces. */
  onlyMyCode?: boolean;
  /** The revision of the memory that the panel has; 0: none; missing: it does not want any now. */
  memory?: number;
}
export interface FlameResult {
  cursor: number;
  /** Bytes of a chunk as protocol/flameChunk.ts lays it out, base64. Empty when there is nothing new yet. */
  chunk: string;
  /** More rows are ready now. */
  more: boolean;
  /** The run has ended and all of its rows have been sent. */
  done: boolean;
  /**
   * The current memory, base64 of what protocol/flameMemory.ts lays out. Its stacks are known after this chunk.
   * Missing if nothing changed.
   */
  memory?: { revision: number; data: string };
  /** How well the run was sampled so far, in words to show below the chart. */
  sampling: string;
}

/** Commands that code lenses and hover links name; the client registers them. */
export const commands = {
  profileFile: 'lineheat.profileFile',
  stop: 'lineheat.stop',
  clear: 'lineheat.clear',
  openRecording: 'lineheat.openRecording',
  openLastRun: 'lineheat.openLastRun',
  showFlameChart: 'lineheat.showFlameChart',
  /** Arguments: path, line. */
  showLineInFlameChart: 'lineheat.showLineInFlameChart',
  goToHottestLine: 'lineheat.goToHottestLine',
  nextHotLine: 'lineheat.nextHotLine',
  previousHotLine: 'lineheat.previousHotLine',
  selectMetric: 'lineheat.selectMetric',
  turnOnMemory: 'lineheat.turnOnMemory',
  /** Arguments: path, line. */
  openLine: 'lineheat.openLine',
  /** Argument: text for the clipboard. */
  copy: 'lineheat.copy',
} as const;
