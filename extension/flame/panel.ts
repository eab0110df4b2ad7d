import * as vscode from 'vscode';
import { commands, type FlameParams } from '../../protocol/lsp';
import type { FromPanel, ToPanel } from '../../protocol/panel';
import { savedFormats } from '../../protocol/savedPage';
import type { EditorWidth } from '../code/annotations';
import type { Server } from '../client';
import { describe, getLog, sayError } from '../messages';
import { openSource } from '../code/navigate';
import { panelHtml, panelRoot } from './panelHtml';
import type { ShownRun } from '../run/runs';
import { saveView } from './saveView';
import { currentMetric, update, viewSettings } from '../settings';
import { metricNames } from '../status';
import type { Surface } from './surface';
import type { TimeRange } from '../timeRange';

/** How long to wait when the server has nothing new for a live run. */
const idleMs = 400;
/** A panel that does not acknowledge a chunk within this time is given up on and sent everything anew when it is ready. */
const ackMs = 30_000;
/** The memory of a live run is sent anew, all of it, no more often than this. */
const memoryMs = 1500;

const noRun = 'No run to show yet. Open a Python file and choose "Profile This File".';

/** One webview with a flame chart in it: sends it a run's tables piece by piece, at the pace it takes them. */
export class FlamePanel implements vscode.Disposable {
  readonly #panel: Surface;
  readonly #server: Server;
  readonly #extensionUri: vscode.Uri;
  readonly #timeRange: TimeRange;
  readonly #subscriptions: vscode.Disposable[];
  #run: ShownRun | undefined;
  #ready = false;
  #sequence = 0;
  #acknowledged: ((sequence: number) => void) | undefined;
  /** Changes whenever what is being sent must not be sent on. */
  #feed = 0;
  /** Chunks and bytes the panel has acknowledged since the last reset. */
  #sent = { chunks: 0, bytes: 0, done: false };
  #wake: (() => void) | undefined;
  #width: EditorWidth | undefined;
  readonly #resized = new vscode.EventEmitter<void>();
  /** It has another width. */
  readonly onDidResize = this.#resized.event;
  #failure: string | undefined;
  #highlight: Extract<ToPanel, { type: 'highlight' }> | undefined;

  constructor(panel: Surface, server: Server, timeRange: TimeRange, extensionUri: vscode.Uri) {
    this.#panel = panel;
    this.#server = server;
    this.#extensionUri = extensionUri;
    this.#timeRange = timeRange;
    panel.webview.options = { enableScripts: true, localResourceRoots: [panelRoot(extensionUri)] };
    this.#subscriptions = [
      panel.webview.onDidReceiveMessage((message: unknown) => this.#receive(message)),
      panel.onDidChangeView(() => this.#wake?.()),
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
  get sent(): Readonly<{ chunks: number; bytes: number; done: boolean }> {
    return this.#sent;
  }

  /** How wide it is, or was when it was seen last: another tab in its place is as wide. */
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
    else this.#wake?.();
  }

  /** Sends everything again, because the panel or the server has lost it. */
  restart(): void {
    this.#feed++;
    this.#wake?.();
    this.#sent = { chunks: 0, bytes: 0, done: false };
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
    const feed = this.#feed;
    void this.#send(id, { native, onlyMyCode }, feed).catch((error: unknown) => {
      if (feed !== this.#feed) return;
      getLog().error(`Flame chart of ${run.title}: ${describe(error)}`);
      this.#post({
        type: 'message',
        text: `The flame chart of ${run.title} could not be read: ${describe(error)}. Close this tab and open the run again.`,
      });
    });
  }

  /** Sends everything again, because it is to be looked at in another way; the place in it stays. */
  redraw(): void {
    if (this.#highlight) this.#highlight = { ...this.#highlight, reveal: false };
    this.restart();
  }

  /** Says why there is no chart. */
  fail(reason: string): void {
    this.#feed++;
    this.#run = undefined;
    this.#failure = reason;
    if (this.#ready) this.#post({ type: 'message', text: reason });
  }

  /** Lights the frames of a source line; path null: none. */
  highlight(path: string | null, line: number, reveal: boolean): void {
    this.#highlight = { type: 'highlight', path, line, reveal };
    if (this.#ready) this.#post(this.#highlight);
  }

  async #send(
    run: string,
    look: Pick<FlameParams, 'native' | 'onlyMyCode'>,
    feed: number,
  ): Promise<void> {
    let cursor = 0;
    let revision = 0;
    let memorySent = 0;
    let sampling = '';
    while (feed === this.#feed) {
      // A hidden panel keeps what it has; nothing is prepared for it until it is looked at.
      if (!this.#panel.visible) {
        await this.#pause();
        continue;
      }
      const isTime = Date.now() - memorySent >= memoryMs || !this.#run?.live;
      const wanted = isTime ? { memory: revision } : {};
      const result = await this.#server.flame({ run, cursor, ...look, ...wanted });
      if (feed !== this.#feed) return;
      cursor = result.cursor;
      if (result.chunk !== '') await this.#sendChunk(result.chunk, feed);
      if (feed !== this.#feed) return;
      if (result.memory) {
        memorySent = Date.now();
        revision = result.memory.revision;
        this.#post({ type: 'memory', data: bytesOf(result.memory.data) });
      }
      if (result.sampling !== sampling) {
        sampling = result.sampling;
        this.#post({ type: 'sampling', text: sampling });
      }
      if (result.done && !isTime) {
        await this.#pause(memoryMs);
        continue;
      }
      if (result.done && !result.more) {
        this.#sent.done = true;
        this.#post({ type: 'done' });
        return;
      }
      if (!result.more) await this.#pause(idleMs);
    }
  }

  async #sendChunk(base64: string, feed: number): Promise<void> {
    const data = bytesOf(base64);
    const sequence = ++this.#sequence;
    const taken = new Promise<boolean>((resolve) => {
      const timer = setTimeout(() => resolve(false), ackMs);
      this.#acknowledged = (got) => {
        if (got !== sequence) return;
        clearTimeout(timer);
        resolve(true);
      };
    });
    this.#post({ type: 'chunk', sequence, data });
    if (!(await taken) && feed === this.#feed) {
      throw new Error('the panel does not answer');
    }
    this.#sent.chunks++;
    this.#sent.bytes += data.byteLength;
  }

  /** Waits until something changes, at most `ms` when given. */
  #pause(ms?: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = ms === undefined ? undefined : setTimeout(resolve, ms);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
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
        this.#acknowledged?.(message.sequence);
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
        // What is not seen has some width or other.
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
    this.#feed++;
    this.#wake?.();
    for (const subscription of this.#subscriptions) subscription.dispose();
  }
}

/** A Node Buffer would arrive as JSON; only an ArrayBuffer of exactly these bytes is transferred as bytes. */
function bytesOf(base64: string): ArrayBuffer {
  const bytes = Buffer.from(base64, 'base64');
  return bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer;
}

function isFromPanel(message: unknown): message is FromPanel {
  if (typeof message !== 'object' || message === null) return false;
  const fields = message as Record<string, unknown>;
  const is = (name: string, type: 'string' | 'number' | 'boolean') => typeof fields[name] === type;
  switch (fields['type']) {
    case 'ready':
    case 'turnOnMemory':
    case 'openLastRun':
      return true;
    case 'ack':
      return is('sequence', 'number');
    case 'open':
      return (
        is('path', 'string') &&
        is('line', 'number') &&
        is('column', 'number') &&
        is('go', 'boolean')
      );
    case 'width':
      return is('pixels', 'number') && is('columnPart', 'number');
    case 'copy':
      return is('text', 'string');
    case 'save':
      return (
        savedFormats.some((format) => format === fields['format']) &&
        fields['data'] instanceof ArrayBuffer
      );
    case 'native':
      return is('shown', 'boolean');
    case 'onlyMyCode':
      return is('chosen', 'boolean');
    case 'range':
      return is('text', 'string') && isRange(fields['range']);
    case 'error':
      return is('message', 'string');
    default:
      return false;
  }
}

function isRange(value: unknown): boolean {
  if (value === null) return true;
  const { fromNs, untilNs } = (value ?? {}) as Record<string, unknown>;
  return typeof fromNs === 'number' && (untilNs === null || typeof untilNs === 'number');
}

function assertNever(value: never): never {
  throw new Error(`Unexpected ${JSON.stringify(value)}`);
}
