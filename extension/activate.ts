import { loadedAt } from './clock';
import { PVSC_EXTENSION_ID } from '@vscode/python-extension';
import * as vscode from 'vscode';
import { Annotations } from './annotations';
import { Server } from './client';
import { registerCommands } from './commands';
import { FlameChart } from './flameChart';
import { HotLines } from './hotLines';
import { registerMemoryNotice } from './memoryNotice';
import { getLog, sayError } from './messages';
import { registerRecordingEditors } from './recordings';
import { Runner } from './run';
import { Runs } from './runs';
import { Status } from './status';
import { createTestApi, type TestApi } from './testApi';

/** Constructs the parts and wires them; nothing is started before it is used. */
export function activate(context: vscode.ExtensionContext): TestApi {
  const calledAt = performance.now();
  const server = new Server(context);
  const runs = new Runs(server);
  const runner = new Runner(context, server, runs);
  const annotations = new Annotations(context.extension);
  const status = new Status(server, runner, runs);
  const hotLines = new HotLines(context.extension, server, runs);
  const flameChart = new FlameChart(context.extensionUri, server, runs, runner, annotations);

  context.subscriptions.push(
    getLog(),
    server,
    runs,
    runner,
    annotations,
    status,
    hotLines,
    flameChart,
    server.onAnnotations((file) => annotations.set(file)),
    runs.onDidChange((run) => annotations.keepOnly(run?.run)),
    vscode.workspace.onDidChangeConfiguration((event) => {
      if (event.affectsConfiguration('linescope')) {
        server.sendSettings().catch((error: unknown) => sayError('apply the settings', error));
      }
    }),
    registerMemoryNotice(server, runs),
    registerRecordingEditors(context, server, runs),
    registerCommands(context, { annotations, runner, runs, hotLines, flameChart }),
  );
  // The Run button's menu only makes sense where another extension puts one there; alone it would be a second flame.
  void vscode.commands.executeCommand(
    'setContext',
    'linescope.besideRunButton',
    vscode.extensions.getExtension(PVSC_EXTENSION_ID) !== undefined,
  );
  runner.recover().catch((error: unknown) => sayError('open the last run again', error));

  // Between loading a bundle and calling activate, VS Code fetches the extension's state; that is not our time.
  const activationMs = loadingMs + performance.now() - calledAt;
  getLog().info(`Activated in ${activationMs.toFixed(1)} ms.`);
  return createTestApi(activationMs, { annotations, runner, runs, status, flameChart });
}

/** This is the last module of the bundle to be evaluated. */
const loadingMs = performance.now() - loadedAt;
