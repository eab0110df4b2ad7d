import * as path from 'node:path';
import * as vscode from 'vscode';
import type { Server } from './client';
import { FlamePanel } from './flamePanel';
import { describe, say, sayError, UserError } from './messages';
import { Opening } from './opening';
import type { Runs, ShownRun } from './runs';
import { knownRuns, type KnownRun } from './storage';

let opened = 0;

/** Opens a recording file: the one a menu was opened on, else one the user picks. */
export async function openRecording(runs: Runs, chosen: unknown): Promise<void> {
  const uri = chosen instanceof vscode.Uri ? chosen : await pickRecording();
  if (uri) await runs.open(recordingOf(uri));
}

/** Opens the newest run of this workspace again. */
export async function openLastRun(context: vscode.ExtensionContext, runs: Runs): Promise<void> {
  const [last] = await knownRuns(context);
  if (!last) throw noRuns();
  await openKnown(runs, last);
}

/** Lets the user choose among the runs of this workspace that are kept. */
export async function openEarlierRun(context: vscode.ExtensionContext, runs: Runs): Promise<void> {
  const known = await knownRuns(context);
  if (known.length === 0) throw noRuns();
  const chosen = await vscode.window.showQuickPick(
    known.map((run) => ({
      label: `$(flame) ${run.program}`,
      description: new Date(run.startedUnixMs).toLocaleString(),
      run,
    })),
    { title: 'Open Earlier Run' },
  );
  if (chosen) await openKnown(runs, chosen.run);
}

/** Double-clicking a recording opens its flame chart in the editor area, and its figures beside the code. */
export function registerRecordingEditors(
  context: vscode.ExtensionContext,
  server: Server,
  runs: Runs,
): vscode.Disposable {
  const opening = new Opening(context.workspaceState, server);
  const provider: vscode.CustomReadonlyEditorProvider = {
    openCustomDocument: (uri) => ({ uri, dispose: () => undefined }),
    resolveCustomEditor: async (document, webview) => {
      const run = recordingOf(document.uri);
      const panel = new FlamePanel(webview, server, context.extensionUri);
      // Only the shown run is read again by a new server: that run is what the figures beside the code are about.
      const restarted = runs.onDidReopen(({ run: reopened }) => {
        if (reopened === run.run) panel.restart();
        else panel.fail('The Linescope server was restarted. Close this tab and open it again.');
      });
      panel.onDidDispose(() => {
        restarted.dispose();
        panel.dispose();
      });
      try {
        await opening.open(run.run, run.path, () => runs.open(run));
        panel.show(run);
      } catch (error) {
        panel.fail(describe(error));
        sayError(`open ${run.title}`, error);
      }
    },
  };
  const options = { webviewOptions: { retainContextWhenHidden: true } };
  return vscode.Disposable.from(
    vscode.window.registerCustomEditorProvider('linescope.recording', provider, options),
    vscode.window.registerCustomEditorProvider('linescope.stream', provider, options),
  );
}

function recordingOf(uri: vscode.Uri): ShownRun {
  if (uri.scheme !== 'file') {
    throw new UserError(
      `This recording is not on disk (${uri.scheme}:). Copy it to this machine and open it there.`,
    );
  }
  return {
    run: `recording-${++opened}`,
    path: uri.fsPath,
    title: path.basename(uri.fsPath),
    live: false,
  };
}

async function openKnown(runs: Runs, { run, runDir, program }: KnownRun): Promise<void> {
  if (runs.shown?.live) {
    const title = runs.shown.title;
    say('warning', `${title} is still being profiled. Stop it before opening another run.`);
    return;
  }
  await runs.open({ run: `${run}-${++opened}`, path: runDir, title: program, live: false });
}

async function pickRecording(): Promise<vscode.Uri | undefined> {
  const [chosen] =
    (await vscode.window.showOpenDialog({
      title: 'Open a Linescope Recording',
      openLabel: 'Open Recording',
      filters: { Recordings: ['linescope', 'lsp'], 'All files': ['*'] },
    })) ?? [];
  return chosen;
}

function noRuns(): UserError {
  return new UserError('No run of this workspace is kept yet. Profile a Python file first.');
}
