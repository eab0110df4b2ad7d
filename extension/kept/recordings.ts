import * as path from 'node:path';
import * as vscode from 'vscode';
import type { Server } from '../client';
import { FlamePanel } from '../flame/panel';
import { describe, getLog, sayError, UserError } from '../messages';
import { Opening } from './opening';
import type { Runs, ShownRun } from '../run/runs';
import { tabSurface } from '../flame/surface';
import type { TimeRange } from '../timeRange';

/** Makes the ids of runs unique. */
let openedCount = 0;

/** Opens a recording file: the one a menu was opened on, else one the user picks. */
export async function openRecording(runs: Runs, chosen: unknown): Promise<void> {
  const uri = chosen instanceof vscode.Uri ? chosen : await pickRecording();
  if (uri) await runs.open(recordingOf(uri));
}

const shownKey = 'lineheat.shown';

/** Remembers which run is shown, so that it is shown again after a reload of the window. */
export function noteShown(state: vscode.Memento, run: ShownRun | undefined): void {
  const note = run && !run.hasTab ? { path: run.path, title: run.title } : undefined;
  void state.update(shownKey, note);
}

/** Shows the run again that was shown before the window was reloaded. */
export async function openShownBefore(
  { workspaceState }: vscode.ExtensionContext,
  server: Server,
  runs: Runs,
): Promise<void> {
  const noted = workspaceState.get<{ path: string; title: string }>(shownKey);
  if (!noted || runs.shown) return;
  const run = `again-${++openedCount}`;
  const open = () => runs.open({ run, ...noted, live: false });
  try {
    await new Opening(workspaceState, server).open(run, noted.path, open);
  } catch (error) {
    // Only logged, because the user did not ask for this run, and may have deleted it.
    getLog().info(`${noted.title} is not shown again: ${describe(error)}`);
    noteShown(workspaceState, undefined);
  }
}

/** Double-clicking a recording opens its flame chart in the editor area, and its figures beside the code. */
export function registerRecordingEditors(
  context: vscode.ExtensionContext,
  server: Server,
  runs: Runs,
  timeRange: TimeRange,
): vscode.Disposable {
  const opening = new Opening(context.workspaceState, server);
  const provider: vscode.CustomReadonlyEditorProvider = {
    openCustomDocument: (uri) => ({ uri, dispose: () => undefined }),
    resolveCustomEditor: async (document, webview) => {
      const run = { ...recordingOf(document.uri), hasTab: true };
      const panel = new FlamePanel(
        tabSurface(webview, context.extensionUri),
        server,
        timeRange,
        context.extensionUri,
      );
      // A new server reads only the shown run again, the one that the figures beside the code are about.
      const restarted = runs.onDidReopen(({ run: reopened }) => {
        if (reopened === run.run) panel.restart();
        else panel.fail('The Lineheat server was restarted. Close this tab and open it again.');
      });
      panel.onDidDispose(() => {
        restarted.dispose();
        panel.dispose();
        server
          .closeView({ run: run.run })
          .catch((error: unknown) => getLog().info(`${run.title} stays open: ${describe(error)}`));
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
    vscode.window.registerCustomEditorProvider('lineheat.recording', provider, options),
    vscode.window.registerCustomEditorProvider('lineheat.stream', provider, options),
  );
}

/** A recording that is to be shown. Throws a UserError where it is not on disk. */
export function recordingOf(uri: vscode.Uri): ShownRun {
  if (uri.scheme !== 'file') {
    throw new UserError(
      `This recording is not on disk (${uri.scheme}:). Copy it to this machine and open it there.`,
    );
  }
  return {
    run: `recording-${++openedCount}`,
    path: uri.fsPath,
    title: path.basename(uri.fsPath),
    live: false,
  };
}

async function pickRecording(): Promise<vscode.Uri | undefined> {
  const [chosen] =
    (await vscode.window.showOpenDialog({
      title: 'Open a Lineheat Recording',
      openLabel: 'Open Recording',
      filters: { Recordings: ['lineheat', 'linescope', 'lsp'], 'All files': ['*'] },
    })) ?? [];
  return chosen;
}
