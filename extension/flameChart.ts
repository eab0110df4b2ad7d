import * as vscode from 'vscode';
import type { Annotations } from './annotations';
import type { Server } from './client';
import { FlamePanel } from './flamePanel';
import { describe, getLog } from './messages';
import type { Runner } from './run';
import type { Runs } from './runs';
import { viewSettings } from './settings';

export const flameChartViewType = 'linescope.flameChart';

/** The flame chart of the shown run: one panel below or beside the editor, brought back after a reload of the window. */
export class FlameChart implements vscode.Disposable {
  readonly #extensionUri: vscode.Uri;
  readonly #server: Server;
  readonly #runs: Runs;
  readonly #annotations: Annotations;
  readonly #subscriptions: vscode.Disposable[];
  #panel: FlamePanel | undefined;
  #opening: Promise<void> | undefined;
  #cursorTimer: NodeJS.Timeout | undefined;

  constructor(
    extensionUri: vscode.Uri,
    server: Server,
    runs: Runs,
    runner: Runner,
    annotations: Annotations,
  ) {
    this.#extensionUri = extensionUri;
    this.#server = server;
    this.#runs = runs;
    this.#annotations = annotations;
    this.#subscriptions = [
      runs.onDidChange((run) => this.#panel?.show(run)),
      runs.onDidReopen(() => this.#panel?.restart()),
      vscode.workspace.onDidChangeConfiguration((event) => {
        if (event.affectsConfiguration('linescope.nativeFrames')) this.#panel?.redraw();
      }),
      vscode.window.onDidChangeTextEditorSelection(({ textEditor }) => this.#follow(textEditor)),
      vscode.window.registerWebviewPanelSerializer(flameChartViewType, {
        deserializeWebviewPanel: async (panel) => {
          await runner.recover().catch((error: unknown) => getLog().warn(describe(error)));
          this.#attach(panel);
        },
      }),
    ];
  }

  /** Opens the panel where the setting says, or brings it to the front where the user has put it. */
  async show(): Promise<void> {
    await this.#opening;
    if (this.#panel) {
      this.#panel.reveal();
      return;
    }
    this.#opening = this.#open();
    try {
      await this.#opening;
    } finally {
      this.#opening = undefined;
    }
  }

  async #open(): Promise<void> {
    const below = viewSettings().flameChartPlace === 'below';
    // No call opens a panel below: it goes into an empty group made for it.
    if (below) await vscode.commands.executeCommand('workbench.action.newGroupBelow');
    const panel = vscode.window.createWebviewPanel(
      flameChartViewType,
      'Flame Chart',
      {
        viewColumn: below ? vscode.ViewColumn.Active : vscode.ViewColumn.Beside,
        preserveFocus: true,
      },
      { retainContextWhenHidden: true },
    );
    this.#attach(panel);
    if (below) await vscode.commands.executeCommand('workbench.action.focusAboveGroup');
  }

  /** Opens the panel and scrolls it to the frames of a line. */
  async showLine(path: string, line: number): Promise<void> {
    await this.show();
    this.#panel?.highlight(path, line, true);
  }

  /** What the panel has taken so far; undefined when none is open. For tests. */
  get sent(): FlamePanel['sent'] | undefined {
    return this.#panel?.sent;
  }

  #attach(webview: vscode.WebviewPanel): void {
    const panel = new FlamePanel(webview, this.#server, this.#extensionUri);
    this.#panel = panel;
    panel.onDidDispose(() => {
      panel.dispose();
      if (this.#panel === panel) this.#panel = undefined;
    });
    panel.show(this.#runs.shown);
    const editor = vscode.window.activeTextEditor;
    if (editor) this.#follow(editor);
  }

  /** Lights the frames of the line the cursor is on, a moment after it came to rest. */
  #follow({ document, selection }: vscode.TextEditor): void {
    clearTimeout(this.#cursorTimer);
    if (!this.#panel?.visible || document.uri.scheme !== 'file') return;
    this.#cursorTimer = setTimeout(() => {
      void this.#annotations.realPath(document.uri).then((path) => {
        const isPython = document.languageId === 'python';
        this.#panel?.highlight(isPython ? path : null, selection.active.line + 1, false);
      });
    }, 80);
  }

  dispose(): void {
    clearTimeout(this.#cursorTimer);
    this.#panel?.dispose();
    for (const subscription of this.#subscriptions) subscription.dispose();
  }
}
