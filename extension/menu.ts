import * as vscode from 'vscode';
import type { Metric } from '../protocol/lsp';
import { metricNames } from './metricNames';
import type { Runner } from './run/runner';
import type { Runs } from './run/runs';
import { currentMetric, update, viewSettings } from './settings';

/** Command behind the status bar item; not in the palette. */
export const menuCommand = 'lineheat.showMenu';

/** The menu behind the status bar item: what can be done now, then the metrics. */
export async function showMenu(runner: Runner, runs: Runs, isOfPart: boolean): Promise<void> {
  const action = (icon: string, label: string, command: string) => ({
    label: `$(${icon}) ${label}`,
    run: () => vscode.commands.executeCommand(command),
  });
  const separator = (label: string) => ({
    label,
    kind: vscode.QuickPickItemKind.Separator,
    run: () => undefined,
  });
  const { show, figures, onlyMyCode } = viewSettings();
  const isCompact = figures === 'compact';
  const running = runner.state === 'running' || runner.state === 'stopping';
  const chosen = await vscode.window.showQuickPick(
    [
      ...(running ? [action('debug-stop', 'Stop Profiling', 'lineheat.stop')] : []),
      ...(runs.shown
        ? [
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
            ...(running
              ? [
                  action('history', 'Show the Last 10 Seconds Only', 'lineheat.followLastSeconds'),
                  action('debug-restart', 'Count from Now On', 'lineheat.resetFigures'),
                ]
              : []),
            ...(isOfPart ? [action('close', 'Show the Whole Run', 'lineheat.clearTimeRange')] : []),
          ]
        : []),
      ...(runs.shown && !running
        ? [action('clear-all', 'Clear Annotations', 'lineheat.clear')]
        : []),
      separator('Metric'),
      ...metricItems().map(({ metric, ...item }) => ({
        ...item,
        run: () => update('metric', metric),
      })),
    ],
    { title: 'Lineheat', placeHolder: 'Choose an action, or the metric beside the code' },
  );
  await chosen?.run();
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
