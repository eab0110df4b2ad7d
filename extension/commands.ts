import * as vscode from 'vscode';
import { commands } from '../protocol/lsp';
import type { Server } from './client';
import type { Annotations } from './code/annotations';
import type { FlameChart } from './flame/chart';
import { quote } from './kept/keptRun';
import { launchOfFile, launchOfTests, splitArguments } from './run/launch';
import { pickLaunchConfiguration } from './run/launchConfigurations';
import { getLog, say, sayError } from './messages';
import { hotLinesView, isHotRow, rowText, type HotLines } from './code/hotLines';
import { goToHotLine, goToHottest, openSource } from './code/navigate';
import { openRecording } from './kept/recordings';
import type { Runner } from './run/runner';
import type { RunActions } from './kept/runActions';
import type { Runs } from './run/runs';
import { runSettings, update, viewSettings } from './settings';
import { menuCommand, selectMetric, showMenu } from './menu';
import { clearTimeRange, type TimeRange } from './timeRange';
import { fileToProfile, requireTrust, saveSources } from './run/target';

interface Parts {
  server: Server;
  annotations: Annotations;
  runner: Runner;
  runs: Runs;
  hotLines: HotLines;
  flameChart: FlameChart;
  timeRange: TimeRange;
  kept: RunActions;
}

/** Registers every command of the manifest and those that hovers link to. Failures are said, never thrown. */
export function registerCommands(
  context: vscode.ExtensionContext,
  { server, annotations, runner, runs, hotLines, flameChart, timeRange, kept }: Parts,
): vscode.Disposable {
  const start = async (...launch: Parameters<Runner['profile']>): Promise<void> => {
    if (viewSettings().openFlameChart) await flameChart.show();
    await runner.profile(...launch);
  };
  return vscode.Disposable.from(
    register(commands.profileFile, 'profile this file', async (uri) => {
      const file = await fileToProfile(uri);
      await start(() => launchOfFile(file), file.fsPath);
    }),
    register('lineheat.profileTests', 'profile the tests', async (uri) => {
      const file = await fileToProfile(uri);
      await start(() => launchOfTests(file), file.fsPath);
    }),
    register('lineheat.profileFileWithArguments', 'profile this file', async (uri) => {
      const file = await fileToProfile(uri);
      const args = await askForArguments(context, file);
      if (args) await start(() => launchOfFile(file, args), file.fsPath);
    }),
    register('lineheat.profileLaunchConfiguration', 'profile the configuration', async () => {
      requireTrust();
      const prepare = await pickLaunchConfiguration();
      if (!prepare) return;
      await saveSources();
      await start(prepare);
    }),
    register(commands.stop, 'stop the program', () => runner.stop()),
    register(commands.clear, 'clear the annotations', () => runs.clear()),
    register('lineheat.toggleAnnotations', 'change the setting', () =>
      update('showAnnotations', !viewSettings().show),
    ),
    register('lineheat.toggleCompactFigures', 'change the setting', () =>
      update('figures', viewSettings().figures === 'compact' ? 'auto' : 'compact'),
    ),
    register('lineheat.toggleOnlyMyCode', 'change the setting', () =>
      update('onlyMyCode', !viewSettings().onlyMyCode),
    ),
    register(clearTimeRange, 'show the whole run', () => timeRange.choose(undefined)),
    register('lineheat.followLastSeconds', 'follow the run', () => timeRange.followLast()),
    register('lineheat.resetFigures', 'count from now on', () => timeRange.beginNow()),
    register(commands.selectMetric, 'change the metric', selectMetric),
    register(menuCommand, 'show the menu', () =>
      showMenu(runner, runs, timeRange.chosen !== undefined),
    ),
    register(commands.nextHotLine, 'find the next hot line', () =>
      goToHotLine(annotations, server, 1),
    ),
    register(commands.previousHotLine, 'find the previous hot line', () =>
      goToHotLine(annotations, server, -1),
    ),
    register(commands.goToHottestLine, 'find the hottest line', () =>
      goToHottest(annotations, server),
    ),
    register(commands.showFlameChart, 'show the flame chart', () => flameChart.show()),
    register(commands.showLineInFlameChart, 'show the line', async (path, line) => {
      const place = await placeOf(annotations, path, line);
      if (place) await flameChart.showLine(place.path, place.line);
      else await flameChart.show();
    }),
    register('lineheat.showHotLines', 'show the hot lines', () => {
      hotLines.list('lines');
      return vscode.commands.executeCommand(`${hotLinesView}.focus`);
    }),
    register('lineheat.showHotFunctions', 'show the hot functions', () => {
      hotLines.list('functions');
      return vscode.commands.executeCommand(`${hotLinesView}.focus`);
    }),
    register('lineheat.filterHotLines', 'filter the list', async () => {
      await vscode.commands.executeCommand(`${hotLinesView}.focus`);
      await vscode.commands.executeCommand('list.find');
    }),
    register(commands.turnOnMemory, 'change the setting', turnOnMemory),
    register(commands.openLine, 'open the line', async (path, line) => {
      if (typeof path === 'string') await openSource(path, typeof line === 'number' ? line : 1);
    }),
    register(commands.copy, 'copy the text', async (text) => {
      const words = isHotRow(text) ? rowText(text) : text;
      if (typeof words !== 'string') return;
      await vscode.env.clipboard.writeText(words);
      vscode.window.setStatusBarMessage('Copied', 2000);
    }),
    register(commands.openRecording, 'open the recording', (uri) => openRecording(runs, uri)),
    register(commands.openLastRun, 'open the last run', () => kept.openLast()),
    register('lineheat.openRun', 'open the run', () => kept.open(undefined)),
    register('lineheat.openKeptRun', 'open the run', (run) => kept.open(run)),
    register('lineheat.renameRun', 'rename the run', (run) => kept.rename(run)),
    register('lineheat.pinRun', 'pin the run', (run) => kept.pin(run, true)),
    register('lineheat.unpinRun', 'unpin the run', (run) => kept.pin(run, false)),
    register('lineheat.deleteRun', 'delete the run', (run) => kept.remove(run)),
    register('lineheat.revealRun', 'reveal the run', (run) => kept.reveal(run)),
    register('lineheat.saveRunAs', 'save the run', (run) => kept.saveAs(run)),
    register('lineheat.showLog', 'show the log', () => getLog().show()),
  );
}

/** Turns the setting on, and says that it counts from the next run on. */
async function turnOnMemory(): Promise<void> {
  await update('memory', true);
  say('information', 'Memory is measured from the next run on.', {
    title: 'Profile This File',
    run: () => vscode.commands.executeCommand(commands.profileFile),
  });
}

function register(
  name: string,
  doing: string,
  run: (...args: unknown[]) => unknown,
): vscode.Disposable {
  return vscode.commands.registerCommand(name, async (...args: unknown[]) => {
    try {
      await run(...args);
    } catch (error) {
      sayError(doing, error);
    }
  });
}

/** The line a hover link or a row of the list names, else the one the cursor is on. */
async function placeOf(
  annotations: Annotations,
  path: unknown,
  line: unknown,
): Promise<{ path: string; line: number } | undefined> {
  if (isHotRow(path)) return { path: path.path, line: path.line };
  if (typeof path === 'string' && typeof line === 'number') return { path, line };
  const editor = vscode.window.activeTextEditor;
  if (!editor) return undefined;
  return {
    path: await annotations.realPath(editor.document.uri),
    line: editor.selection.active.line + 1,
  };
}

/** Asks for a command line, beginning with the last one for this file. */
async function askForArguments(
  context: vscode.ExtensionContext,
  file: vscode.Uri,
): Promise<string[] | undefined> {
  const key = `arguments:${file.fsPath}`;
  const line = await vscode.window.showInputBox({
    title: `Arguments for ${vscode.workspace.asRelativePath(file)}`,
    prompt: 'As on a command line: spaces separate, quotes keep together.',
    value: context.workspaceState.get(key, runSettings(file).args.map(quote).join(' ')),
    validateInput: (text) => {
      try {
        splitArguments(text);
        return undefined;
      } catch (error) {
        return error instanceof Error ? error.message : String(error);
      }
    },
  });
  if (line === undefined) return undefined;
  await context.workspaceState.update(key, line);
  return splitArguments(line);
}
