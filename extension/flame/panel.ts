import * as vscode from 'vscode';
import { commands } from '../../protocol/lsp';
import type { ToPanel } from '../../protocol/panel';
import type { EditorWidth } from '../code/editorLook';
import type { Server } from '../client';
import { getLog, sayError } from '../messages';
import { openSource } from '../code/navigate';
import { ChartFeed } from './feed';
import { isFromPanel } from './panelMessages';
import { panelHtml, panelRoot } from './panelHtml';
import type { ShownRun } from '../run/runs';
import { saveView } from './saveView';
import { currentMetric, update, viewSettings } from '../settings';
import { metricNames } from '../../profile/words/metricNames';
import type { Surface } from './surface';
import type { TimeRange } from '../timeRange';

const noRun = 'No run to show yet. Open a Python file and choose "Profile This File".';

/** One webview with a flame chart in it: what is shown in it, and what its user asks for. */
export class FlamePanel implements vscode.Disposable {
  readonly #panel: Surface;
  readonly #extensionUri: vscode.Uri;
  readonly #timeRange: TimeRange;
  readonly #subscriptions: vscode.Disposable[];
  #run: ShownRun | undefined;
  #ready = false;
  readonly #feed: ChartFeed;
  #width: EditorWidth | undefined;
  readonly #resized = new vscode.EventEmitter<void>();
  /** The panel has another width. */
  readonly onDidResize = this.#resized.event;
  #failure: string | undefined;
  #highlight: Extract<ToPanel, { type: 'highlight' }> | undefined;

  constructor(panel: Surface, server: Server, timeRange: TimeRange, extensionUri: vscode.Uri) {
    this.#panel = panel;
    this.#extensionUri = extensionUri;
    this.#timeRange = timeRange;
    this.#feed = new ChartFeed(server, {
      isVisible: () => this.visible,
      isLive: () => this.#run?.live ?? false,
      post: (message) => this.#post(message),
    });
    panel.webview.options = { enableScripts: true, localResourceRoots: [panelRoot(extensionUri)] };
    this.#subscriptions = [
      panel.webview.onDidReceiveMessage((message: unknown) => this.#receive(message)),
      panel.onDidChangeView(() => this.#feed.wake()),
      this.#resized,
      timeRange.onDidChange(() => this.#sendRange()),
      vscode.workspace.onDidChangeConfiguration((event) => {
        if (event.affectsConfiguration('lineheat.metric')) this.#sendMetric();
      }),
    ];
    panel.webview.html = panelHtml(panel.webview, extensionUri);
  }

  get run(): ShownRun | undefined {
    return this.#run;
  }

  /** What the panel has taken so far. For tests. */
  get sent(): ChartFeed['sent'] {
    return this.#feed.sent;
  }

  /** How wide the panel is, or was when last visible: another tab in its place is as wide. */
  get width(): EditorWidth | undefined {
    return this.#width;
  }

  get visible(): boolean {
    return this.#panel.visible;
  }

  reveal(): void {
    this.#panel.reveal();
  }

  onDidDispose(listener: () => void): void {
    this.#panel.onDidDispose(listener);
  }

  /** Shows a run from its beginning; undefined: says that there is none. The same run again only refreshes its state. */
  show(run: ShownRun | undefined): void {
    const same = run !== undefined && run.run === this.#run?.run;
    this.#run = run;
    this.#panel.say(run?.title);
    if (!same) this.restart();
    else this.#feed.wake();
  }

  /** Sends everything again, because the panel or the server has lost it. */
  restart(): void {
    this.#feed.stop();
    if (!this.#ready) return;
    const run = this.#run;
    if (!run) {
      this.#post({ type: 'message', text: this.#failure ?? noRun });
      return;
    }
    const { nativeFrames: native, onlyMyCode } = viewSettings();
    const { run: id, title, live } = run;
    this.#post({ type: 'reset', run: id, title, live, native, onlyMyCode });
    this.#sendRange();
    if (this.#highlight) this.#post(this.#highlight);
    this.#feed.start(run, { native, onlyMyCode });
  }

  /** Sends everything again, for another look at the same run; the view stays at its place. */
  redraw(): void {
    if (this.#highlight) this.#highlight = { ...this.#highlight, reveal: false };
    this.restart();
  }

  /** Says why there is no chart. */
  fail(reason: string): void {
    this.#feed.stop();
    this.#run = undefined;
    this.#failure = reason;
    if (this.#ready) this.#post({ type: 'message', text: reason });
  }

  /** Highlights the frames of a source line, 1-based; path null: of none. reveal: and scrolls to them. */
  highlight(path: string | null, line: number, reveal: boolean): void {
    this.#highlight = { type: 'highlight', path, line, reveal };
    if (this.#ready) this.#post(this.#highlight);
  }

  #sendRange(): void {
    const { range, text } = this.#timeRange.chosen ?? { range: null, text: '' };
    if (this.#ready) this.#post({ type: 'range', range, text });
  }

  #sendMetric(): void {
    const metric = currentMetric();
    if (this.#ready) this.#post({ type: 'metric', metric, label: metricNames[metric].label });
  }

  #post(message: ToPanel): void {
    void this.#panel.webview.postMessage(message);
  }

  #receive(message: unknown): void {
    if (!isFromPanel(message)) {
      getLog().warn(`The flame chart sent something unknown: ${JSON.stringify(message)}`);
      return;
    }
    switch (message.type) {
      case 'ready':
        this.#ready = true;
        this.#sendMetric();
        this.restart();
        return;
      case 'ack':
        this.#feed.acknowledge(message.sequence);
        return;
      case 'open':
        void openSource(message.path, message.line, {
          column: message.column,
          viewColumn: vscode.ViewColumn.One,
          preserveFocus: !message.go,
        });
        return;
      case 'copy':
        void vscode.env.clipboard.writeText(message.text);
        return;
      case 'save':
        void saveView(
          this.#extensionUri,
          this.#run?.title ?? 'run',
          message.format,
          message.data,
        ).catch((error: unknown) => sayError('save the flame chart', error));
        return;
      case 'native':
        void update('nativeFrames', message.shown);
        return;
      case 'onlyMyCode':
        void update('onlyMyCode', message.chosen);
        return;
      case 'range':
        this.#timeRange.choose(
          message.range ? { range: message.range, text: message.text } : undefined,
        );
        return;
      case 'turnOnMemory':
        void vscode.commands.executeCommand(commands.turnOnMemory);
        return;
      case 'width':
        // The width of a hidden panel means nothing.
        if (!this.visible) return;
        this.#width = { pixels: message.pixels, columnPart: message.columnPart };
        this.#resized.fire();
        return;
      case 'openLastRun':
        void vscode.commands.executeCommand(commands.openLastRun);
        return;
      case 'error':
        sayError('draw the flame chart', new Error(message.message));
        return;
      default:
        assertNever(message);
    }
  }

  dispose(): void {
    this.#feed.stop();
    for (const subscription of this.#subscriptions) subscription.dispose();
  }
}

function assertNever(value: never): never {
  throw new Error(`Unexpected ${JSON.stringify(value)}`);
}
