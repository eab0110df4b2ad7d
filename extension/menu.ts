import * as vscode from 'vscode';
import type { Metric } from '../protocol/lsp';
import { metricNames } from '../profile/words/metricNames';
import type { Runner } from './run/runner';
import type { Runs } from './run/runs';
import { currentMetric, update, viewSettings } from './settings';

/** Command behind the status bar item; not in the palette. */
export const menuCommand = 'lineheat.showMenu';

interface Item extends vscode.QuickPickItem {
  run: () => unknown;
}

/** The menu behind the status bar item: what can be done now, then the metrics. */
export async function showMenu(runner: Runner, runs: Runs, isOfPart: boolean): Promise<void> {
  const isRunning = runner.state === 'running' || runner.state === 'stopping';
  const hasRun = runs.shown !== undefined;
  const items: Item[] = [
    ...(isRunning ? [action('debug-stop', 'Stop Profiling', 'lineheat.stop')] : []),
    ...(hasRun ? runItems() : []),
    ...(hasRun && isRunning ? liveItems() : []),
    ...(hasRun && isOfPart
      ? [action('close', 'Show the Whole Run', 'lineheat.clearTimeRange')]
      : []),
    ...(hasRun && !isRunning ? [action('clear-all', 'Clear Annotations', 'lineheat.clear')] : []),
    { label: 'Metric', kind: vscode.QuickPickItemKind.Separator, run: () => undefined },
    ...metricItems().map(({ metric, ...item }) => ({
      ...item,
      run: () => update('metric', metric),
    })),
  ];
  const chosen = await vscode.window.showQuickPick(items, {
    title: 'Lineheat',
    placeHolder: 'Choose an action, or the metric beside the code',
  });
  await chosen?.run();
}

/** What can be done with the run that is shown. */
function runItems(): Item[] {
  const { show, figures, onlyMyCode } = viewSettings();
  const isCompact = figures === 'compact';
  return [
    action('graph', 'Show Flame Chart', 'lineheat.showFlameChart'),
    action('list-ordered', 'Show Hot Lines', 'lineheat.showHotLines'),
    action('arrow-down', 'Go to Next Hot Line', 'lineheat.nextHotLine'),
    action(
      show ? 'eye-closed' : 'eye',
      show ? 'Hide Annotations' : 'Show Annotations',
      'lineheat.toggleAnnotations',
    ),
    action(
      isCompact ? 'unfold' : 'fold',
      isCompact ? 'Show Full Figures' : 'Show Compact Figures',
      'lineheat.toggleCompactFigures',
    ),
    action(
      onlyMyCode ? 'library' : 'person',
      onlyMyCode ? 'Show Libraries Too' : 'Show Only My Code',
      'lineheat.toggleOnlyMyCode',
    ),
  ];
}

/** What can be done while its program runs. */
function liveItems(): Item[] {
  return [
    action('history', 'Show the Last 10 Seconds Only', 'lineheat.followLastSeconds'),
    action('debug-restart', 'Count from Now On', 'lineheat.resetFigures'),
  ];
}

function action(icon: string, label: string, command: string): Item {
  return {
    label: `$(${icon}) ${label}`,
    run: () => vscode.commands.executeCommand(command),
  };
}

/** Lets the user choose what the figures beside the code count. */
export async function selectMetric(): Promise<void> {
  const chosen = await vscode.window.showQuickPick(metricItems(), {
    title: 'Metric beside the Code',
    placeHolder: 'No new run is needed',
    matchOnDescription: true,
  });
  if (chosen) await update('metric', chosen.metric);
}

function metricItems() {
  const current = currentMetric();
  return (Object.keys(metricNames) as Metric[]).map((metric) => ({
    label: `${metric === current ? '$(check)' : '$(blank)'} ${metricNames[metric].label}`,
    description: metricNames[metric].detail,
    metric,
  }));
}
