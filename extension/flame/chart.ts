import * as vscode from 'vscode';
import type { AnnotatedEditors } from '../code/annotatedEditors';
import type { Annotations } from '../code/annotations';
import type { Server } from '../client';
import { FlamePanel } from './panel';
import { makeGroupBelow } from './groupBelow';
import { describe, getLog } from '../messages';
import type { Runner } from '../run/runner';
import type { Runs } from '../run/runs';
import { viewSettings } from '../settings';
import { tabSurface, viewSurface, type Surface } from './surface';
import type { TimeRange } from '../timeRange';

export const flameChartViewType = 'lineheat.flameChart';
/** The view in the panel below the editors: used where the setting says so, or where there is no room below the editor. */
const flameChartView = 'lineheat.flameChartView';
/** Whether the chart is in the panel for lack of room: the context key that shows the view, and where a reload finds it again. */
const lacksRoom = 'lineheat.chartInPanel';
/** Whether the chart is in front in the panel. VS Code forgets this of a view that exists only once the extension sets its context key. */
const isInFront = 'lineheat.chartInFront';

/** What the chart works with. */
interface Parts {
  server: Server;
  runs: Runs;
  runner: Runner;
  annotations: Annotations;
  editors: AnnotatedEditors;
  timeRange: TimeRange;
}

/** The flame chart of the shown run: one panel below or beside the editor, brought back after a reload of the window. */
export class FlameChart implements vscode.Disposable {
  readonly #extensionUri: vscode.Uri;
  readonly #workspace: vscode.Memento;
  readonly #server: Server;
  readonly #runs: Runs;
  readonly #annotations: Annotations;
  readonly #editors: AnnotatedEditors;
  readonly #timeRange: TimeRange;
  readonly #subscriptions: vscode.Disposable[];
  #panel: FlamePanel | undefined;
  #opening: Promise<void> | undefined;
  #cursorTimer: NodeJS.Timeout | undefined;

  constructor(
    { extensionUri, workspaceState }: vscode.ExtensionContext,
    { server, runs, runner, annotations, editors, timeRange }: Parts,
  ) {
    this.#timeRange = timeRange;
    this.#extensionUri = extensionUri;
    this.#workspace = workspaceState;
    void vscode.commands.executeCommand('setContext', lacksRoom, workspaceState.get(lacksRoom));
    this.#server = server;
    this.#runs = runs;
    this.#annotations = annotations;
    this.#editors = editors;
    this.#subscriptions = [
      runs.onDidChange((run) => this.#panel?.show(run)),
      runs.onDidReopen(() => this.#panel?.restart()),
      vscode.workspace.onDidChangeConfiguration((event) => {
        if (event.affectsConfiguration('lineheat.nativeFrames')) this.#panel?.redraw();
        const folds = ['lineheat.onlyMyCode', 'lineheat.libraryPatterns'];
        if (folds.some((name) => event.affectsConfiguration(name))) void this.#redrawFolded();
      }),
      vscode.window.onDidChangeTextEditorSelection(({ textEditor }) => this.#follow(textEditor)),
      vscode.window.registerWebviewPanelSerializer(flameChartViewType, {
        deserializeWebviewPanel: async (panel) => {
          await runner.recover().catch((error: unknown) => getLog().warn(describe(error)));
          this.#attach(tabSurface(panel, extensionUri));
        },
      }),
      vscode.window.registerWebviewViewProvider(
        flameChartView,
        { resolveWebviewView: (view) => this.#attach(viewSurface(view)) },
        { webviewOptions: { retainContextWhenHidden: true } },
      ),
    ];
    if (workspaceState.get(lacksRoom) && workspaceState.get(isInFront)) {
      runner.recover().then(
        () => this.#focusView(),
        (error: unknown) => getLog().warn(describe(error)),
      );
    }
  }

  async #focusView(): Promise<void> {
    await vscode.commands.executeCommand(`${flameChartView}.focus`, { preserveFocus: true });
  }

  /** The server has to know the patterns before it folds by them. */
  async #redrawFolded(): Promise<void> {
    await this.#server.sendSettings().catch((error: unknown) => getLog().warn(describe(error)));
    this.#panel?.redraw();
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
    const { flameChartPlace: place } = viewSettings();
    const below = place === 'below' && (await makeGroupBelow());
    const isCrowded = place === 'below' && !below;
    await this.#workspace.update(lacksRoom, isCrowded);
    await vscode.commands.executeCommand('setContext', lacksRoom, isCrowded);
    if (place === 'panel' || isCrowded) {
      await this.#focusView();
      return;
    }
    const panel = vscode.window.createWebviewPanel(
      flameChartViewType,
      'Flame Chart',
      {
        viewColumn: below ? vscode.ViewColumn.Active : vscode.ViewColumn.Beside,
        preserveFocus: true,
      },
      { retainContextWhenHidden: true },
    );
    this.#attach(tabSurface(panel, this.#extensionUri));
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

  #attach(surface: Surface): void {
    const panel = new FlamePanel(surface, this.#server, this.#timeRange, this.#extensionUri);
    this.#panel = panel;
    if (surface.isInPanel) {
      const rememberFront = () => void this.#workspace.update(isInFront, surface.visible);
      rememberFront();
      surface.onDidChangeView(rememberFront);
    }
    // Extensions are not told how wide an editor is. An editor beside the chart is most often as wide as the chart, one above
    // the chart always is, and one above the panel is where editors are not split.
    panel.onDidResize(() => {
      const isShared = surface.isInPanel && tabGroups() > 1;
      this.#editors.setWidth(isShared ? undefined : panel.width);
    });
    panel.onDidDispose(() => {
      panel.dispose();
      if (this.#panel !== panel) return;
      this.#panel = undefined;
      this.#editors.setWidth(undefined);
    });
    panel.show(this.#runs.shown);
  }

  /** Highlights the frames of the cursor's line, a moment after the cursor came to rest. */
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

function tabGroups(): number {
  return vscode.window.tabGroups.all.length;
}
