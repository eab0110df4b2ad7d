import { basename, dirname } from 'node:path';
import * as vscode from 'vscode';
import { commands, isMemoryMetric, type HotListParams, type HotRow } from '../../protocol/lsp';
import { dataUri, heatSvg } from './bars';
import type { Server } from '../client';
import { describe, getLog } from '../messages';
import { readPalette } from './palette';
import type { Runs } from '../run/runs';
import { currentMetric, viewSettings } from '../settings';
import { metricNames } from '../../profile/words/metricNames';
import type { TimeRange } from '../timeRange';

export const hotLinesView = 'lineheat.hotLines';

/** The list follows a live run no more often than this. */
const refreshMs = 700;

/** The list of hot lines, or functions, in the Explorer: sorted by the leading metric, and following live runs. */
export class HotLines implements vscode.TreeDataProvider<HotRow>, vscode.Disposable {
  readonly #server: Server;
  readonly #runs: Runs;
  readonly #timeRange: TimeRange;
  readonly #extension: vscode.Extension<unknown>;
  readonly #changed = new vscode.EventEmitter<void>();
  readonly onDidChangeTreeData = this.#changed.event;
  readonly #view: vscode.TreeView<HotRow>;
  readonly #subscriptions: vscode.Disposable[];
  #of: HotListParams['of'] = 'lines';
  #rows: HotRow[] = [];
  /** The rows as text, to redraw the list only when they change. */
  #shown = '';
  #icons: vscode.Uri[] = [];
  #timer: NodeJS.Timeout | undefined;

  constructor(
    extension: vscode.Extension<unknown>,
    server: Server,
    runs: Runs,
    timeRange: TimeRange,
  ) {
    this.#timeRange = timeRange;
    this.#server = server;
    this.#runs = runs;
    this.#extension = extension;
    this.#view = vscode.window.createTreeView(hotLinesView, { treeDataProvider: this });
    this.#makeIcons();
    this.#subscriptions = [
      this.#view.onDidChangeVisibility(() => this.#soon(0)),
      server.onAnnotations(() => this.#soon()),
      server.onRunStatus(() => this.#soon()),
      runs.onDidChange(() => this.#soon(0)),
      timeRange.onDidChange(() => this.#soon(50)),
      vscode.window.onDidChangeActiveColorTheme(() => this.#makeIcons()),
      vscode.workspace.onDidChangeConfiguration((event) => {
        if (event.affectsConfiguration('workbench.colorCustomizations')) this.#makeIcons();
        if (event.affectsConfiguration('lineheat')) this.#soon(50);
      }),
    ];
  }

  /** Lists lines, or functions. */
  list(of: HotListParams['of']): void {
    this.#of = of;
    void vscode.commands.executeCommand('setContext', 'lineheat.hotFunctions', of === 'functions');
    this.#soon(0);
  }

  getChildren(row?: HotRow): HotRow[] {
    return row ? [] : this.#rows;
  }

  getTreeItem(row: HotRow): vscode.TreeItem {
    const file = fileName(row.path);
    const what = row.source || row.function;
    const item = new vscode.TreeItem(`${row.value}  ${what}`);
    const figures = [row.percent, row.detail].filter(Boolean);
    const edited = row.stale ? ['edited since the run'] : [];
    item.id = `${row.path}:${row.line}:${row.function}`;
    item.description = [`${file}:${row.line}`, ...figures, ...edited].join(' · ');
    item.tooltip = tooltip(row, [row.value, ...figures, ...edited].join(' · '));
    item.iconPath = this.#icons[row.heat] ?? this.#icons[0]!;
    item.contextValue = 'hotRow';
    item.accessibilityInformation = {
      label: [row.value, ...figures, ...edited, what, `${file} line ${row.line}`].join(', '),
    };
    item.command = {
      command: commands.openLine,
      title: 'Open Line',
      arguments: [row.path, row.line],
    };
    return item;
  }

  /** Makes the icons again, because pictures hold the colours of the theme they were made for. */
  #makeIcons(): void {
    const palette = readPalette(this.#extension);
    this.#icons = palette.heat.map((_, step) => vscode.Uri.parse(dataUri(heatSvg(step, palette))));
    this.#changed.fire();
  }

  #soon(milliseconds = refreshMs): void {
    if (milliseconds < refreshMs) {
      clearTimeout(this.#timer);
      this.#timer = undefined;
    }
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#refresh().catch((error: unknown) =>
        getLog().warn(`The list of hot lines could not be refreshed: ${describe(error)}`),
      );
    }, milliseconds);
  }

  /** Asks the server, if the list is in sight. */
  async #refresh(): Promise<void> {
    if (!this.#view.visible) return;
    const metric = currentMetric();
    const { status, shown } = this.#runs;
    const isMissing = isMemoryMetric(metric) && status !== undefined && !status.memory;
    // With this key, the view's welcome text says how to measure memory.
    void vscode.commands.executeCommand('setContext', 'lineheat.memoryMissing', isMissing);
    const { rows, message } = shown
      ? await this.#server.hotList({ of: this.#of })
      : { rows: [], message: '' };
    this.#view.title = this.#of === 'lines' ? 'Hot Lines' : 'Hot Functions';
    const { onlyMyCode } = viewSettings();
    this.#view.description = [
      metricNames[metric].label,
      ...(onlyMyCode ? ['only my code'] : []),
      ...(this.#timeRange.chosen ? [this.#timeRange.chosen.text] : []),
    ].join(' · ');
    this.#view.message = message;
    const next = JSON.stringify(rows);
    if (next === this.#shown) return;
    this.#shown = next;
    this.#rows = rows;
    this.#changed.fire();
  }

  dispose(): void {
    clearTimeout(this.#timer);
    for (const item of [this.#view, this.#changed, ...this.#subscriptions]) item.dispose();
  }
}

/** What the context menu copies of a row. */
export function rowText(row: HotRow): string {
  const figures = [row.value, row.percent, row.detail].filter(Boolean).join(' · ');
  return `${fileName(row.path)}:${row.line}  ${figures}  ${row.source || row.function}`;
}

/** Whether a command was called on a row of the list. */
export function isHotRow(value: unknown): value is HotRow {
  return (
    typeof value === 'object' &&
    value !== null &&
    typeof (value as HotRow).path === 'string' &&
    typeof (value as HotRow).line === 'number'
  );
}

/** The name of a file; with its folder for `__init__.py` and the like, which every package has. */
function fileName(path: string): string {
  const name = basename(path);
  return name.startsWith('__') ? `${basename(dirname(path))}/${name}` : name;
}

function tooltip(row: HotRow, figures: string): vscode.MarkdownString {
  const text = new vscode.MarkdownString();
  if (row.source) text.appendCodeblock(row.source, 'python');
  text.appendMarkdown('**').appendText(figures).appendMarkdown('**\n\n');
  text.appendText(`${row.function} · ${row.path}:${row.line}`);
  return text;
}
