import * as vscode from 'vscode';
import type { LanguageClient } from 'vscode-languageclient/node';
import {
  annotationsNotification,
  clearRequest,
  closeViewNotification,
  commands,
  endRunRequest,
  flameRequest,
  hotListRequest,
  linePartsRequest,
  openRunRequest,
  planRunRequest,
  rangeNotification,
  runStatusNotification,
  saveRunRequest,
  settingsNotification,
  type CloseViewParams,
  type EndRunParams,
  type EndRunResult,
  type FileAnnotations,
  type FlameParams,
  type FlameResult,
  type HotListParams,
  type HotListResult,
  type InitializationOptions,
  type LinePartsParams,
  type LinePartsResult,
  type OpenRunParams,
  type OpenRunResult,
  type PlanRunParams,
  type PlanRunResult,
  type RangeParams,
  type RunStatus,
  type SaveRunParams,
  type SaveRunResult,
} from '../protocol/lsp';
import { describe, getLog, say, UserError } from './messages';
import { serverSettings } from './settings';

/** A server that ends this often within crashWindowMs is not started again by itself. */
const maxCrashes = 2;
const crashWindowMs = 180_000;

/** How long the server may take to answer. Reading a long recording to its end takes longest. */
const answerMs = 30_000;
const endMs = 180_000;

/** How long a server that died may take to come back. */
const returnMs = 20_000;

/** Sent when a new server has taken the place of one that died. */
export interface Restart {
  /** Requests that died with the old server are repeated once these are done, e.g. once runs are open again. */
  waitUntil(done: Promise<unknown>): void;
}

/** The language server, started on first use and restarted when it dies. */
export class Server implements vscode.Disposable {
  readonly #annotations = new vscode.EventEmitter<FileAnnotations>();
  readonly #status = new vscode.EventEmitter<RunStatus>();
  readonly #restarted = new vscode.EventEmitter<Restart>();
  readonly onAnnotations = this.#annotations.event;
  readonly onRunStatus = this.#status.event;
  /** The server is up again after it died and has forgotten all runs. */
  readonly onRestarted = this.#restarted.event;

  readonly #context: vscode.ExtensionContext;
  #client: Promise<LanguageClient> | undefined;
  #crashes: number[] = [];
  #deaths = 0;
  /** After a death: true once the new server is ready to take over, false when there is none. */
  #replaced: Promise<boolean> = Promise.resolve(false);
  #settleReplaced: ((replaced: boolean) => void) | undefined;
  #disposed = false;

  constructor(context: vscode.ExtensionContext) {
    this.#context = context;
  }

  planRun(params: PlanRunParams): Promise<PlanRunResult> {
    return this.#request(planRunRequest, params);
  }
  openRun(params: OpenRunParams): Promise<OpenRunResult> {
    return this.#request(openRunRequest, params);
  }
  endRun(params: EndRunParams): Promise<EndRunResult> {
    return this.#request(endRunRequest, params, endMs);
  }
  flame(params: FlameParams): Promise<FlameResult> {
    return this.#request(flameRequest, params);
  }
  saveRun(params: SaveRunParams): Promise<SaveRunResult> {
    return this.#request(saveRunRequest, params, endMs);
  }
  /** Says that the tab a run was opened with is gone. */
  async closeView(params: CloseViewParams): Promise<void> {
    const client = await this.#client?.catch(() => undefined);
    await client?.sendNotification(closeViewNotification, params);
  }
  /** Says which part of a run's time figures are to be of. */
  async sendRange(params: RangeParams): Promise<void> {
    const client = await this.#client?.catch(() => undefined);
    await client?.sendNotification(rangeNotification, params);
  }
  hotList(params: HotListParams): Promise<HotListResult> {
    return this.#request(hotListRequest, params);
  }
  lineParts(params: LinePartsParams): Promise<LinePartsResult> {
    return this.#request(linePartsRequest, params);
  }
  /** Forgets all runs. Does not start a server for it. */
  async clear(): Promise<void> {
    if (this.#client) await this.#request<null>(clearRequest, null);
  }

  /** Sends the current settings, if a server is there to receive them. */
  async sendSettings(): Promise<void> {
    const client = await this.#client?.catch(() => undefined);
    await client?.sendNotification(settingsNotification, serverSettings());
  }

  /** Every request may be repeated: when the server dies under one, its successor gets it again. */
  async #request<Result>(method: string, params: unknown, ms = answerMs): Promise<Result> {
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
        { title: 'Show Log', run: () => getLog().show() },
      );
    }
    return this.#answer((await this.#started()).sendRequest<Result>(method, params), ms);
  }

  /** Waits for an answer, but not for ever: what was asked for may keep the server busy without end. */
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

  /** Ends a server that does not answer, and starts another. Runs are not opened again by it: one may be the reason. */
  async #restart(): Promise<void> {
    const client = await this.#client?.catch(() => undefined);
    this.#client = undefined;
    // It cannot shut down in order, so it is killed after a moment.
    await client?.dispose().catch((error: unknown) => getLog().warn(describe(error)));
    await this.#started();
    say('information', 'The Lineheat server was restarted. Open the recording again to see it.');
  }

  #started(): Promise<LanguageClient> {
    this.#client ??= this.#start().catch((error: unknown) => {
      this.#client = undefined;
      throw new UserError(
        `The Lineheat server could not be started: ${describe(error)}. Reload the window, or install Lineheat again.`,
        { title: 'Show Log', run: () => getLog().show() },
      );
    });
    return this.#client;
  }

  async #start(): Promise<LanguageClient> {
    // Imported here because it is most of the bundle and activation must not wait for it.
    const {
      CloseAction,
      ErrorAction,
      LanguageClient,
      RevealOutputChannelOn,
      State,
      TransportKind,
    } = await import('vscode-languageclient/node');
    const module = this.#context.asAbsolutePath('dist/server.js');
    const client = new LanguageClient(
      'lineheat',
      'Lineheat',
      {
        run: { module, transport: TransportKind.ipc },
        debug: {
          module,
          transport: TransportKind.ipc,
          options: { execArgv: ['--nolazy', '--inspect=6010'] },
        },
      },
      {
        documentSelector: [{ scheme: 'file', language: 'python' }],
        initializationOptions: (): InitializationOptions => ({
          ...serverSettings(),
          richClient: true,
        }),
        outputChannel: getLog(),
        revealOutputChannelOn: RevealOutputChannelOn.Never,
        markdown: {
          isTrusted: { enabledCommands: Object.values(commands) },
          supportHtml: true,
        },
        middleware: {
          provideHover: async (document, position, token, next) => {
            const hover = await next(document, position, token);
            for (const part of hover?.contents ?? []) {
              if (part instanceof vscode.MarkdownString) part.supportThemeIcons = true;
            }
            return hover;
          },
        },
        initializationFailedHandler: () => false,
        errorHandler: {
          error: () => ({ action: ErrorAction.Continue, handled: true }),
          closed: () => ({
            action: this.#mayRestart() ? CloseAction.Restart : CloseAction.DoNotRestart,
            handled: true,
          }),
        },
      },
    );
    client.onNotification(annotationsNotification, (file: FileAnnotations) =>
      this.#annotations.fire(file),
    );
    client.onNotification(runStatusNotification, (status: RunStatus) => this.#status.fire(status));
    await client.start();
    client.onDidChangeState(({ newState }) => {
      if (newState === State.Running) void this.#announceRestart();
    });
    return client;
  }

  /** Called when the connection is lost: counts, tells the user, and says whether to start again. */
  #mayRestart(): boolean {
    if (this.#disposed) return false;
    this.#deaths++;
    const now = Date.now();
    this.#crashes = [...this.#crashes.filter((time) => now - time < crashWindowMs), now];
    const showLog = { title: 'Show Log', run: () => getLog().show() };
    if (this.#crashes.length <= maxCrashes) {
      const text =
        'The Lineheat server stopped unexpectedly and is being restarted. Nothing recorded is lost.';
      say('warning', text, showLog);
      this.#replaced = new Promise((resolve) => {
        this.#settleReplaced = resolve;
        setTimeout(() => resolve(false), returnMs);
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
    this.#disposed = true;
    void this.#client?.then((client) => client.dispose()).catch(() => undefined);
    for (const emitter of [this.#annotations, this.#status, this.#restarted]) emitter.dispose();
  }
}
