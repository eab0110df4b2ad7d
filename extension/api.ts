import type * as vscode from 'vscode';

/**
 * What other extensions get from Lineheat: the value of `extension.exports`, or of `await extension.activate()`. Within
 * version 1 members are added, and none is removed or changes its meaning. docs/api.md holds this file as it is.
 */
export interface LineheatApi {
  readonly version: 1;

  /**
   * Profiles a Python file on disk, with the user's settings, in a terminal. Settles once the program runs: true, or false
   * where the user preferred to let another one go on. Rejects with a sentence for the user where it cannot be started.
   */
  profileFile(file: vscode.Uri, options?: { args?: readonly string[] }): Promise<boolean>;

  /** Opens a recording (.lineheat or .lsp) and shows its figures. Rejects with a sentence for the user where it cannot. */
  openRecording(recording: vscode.Uri): Promise<void>;

  /** The run whose figures are shown; undefined where there is none. */
  readonly run: ShownRun | undefined;
  /** Another run is shown, its program ended, or none is shown any more. */
  readonly onDidChangeRun: vscode.Event<ShownRun | undefined>;

  /** What is known of a file's lines by the metric that the user chose; undefined where nothing is. */
  figuresOf(file: vscode.Uri): Promise<FileFigures | undefined>;
  /** Figures of a file on disk are others than before: two to four times a second while its program runs. */
  readonly onDidChangeFigures: vscode.Event<vscode.Uri>;
}

export interface ShownRun {
  /** Its file or module, or the name that the user gave it. */
  readonly title: string;
  /** The folder or file that holds its recording. */
  readonly recording: vscode.Uri;
  /** Its program runs. */
  readonly isLive: boolean;
}

export interface FileFigures {
  /** `cpu`, `wall`, `peak` …: a value of the setting lineheat.metric. Later versions may know more. */
  readonly metric: string;
  /** Lines that cost enough to have figures beside them, in order. */
  readonly lines: readonly LineFigures[];
}

export interface LineFigures {
  /** 0-based, in the text as it is now. */
  readonly line: number;
  /** Of the whole run, 0 to 1. */
  readonly share: number;
  /** Whether the line costs this itself, or what it calls does. */
  readonly kind: 'self' | 'total';
  /** As beside the code: `2.91 s`, `58.2 %`, `native 96 · python 4`. Words may change; compute with `share`. */
  readonly value: string;
  readonly percent: string;
  readonly detail: string;
  /** The line was edited since it ran. */
  readonly isStale: boolean;
}
