import * as vscode from 'vscode';
import type { LanguageClient } from 'vscode-languageclient/node';
import { describe, getLog, say, UserError, type Action } from './messages';
import { startClient, type ClientEvents } from './startClient';

/** A server that dies more often than this within crashWindowMs is not started again by itself. */
const maxCrashes = 2;
const crashWindowMs = 180_000;
/** How long another server may take to get ready in the place of one that died. */
const replaceMs = 20_000;

const showLog: Action = { title: 'Show Log', run: () => getLog().show() };

/** Sent when a new server has taken the place of one that died. */
export interface Restart {
  /** Requests that died with the old server are repeated once these are done, e.g. once runs are open again. */
  waitUntil(done: Promise<unknown>): void;
}

/** The process of the language server: started on first use, and again when it dies. */
export class ServerProcess implements vscode.Disposable {
  readonly #context: vscode.ExtensionContext;
  readonly #events: ClientEvents;
  readonly #restarted = new vscode.EventEmitter<Restart>();
  /** Another server is ready in the place of one that died, and knows of no run. */
  readonly onRestarted = this.#restarted.event;
  #client: Promise<LanguageClient> | undefined;
  /** When servers died lately, Date.now(). */
  #crashes: number[] = [];
  #deaths = 0;
  /** After a death: true once the new server is ready to take over, false when there is none. */
  #replaced: Promise<boolean> = Promise.resolve(false);
  #settleReplaced: ((isReplaced: boolean) => void) | undefined;
  #isDisposed = false;

  constructor(
    context: vscode.ExtensionContext,
    events: Pick<ClientEvents, 'annotations' | 'status'>,
  ) {
    this.#context = context;
    this.#events = {
      ...events,
      died: () => this.#countDeath(),
      replaced: () => void this.#announceRestart(),
    };
  }

  /** Whether a server was started. */
  get isStarted(): boolean {
    return this.#client !== undefined;
  }

  /** Sends a notification, if a server is there to receive it. */
  async notify(method: string, params: unknown): Promise<void> {
    const client = await this.#client?.catch(() => undefined);
    await client?.sendNotification(method, params);
  }

  /** Waits up to `ms` for an answer. A request that dies with its server is sent to the next one, once. */
  async request<Result>(method: string, params: unknown, ms: number): Promise<Result> {
    const deaths = this.#deaths;
    const client = await this.#started();
    try {
      return await this.#answer(client.sendRequest<Result>(method, params), ms);
    } catch (error) {
      if (error instanceof UserError || deaths === this.#deaths) throw error;
      getLog().warn(`${method} was lost with the server: ${describe(error)}`);
    }
    if (!(await this.#replaced)) {
      throw new UserError(
        'The Lineheat server stopped and did not come back. Everything recorded is kept; try again.',
        showLog,
      );
    }
    return this.#answer((await this.#started()).sendRequest<Result>(method, params), ms);
  }

  /** Waits for an answer, but not for ever: a request may keep the server busy without end. */
  async #answer<Result>(answer: Promise<Result>, ms: number): Promise<Result> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        const text = `The Lineheat server has not answered for ${ms / 1000} s. It may still be reading a long recording; when it does not come back, restart it.`;
        reject(new UserError(text, { title: 'Restart Server', run: () => this.#restart() }, true));
      }, ms);
    });
    try {
      return await Promise.race([answer, late]);
    } finally {
      clearTimeout(timer);
    }
  }

  /** Ends a server that does not answer, and starts another. Runs are not opened again: one of them may be the reason. */
  async #restart(): Promise<void> {
    const client = await this.#client?.catch(() => undefined);
    this.#client = undefined;
    // A busy server cannot shut down in order, so it is killed after a moment.
    await client?.dispose().catch((error: unknown) => getLog().warn(describe(error)));
    await this.#started();
    say('information', 'The Lineheat server was restarted. Open the recording again to see it.');
  }

  #started(): Promise<LanguageClient> {
    this.#client ??= startClient(this.#context, this.#events).catch((error: unknown) => {
      this.#client = undefined;
      throw new UserError(
        `The Lineheat server could not be started: ${describe(error)}. Reload the window, or install Lineheat again.`,
        showLog,
      );
    });
    return this.#client;
  }

  /** Tells the user that the server died, and returns whether to start another. */
  #countDeath(): boolean {
    if (this.#isDisposed) return false;
    this.#deaths++;
    const now = Date.now();
    this.#crashes = [...this.#crashes.filter((time) => now - time < crashWindowMs), now];
    if (this.#crashes.length <= maxCrashes) {
      say(
        'warning',
        'The Lineheat server stopped unexpectedly and is being restarted. Nothing recorded is lost.',
        showLog,
      );
      this.#replaced = new Promise((resolve) => {
        this.#settleReplaced = resolve;
        setTimeout(() => resolve(false), replaceMs);
      });
      return true;
    }
    this.#client = undefined;
    this.#replaced = Promise.resolve(false);
    say(
      'error',
      'The Lineheat server keeps stopping. Recording goes on; what was recorded can be opened again once the server works.',
      { title: 'Start Again', run: () => this.#startAgain() },
      showLog,
    );
    return false;
  }

  async #startAgain(): Promise<void> {
    this.#crashes = [];
    await this.#started();
    await this.#announceRestart();
  }

  async #announceRestart(): Promise<void> {
    const pending: Promise<unknown>[] = [];
    this.#restarted.fire({ waitUntil: (done) => pending.push(done) });
    await Promise.allSettled(pending);
    this.#settleReplaced?.(true);
  }

  dispose(): void {
    this.#isDisposed = true;
    void this.#client?.then((client) => client.dispose()).catch(() => undefined);
    this.#restarted.dispose();
  }
}
