import type { LineheatApi } from './api';
import { loadedAt } from './clock';
import { PVSC_EXTENSION_ID } from '@vscode/python-extension';
import * as vscode from 'vscode';
import { AnnotatedEditors } from './code/annotatedEditors';
import { Annotations } from './code/annotations';
import { Badges } from './code/badges';
import { Server } from './client';
import { registerCommands } from './commands';
import { createExports } from './exports';
import { FlameChart } from './flame/chart';
import { HotLines } from './code/hotLines';
import { registerMemoryNotice } from './code/memoryNotice';
import { getLog, sayError } from './messages';
import { PartHeat } from './code/partHeat';
import { noteShown, registerRecordingEditors } from './kept/recordings';
import { Runner } from './run/runner';
import { runActions } from './kept/runActions';
import { Runs } from './run/runs';
import { RunsView } from './kept/runsView';
import { Status } from './status';
import { TimeRange } from './timeRange';
import { createTestApi, isUnderTest, type TestApi } from './testApi';

/** Constructs the parts and wires them; nothing is started before it is used. Returns what other extensions may use. */
export function activate(context: vscode.ExtensionContext): LineheatApi & { test?: TestApi } {
  const calledAt = performance.now();
  const server = new Server(context);
  const runs = new Runs(server);
  const runner = new Runner(context, server, runs);
  const annotations = new Annotations();
  const editors = new AnnotatedEditors(context.extension, annotations);
  const partHeat = new PartHeat(server, annotations);
  const status = new Status(server, runner, runs);
  const timeRange = new TimeRange(server, runs);
  const hotLines = new HotLines(context.extension, server, runs, timeRange);
  const runsView = new RunsView(context, server, runner, runs);
  const flameChart = new FlameChart(context, {
    server,
    runs,
    runner,
    annotations,
    editors,
    timeRange,
  });

  context.subscriptions.push(
    getLog(),
    server,
    runs,
    runner,
    annotations,
    editors,
    partHeat,
    status,
    hotLines,
    timeRange,
    runsView,
    new Badges(server, runs, annotations),
    flameChart,
    server.onAnnotations((file) => annotations.set(file)),
    runs.onDidChange((run) => annotations.keepOnly(run?.run)),
    runs.onDidChange((run) => noteShown(context.workspaceState, run)),
    vscode.workspace.onDidChangeConfiguration((event) => {
      if (event.affectsConfiguration('lineheat')) {
        server.sendSettings().catch((error: unknown) => sayError('apply the settings', error));
      }
    }),
    registerMemoryNotice(server, runs),
    registerRecordingEditors(context, server, runs, timeRange),
    registerCommands(context, {
      server,
      annotations,
      runner,
      runs,
      hotLines,
      flameChart,
      timeRange,
      kept: runActions(context, { server, runner, runs }),
    }),
  );
  // Shows the list of hot lines, whose welcome text says how to fill it.
  void vscode.commands.executeCommand('setContext', 'lineheat.active', true);
  // In the menu of the Run button only where the Python extension puts such a button: alone it would be a second flame.
  void vscode.commands.executeCommand(
    'setContext',
    'lineheat.besideRunButton',
    vscode.extensions.getExtension(PVSC_EXTENSION_ID) !== undefined,
  );
  runner.recover().catch((error: unknown) => sayError('open the last run again', error));

  // VS Code fetches the extension's state between loading the bundle and calling activate; that time is not counted.
  const activationMs = loadingMs + performance.now() - calledAt;
  getLog().info(`Activated in ${activationMs.toFixed(1)} ms.`);
  const api = createExports({ annotations, runner, runs });
  if (!isUnderTest()) return api;
  const parts = { annotations, editors, partHeat, runner, runs, status, flameChart };
  return Object.assign(api, { test: createTestApi(activationMs, parts) });
}

/** The time to load the bundle: this is its last module to be evaluated. */
const loadingMs = performance.now() - loadedAt;
