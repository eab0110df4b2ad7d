import * as vscode from 'vscode';
import { isMemoryMetric, type RunStatus } from '../protocol/lsp';
import type { Server } from './client';
import { formatCount, formatSamples, formatSeconds } from '../profile/words/numbers';
import type { Runner } from './run/runner';
import type { Runs } from './run/runs';
import { menuCommand } from './menu';
import { metricNames } from '../profile/words/metricNames';
import { currentMetric, viewSettings } from './settings';

/** The status bar: the metric, and while a program runs its time, samples and a stop button. */
export class Status implements vscode.Disposable {
  readonly #runner: Runner;
  readonly #runs: Runs;
  readonly #item: vscode.StatusBarItem;
  readonly #stop: vscode.StatusBarItem;
  readonly #subscriptions: vscode.Disposable[];
  #lastText = '';

  constructor(server: Server, runner: Runner, runs: Runs) {
    this.#runner = runner;
    this.#runs = runs;
    this.#item = vscode.window.createStatusBarItem(
      'lineheat.status',
      vscode.StatusBarAlignment.Left,
      5,
    );
    this.#item.name = 'Lineheat';
    this.#item.command = menuCommand;
    this.#stop = vscode.window.createStatusBarItem(
      'lineheat.stop',
      vscode.StatusBarAlignment.Left,
      4.9,
    );
    this.#stop.name = 'Lineheat: Stop';
    this.#stop.text = '$(debug-stop)';
    this.#stop.tooltip = 'Stop profiling';
    this.#stop.accessibilityInformation = { label: 'Stop profiling', role: 'button' };
    this.#stop.command = 'lineheat.stop';
    this.#subscriptions = [
      server.onRunStatus(() => this.#refresh()),
      runner.onDidChangeState(() => this.#refresh()),
      runs.onDidChange(() => this.#refresh()),
      vscode.workspace.onDidChangeConfiguration((event) => {
        if (event.affectsConfiguration('lineheat')) this.#refresh();
      }),
    ];
  }

  /** What the status bar says. For tests. */
  get text(): string {
    return this.#lastText;
  }

  #refresh(): void {
    const { state } = this.#runner;
    const { shown, status } = this.#runs;
    if (state === 'running' || state === 'stopping') this.#stop.show();
    else this.#stop.hide();
    if (state === 'idle' && !shown) {
      this.#lastText = '';
      this.#item.hide();
      return;
    }
    this.#lastText = statusText(state, shown?.title ?? '', status);
    this.#item.text = this.#lastText;
    this.#item.tooltip = tooltip(shown?.title ?? '', status);
    const hasError = status?.notes.some(({ severity }) => severity === 'error') ?? false;
    this.#item.backgroundColor = hasError
      ? new vscode.ThemeColor('statusBarItem.warningBackground')
      : undefined;
    this.#item.show();
  }

  dispose(): void {
    for (const item of [this.#item, this.#stop, ...this.#subscriptions]) item.dispose();
  }
}

function statusText(state: Runner['state'], title: string, status: RunStatus | undefined): string {
  const figures = status && [formatSeconds(status.elapsedS * 1e9), formatSamples(status.samples)];
  const hasTrouble = status?.notes.some(({ severity }) => severity !== 'information');
  const sign = hasTrouble ? '$(warning) ' : '';
  switch (state) {
    case 'preparing':
      return '$(loading~spin) Preparing to profile…';
    case 'running':
      return figures
        ? `$(record) ${sign}${[title, ...figures].join(' · ')}`
        : `$(loading~spin) Starting ${title}…`;
    case 'stopping':
      return `$(loading~spin) Stopping ${title}…`;
    case 'finishing':
      return `$(loading~spin) Reading the rest of ${title}…`;
    case 'idle':
      return `$(flame) ${sign}${[metricText(status), title].join(' · ')}`;
  }
}

/** The metric; says so where it was not measured. */
function metricText(status: RunStatus | undefined): string {
  const metric = currentMetric();
  const { label } = metricNames[metric];
  if (isMemoryMetric(metric) && status && !status.memory) return `${label}: not measured`;
  return viewSettings().onlyMyCode ? `${label} · only my code` : label;
}

function tooltip(title: string, status: RunStatus | undefined): vscode.MarkdownString {
  const text = new vscode.MarkdownString('', true);
  text.appendMarkdown('**Lineheat** ');
  text.appendText(title);
  if (status) {
    const rows = [
      ['Elapsed', formatSeconds(status.elapsedS * 1e9)],
      ['CPU', formatSeconds(status.cpuS * 1e9)],
      ['Processes', formatCount(status.processes)],
      ['Samples', formatCount(status.samples)],
      ['Dropped', formatCount(status.dropped)],
      ['Rejected', formatCount(status.rejected)],
      ['Late', formatCount(status.late)],
    ];
    text.appendMarkdown(`\n\n| | |\n|:--|--:|\n`);
    for (const [name, value] of rows) text.appendMarkdown(`| ${name} | ${value} |\n`);
    for (const note of status.notes) {
      text.appendMarkdown(`\n\n$(${note.severity === 'information' ? 'info' : note.severity}) `);
      text.appendText(note.text);
    }
  }
  text.appendMarkdown('\n\nClick for metrics and actions');
  return text;
}
