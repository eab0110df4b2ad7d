/**
 * What crosses between the language server and an editor, beside plain LSP (hover, code lens, inlay hint,
 * text document sync). Requests go client → server, notifications server → client unless said otherwise.
 * The server does all arithmetic and wording; a client only draws.
 */

import type { LineFigures } from '../profile/words/annotation';
import type { HotFigures } from '../profile/words/hotList';
import type { Metric } from '../profile/metric';

export { isMemoryMetric, metrics, type Metric } from '../profile/metric';

/** Settings the server needs; sent as initializationOptions and again by lineheat/settings (client → server notification). */
export interface ServerSettings {
  metric: Metric;
  /** Lines whose self and total share of the run is below this percentage stay quiet. */
  thresholdPercent: number;
  codeLens: boolean;
  inlayHints: boolean;
  /** [prefix in the recording, prefix here], longest match wins. */
  pathMappings: [string, string][];
  /** What libraries cost is on the line of the user's own code that called them. */
  onlyMyCode: boolean;
  /** Files that are libraries although they are not installed as such: glob patterns. */
  libraryPatterns: string[];
}
/** What a client sends as initializationOptions; every field may be missing. */
export interface InitializationOptions extends Partial<ServerSettings> {
  /** The client registers `commands` and draws `$(icon)` in trusted hovers. Other clients get plain markdown. */
  richClient?: boolean;
}
export const settingsNotification = 'lineheat/settings';

/**
 * lineheat/range (client → server notification): figures of a run, as long as it is shown, are those of this part of its
 * time; null: of all. Its end may be open, and it may be what came last.
 */
export const rangeNotification = 'lineheat/range';
export interface RangeParams {
  run: string;
  range: RunRange | null;
}
/** ns since the run's start. */
export type RunRange = { fromNs: number; untilNs: number | null } | { lastNs: number };

/** lineheat/planRun: everything needed to start a program under the agent, or why it cannot be. */
export const planRunRequest = 'lineheat/planRun';
export interface PlanRunParams {
  /** Absolute path of the script, or a module name with `module`. */
  program: string;
  module?: boolean;
  /** The script holds tests: they are run through pytest, or unittest, instead of the script itself. */
  tests?: boolean;
  args: string[];
  cwd: string;
  /** Interpreters to try in order: path or command name, and where it came from, for messages. */
  interpreters: { path: string; source: string }[];
  env: Record<string, string>;
  /** What the run is called; missing: after its program. */
  name?: string;
  /** Folder for recordings; the plan makes a new folder inside. */
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
      /** Things worth saying that do not stop the run. */
      warnings: string[];
    }
  | {
      ok: false;
      message: string;
      /** What the user can be offered beside the message. */
      code?: 'noTestRunner' | 'badInterpreter';
    };

/**
 * lineheat/openRun: follow a run directory, or open a recording file (.lsp, .lineheat). The newest opened run is the one
 * shown; another one that is over and has no view is forgotten.
 */
export const openRunRequest = 'lineheat/openRun';
export interface OpenRunParams {
  run: string;
  path: string;
  /** True while the program may still be writing. */
  live: boolean;
  /** A view of its own goes on asking for the run when another one is shown, until lineheat/closeView. */
  hasView?: boolean;
  /** The recordings of a live run shall take no more of the disk than this; without it there is no limit. */
  limitBytes?: number;
}
export type OpenRunResult = { ok: true } | { ok: false; message: string };

/** lineheat/closeView: the view that a run was opened with is gone. */
export const closeViewNotification = 'lineheat/closeView';
export interface CloseViewParams {
  run: string;
}

/** lineheat/endRun: the terminal's process ended; exit is its exit code (undefined when it was killed by the editor). The server reads what is left and closes the run. */
export const endRunRequest = 'lineheat/endRun';
export interface EndRunParams {
  run: string;
  exit?: number;
  stopped: boolean;
}
/** One sentence saying how it went, and its severity: information unless something needs the user. */
export interface EndRunResult {
  severity: 'information' | 'warning' | 'error';
  message: string;
  /** There are figures to look at. */
  hasFigures: boolean;
  /** The line that the message calls the hottest. */
  hottest?: { path: string; line: number };
}

/** lineheat/saveRun: writes a run that has ended as one file, with the names of its native functions. */
export const saveRunRequest = 'lineheat/saveRun';
export interface SaveRunParams {
  /** Run folder. */
  path: string;
  /** The file to write; one that is there is replaced. */
  file: string;
}
export type SaveRunResult = { ok: true } | { ok: false; message: string };

/** lineheat/clear: forget all runs. */
export const clearRequest = 'lineheat/clear';

/** lineheat/runStatus, 2–4 times a second while a run is live, and once when it changes afterwards. */
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
  /** Memory was, or is being, measured. */
  memory: boolean;
  notes: { severity: 'information' | 'warning' | 'error'; text: string }[];
}

/** lineheat/annotations: all annotations of one file, replacing what was sent before. Empty lists clear the file. */
export const annotationsNotification = 'lineheat/annotations';
export interface FileAnnotations {
  run: string;
  /** Real path on this machine. */
  path: string;
  metric: Metric;
  lines: LineAnnotation[];
  /** What functions cost with what they called, at their `def`: to be drawn there while their lines are folded away. */
  functions: LineAnnotation[];
}
/** One line, ready to draw. Line numbers are those of the current text of the file. */
export interface LineAnnotation extends LineFigures {
  /** The text changed since the run: draw greyed. */
  stale: boolean;
}

/** lineheat/hotList: what costs most under the leading metric, in all files of the shown run. Only a list that is looked at asks. */
export const hotListRequest = 'lineheat/hotList';
export interface HotListParams {
  of: 'lines' | 'functions';
  /** Of the user's own files, with what libraries cost that they call; of all files where none of those has a row. */
  own?: boolean;
}
export interface HotListResult {
  /** Hottest first. */
  rows: HotRow[];
  /** Said instead of rows; empty where there are some, or no run is shown. */
  message: string;
}
/** One line or function, ready to draw, on the line of the current text of its file. */
export interface HotRow extends Omit<HotFigures, 'share'> {
  /** Real path on this machine. */
  path: string;
  /** The line's text when it ran; empty for functions, and where it is not known. */
  source: string;
  stale: boolean;
}

/** lineheat/lineParts: which columns of a line cost it, to be drawn while the user is there. */
export const linePartsRequest = 'lineheat/lineParts';
export interface LinePartsParams {
  uri: string;
  /** 1-based, of the current text. */
  line: number;
}
export interface LinePartsResult {
  /** Not overlapping; none where the line is one expression, was edited, or nothing is known of its columns. */
  parts: LinePart[];
}
export interface LinePart {
  /** UTF-16 columns, 0-based, the second one past the last. */
  start: number;
  end: number;
  /** 0 … 7, by its share of the line. */
  heat: number;
}

/** lineheat/flame: the next piece of the flame chart's tables. Pull, so that a slow panel is never flooded. */
export const flameRequest = 'lineheat/flame';
export interface FlameParams {
  run: string;
  /** 0 to start, then the cursor of the answer before. */
  cursor: number;
  /** Whether compiled functions have frames of their own (default: yes). The same for all pieces. */
  native?: boolean;
  /** Whether frames of libraries are folded into those of the user's own code (default: no). The same for all pieces. */
  onlyMyCode?: boolean;
  /** The revision of the memory that the panel has, 0 for none; missing: it does not want any now. */
  memory?: number;
}
export interface FlameResult {
  cursor: number;
  /** Bytes of a chunk as protocol/flameChunk.ts lays it out, base64. Empty when there is nothing new yet. */
  chunk: string;
  /** More is ready now. */
  more: boolean;
  /** The run has ended and all of it has been sent. */
  done: boolean;
  /** The memory as it is now, base64 of what protocol/flameMemory.ts lays out; its stacks are known after this chunk. Missing when nothing changed. */
  memory?: { revision: number; data: string };
  /** How well it was sampled so far, in words for below the chart. */
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
