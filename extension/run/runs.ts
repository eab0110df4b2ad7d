import * as vscode from 'vscode';
import type { RunStatus } from '../../protocol/lsp';
import type { Server } from '../client';
import { sayError, UserError } from '../messages';
import { recordingLimit } from '../settings';

/** The run that annotations, status bar and flame chart are about. */
export interface ShownRun {
  run: string;
  /** Run folder or recording file. */
  path: string;
  title: string;
  live: boolean;
  /** It has a tab of its own, which VS Code brings back after a reload. */
  hasTab?: boolean;
}

/** Which run is shown. The server knows its contents; this knows which one it is, and opens it again when the server dies. */
export class Runs implements vscode.Disposable {
  readonly #server: Server;
  readonly #changed = new vscode.EventEmitter<ShownRun | undefined>();
  readonly #subscriptions: vscode.Disposable[];
  #shown: ShownRun | undefined;
  #status: RunStatus | undefined;
  /** Another run is shown, the same one ended, or none is shown any more. */
  readonly onDidChange = this.#changed.event;
  readonly #reopened = new vscode.EventEmitter<ShownRun>();
  /** A new server has read the shown run from its beginning. */
  readonly onDidReopen = this.#reopened.event;

  constructor(server: Server) {
    this.#server = server;
    this.#subscriptions = [
      server.onRunStatus((status) => {
        if (status.run === this.#shown?.run) this.#status = status;
      }),
      server.onRestarted(({ waitUntil }) => waitUntil(this.#reopen())),
    ];
  }

  get shown(): ShownRun | undefined {
    return this.#shown;
  }

  /** What the server last said about the shown run. */
  get status(): RunStatus | undefined {
    return this.#status;
  }

  /** Has the server read a run folder or recording, and shows it. Throws a UserError when it cannot be read. */
  async open(next: ShownRun): Promise<void> {
    const before = { shown: this.#shown, status: this.#status };
    // Set first: the server may send the first status before it answers.
    this.#shown = next;
    this.#status = undefined;
    const limitBytes = next.live ? recordingLimit() : undefined;
    const result = await this.#server
      .openRun({
        run: next.run,
        path: next.path,
        live: next.live,
        ...(next.hasTab && { hasView: true }),
        ...(limitBytes && { limitBytes }),
      })
      .catch((error: unknown) => {
        this.#shown = before.shown;
        this.#status = before.status;
        throw error;
      });
    if (!result.ok) {
      this.#shown = before.shown;
      this.#status = before.status;
      throw new UserError(result.message);
    }
    this.#setContext();
    this.#changed.fire(next);
  }

  /** The program of the shown run has ended. */
  ended(run: string): void {
    if (this.#shown?.run !== run || !this.#shown.live) return;
    this.#shown = { ...this.#shown, live: false };
    this.#changed.fire(this.#shown);
  }

  async clear(): Promise<void> {
    this.#shown = undefined;
    this.#status = undefined;
    this.#setContext();
    this.#changed.fire(undefined);
    await this.#server.clear();
  }

  /** A restarted server has forgotten everything: the recording is on disk, so it reads it again. */
  async #reopen(): Promise<void> {
    const shown = this.#shown;
    if (!shown) return;
    try {
      await this.open(shown);
      this.#reopened.fire(shown);
    } catch (error) {
      sayError(`open ${shown.title} again`, error);
    }
  }

  #setContext(): void {
    void vscode.commands.executeCommand('setContext', 'lineheat.hasRun', this.#shown !== undefined);
  }

  dispose(): void {
    for (const item of [...this.#subscriptions, this.#changed, this.#reopened]) item.dispose();
  }
}
