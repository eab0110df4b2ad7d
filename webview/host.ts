/** What the panel and the code around it ask of each other. */
import type { RunRange } from '../protocol/lsp';
import type { SavedFormat } from '../protocol/savedPage';
import type { State } from './state/state';

/** What the panel asks of its host. */
export interface Host {
  /** Shows a source line; the keyboard goes there too if `go`. */
  open: (path: string, line: number, column: number, go: boolean) => void;
  copy: (text: string) => void;
  save: (format: SavedFormat, data: ArrayBuffer) => void;
  fail: (error: unknown) => void;
  showNative: (shown: boolean) => void;
  showOnlyMyCode: (chosen: boolean) => void;
  /** Makes figures everywhere those of a part of the run's time; null: of all. */
  chooseRange: (range: RunRange | null, text: string) => void;
  turnOnMemory: () => void;
  openLastRun: () => void;
  /** How the panel is looked at, kept while it is hidden. */
  remember: (look: Pick<State, 'mode' | 'tree' | 'metric'>) => void;
}

export interface App {
  /** Rows were appended, or the run ended. */
  dataChanged: (reorder: boolean) => void;
  /** Frames weigh something else. */
  metricChanged: () => void;
  /** Only what is said about the run. */
  statusChanged: () => void;
  /** Another run, a message, or anything else that is not rows. */
  everythingChanged: () => void;
  /** The highlighted line changed; reveal: go there. */
  highlightChanged: (reveal: boolean) => void;
}
