import * as vscode from 'vscode';
import type { Server } from '../client';
import { hasFailed, runDetail, runFacts, runName, type KnownRun } from './keptRun';
import { describe, getLog } from '../messages';
import type { Runner } from '../run/runner';
import type { Runs } from '../run/runs';
import { knownRuns, noteFigures, onDidChangeKeptRuns } from './storage';

export const runsView = 'lineheat.runs';

/** Changes come in bursts, of descriptions and of the run's state: the list is refreshed once for each burst. */
const refreshMs = 100;

/** The list of this workspace's kept runs in the Explorer: pinned ones first, then the newest. */
export class RunsView implements vscode.TreeDataProvider<KnownRun>, vscode.Disposable {
  readonly #context: vscode.ExtensionContext;
  readonly #runner: Runner;
  readonly #runs: Runs;
  readonly #changed = new vscode.EventEmitter<void>();
  readonly onDidChangeTreeData = this.#changed.event;
  readonly #view: vscode.TreeView<KnownRun>;
  readonly #subscriptions: vscode.Disposable[];
  #timer: NodeJS.Timeout | undefined;

  constructor(context: vscode.ExtensionContext, server: Server, runner: Runner, runs: Runs) {
    this.#context = context;
    this.#runner = runner;
    this.#runs = runs;
    this.#view = vscode.window.createTreeView(runsView, { treeDataProvider: this });
    this.#subscriptions = [
      onDidChangeKeptRuns(() => this.#soon()),
      runner.onDidChangeState(() => this.#soon()),
      runs.onDidChange(() => this.#soon()),
      server.onRunStatus(({ run, state, elapsedS, cpuS }) => {
        const { shown } = runs;
        if (state === 'ended' && shown?.run === run) void noteFigures(shown.path, elapsedS, cpuS);
      }),
      this.#view.onDidChangeVisibility(({ visible }) => {
        // Another window may have added or deleted some.
        if (visible) this.#soon();
      }),
      vscode.workspace.onDidChangeConfiguration((event) => {
        if (event.affectsConfiguration('lineheat.storageFolder')) this.#soon();
      }),
    ];
    this.#soon();
  }

  /** The rows that are selected. */
  get selection(): readonly KnownRun[] {
    return this.#view.selection;
  }

  async getChildren(run?: KnownRun): Promise<KnownRun[]> {
    if (run) return [];
    const known = await knownRuns(this.#context);
    return [...known.filter(({ pinned }) => pinned), ...known.filter(({ pinned }) => !pinned)];
  }

  getTreeItem(run: KnownRun): vscode.TreeItem {
    const name = runName(run);
    const { language } = vscode.env;
    const isLive = run.runDir === this.#runner.runDir;
    const isShown = run.runDir === this.#runs.shown?.path;
    const detail = [isLive ? 'running' : '', runDetail(run, language)].filter(Boolean).join(' · ');
    const item = new vscode.TreeItem(name);
    item.id = run.runDir;
    item.description = detail;
    item.tooltip = tooltip(run);
    item.iconPath = icon(run, { isLive, isShown });
    item.contextValue = ['run', ...(run.pinned ? ['pinned'] : [])].join(' ');
    item.accessibilityInformation = {
      label: [name, isShown ? 'shown' : '', run.pinned ? 'pinned' : '', detail]
        .filter(Boolean)
        .join(', '),
    };
    item.command = { command: 'lineheat.openKeptRun', title: 'Open Run', arguments: [run] };
    return item;
  }

  #soon(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#changed.fire();
      knownRuns(this.#context).then(
        (known) =>
          vscode.commands.executeCommand('setContext', 'lineheat.hasKeptRuns', known.length > 0),
        (error: unknown) => getLog().warn(`Kept runs could not be listed: ${describe(error)}`),
      );
    }, refreshMs);
  }

  dispose(): void {
    clearTimeout(this.#timer);
    for (const item of [this.#view, this.#changed, ...this.#subscriptions]) item.dispose();
  }
}

function icon(
  run: KnownRun,
  { isLive, isShown }: { isLive: boolean; isShown: boolean },
): vscode.ThemeIcon {
  if (isLive) return new vscode.ThemeIcon('sync~spin');
  if (isShown) return new vscode.ThemeIcon('flame', new vscode.ThemeColor('lineheat.heat6'));
  if (run.pinned) return new vscode.ThemeIcon('pinned');
  if (hasFailed(run)) return new vscode.ThemeIcon('error');
  return new vscode.ThemeIcon('history');
}

function tooltip(run: KnownRun): vscode.MarkdownString {
  const text = new vscode.MarkdownString();
  text.appendMarkdown('**').appendText(runName(run)).appendMarkdown('**');
  for (const [title, value] of runFacts(run, vscode.env.language)) {
    text.appendMarkdown(`  \n${title}: `).appendText(value);
  }
  return text;
}
