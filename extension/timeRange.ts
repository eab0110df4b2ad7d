import * as vscode from 'vscode';
import type { RunRange } from '../protocol/lsp';
import type { Server } from './client';
import { describe, getLog, UserError } from './messages';
import type { Runs } from './run/runs';
import { formatSeconds } from '../profile/words/numbers';

/** The part of the shown run's time that all figures are of, in words as well; undefined: they are of the whole run. */
export interface ChosenRange {
  range: RunRange;
  text: string;
}

export const clearTimeRange = 'lineheat.clearTimeRange';
/** The part of a running program that is followed. */
const lastSeconds = 10;

/** Which part of the shown run figures are of: chosen here or in the chart, told to the server, said in the status bar. */
export class TimeRange implements vscode.Disposable {
  readonly #server: Server;
  readonly #runs: Runs;
  readonly #changed = new vscode.EventEmitter<void>();
  readonly onDidChange = this.#changed.event;
  readonly #item: vscode.StatusBarItem;
  readonly #subscriptions: vscode.Disposable[];
  #run: string | undefined;
  #chosen: ChosenRange | undefined;

  constructor(server: Server, runs: Runs) {
    this.#server = server;
    this.#runs = runs;
    this.#item = vscode.window.createStatusBarItem(
      'lineheat.timeRange',
      vscode.StatusBarAlignment.Left,
      4.8,
    );
    this.#item.name = 'Lineheat: Time Range';
    this.#item.command = clearTimeRange;
    this.#subscriptions = [
      runs.onDidChange((run) => {
        if (run?.run !== this.#run) this.choose(undefined);
      }),
      // A new server knows of no range.
      runs.onDidReopen(() => this.#send()),
    ];
  }

  get chosen(): ChosenRange | undefined {
    return this.#chosen;
  }

  /** Makes all figures those of a part of the shown run's time; undefined: of all. */
  choose(chosen: ChosenRange | undefined): void {
    const before = this.#chosen;
    this.#run = this.#runs.shown?.run;
    this.#chosen = this.#run === undefined ? undefined : chosen;
    if (!before && !this.#chosen) return;
    this.#send();
    this.#draw();
    this.#changed.fire();
  }

  /** Makes all figures those of the last seconds, as time goes on. */
  followLast(): void {
    this.#requireRun();
    this.choose({ range: { lastNs: lastSeconds * 1e9 }, text: `last ${lastSeconds} s` });
  }

  /** Begins to count anew, as if the program began now. */
  beginNow(): void {
    this.#requireRun();
    const elapsedS = this.#runs.status?.elapsedS ?? 0;
    const range = { fromNs: elapsedS * 1e9, untilNs: null };
    this.choose({ range, text: `since ${formatSeconds(elapsedS * 1e9)}` });
  }

  #requireRun(): void {
    if (this.#runs.shown) return;
    throw new UserError('No run is shown. Profile a file, or open a run, first.');
  }

  #send(): void {
    if (this.#run === undefined) return;
    this.#server
      .sendRange({ run: this.#run, range: this.#chosen?.range ?? null })
      .catch((error: unknown) => getLog().warn(`The time range was not sent: ${describe(error)}`));
  }

  #draw(): void {
    void vscode.commands.executeCommand(
      'setContext',
      'lineheat.hasTimeRange',
      this.#chosen !== undefined,
    );
    if (!this.#chosen) {
      this.#item.hide();
      return;
    }
    const { text } = this.#chosen;
    this.#item.text = `$(history) ${text} $(close)`;
    this.#item.tooltip = `Lineheat shows figures of this part of the run only (${text}). Click for the whole run.`;
    this.#item.accessibilityInformation = { label: `Figures of ${text} only. Show the whole run` };
    this.#item.show();
  }

  dispose(): void {
    for (const item of [this.#item, this.#changed, ...this.#subscriptions]) item.dispose();
  }
}
