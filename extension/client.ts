import * as vscode from 'vscode';
import {
  clearRequest,
  closeViewNotification,
  endRunRequest,
  flameRequest,
  hotListRequest,
  linePartsRequest,
  openRunRequest,
  planRunRequest,
  rangeNotification,
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
import { ServerProcess } from './serverProcess';
import { serverSettings } from './settings';

/** How long the server may take to answer. Reading a long recording to its end takes longest. */
const answerMs = 30_000;
const endMs = 180_000;

/** What the extension asks the language server, and what the server tells: the messages of protocol/lsp.ts. */
export class Server implements vscode.Disposable {
  readonly #annotations = new vscode.EventEmitter<FileAnnotations>();
  readonly #status = new vscode.EventEmitter<RunStatus>();
  readonly #process: ServerProcess;
  readonly onAnnotations = this.#annotations.event;
  readonly onRunStatus = this.#status.event;
  /** The server is up again after it died and has forgotten all runs. */
  readonly onRestarted: ServerProcess['onRestarted'];

  constructor(context: vscode.ExtensionContext) {
    this.#process = new ServerProcess(context, {
      annotations: (file) => this.#annotations.fire(file),
      status: (status) => this.#status.fire(status),
    });
    this.onRestarted = this.#process.onRestarted;
  }

  planRun(params: PlanRunParams): Promise<PlanRunResult> {
    return this.#process.request(planRunRequest, params, answerMs);
  }
  openRun(params: OpenRunParams): Promise<OpenRunResult> {
    return this.#process.request(openRunRequest, params, answerMs);
  }
  endRun(params: EndRunParams): Promise<EndRunResult> {
    return this.#process.request(endRunRequest, params, endMs);
  }
  flame(params: FlameParams): Promise<FlameResult> {
    return this.#process.request(flameRequest, params, answerMs);
  }
  saveRun(params: SaveRunParams): Promise<SaveRunResult> {
    return this.#process.request(saveRunRequest, params, endMs);
  }
  hotList(params: HotListParams): Promise<HotListResult> {
    return this.#process.request(hotListRequest, params, answerMs);
  }
  lineParts(params: LinePartsParams): Promise<LinePartsResult> {
    return this.#process.request(linePartsRequest, params, answerMs);
  }
  /** Forgets all runs. Does not start a server for that. */
  async clear(): Promise<void> {
    if (this.#process.isStarted) await this.#process.request(clearRequest, null, answerMs);
  }

  /** Says that the tab a run was opened with is gone. */
  closeView(params: CloseViewParams): Promise<void> {
    return this.#process.notify(closeViewNotification, params);
  }
  /** Says which part of a run's time figures are to be of. */
  sendRange(params: RangeParams): Promise<void> {
    return this.#process.notify(rangeNotification, params);
  }
  /** Sends the current settings, if a server is there to receive them. */
  async sendSettings(): Promise<void> {
    if (!this.#process.isStarted) return;
    await this.#process.notify(settingsNotification, serverSettings());
  }

  dispose(): void {
    this.#process.dispose();
    for (const emitter of [this.#annotations, this.#status]) emitter.dispose();
  }
}
