/** What can be done with a kept run: by its row in the list, or chosen from a list where no row is given. */
import * as os from 'node:os';
import * as path from 'node:path';
import * as vscode from 'vscode';
import type { Server } from '../client';
import { figures, outcome, runDetail, runName, startTime, type KnownRun } from './keptRun';
import { confirm, mention, say, UserError } from '../messages';
import type { Runner } from '../run/runner';
import type { Runs } from '../run/runs';
import { forget, knownRuns, liveProcesses, remember } from './storage';

/** Makes the ids of runs unique: the same run may be opened again. */
let openedCount = 0;

export interface RunActions {
  open(run: unknown): Promise<void>;
  openLast(): Promise<void>;
  rename(run: unknown): Promise<void>;
  pin(run: unknown, pinned: boolean): Promise<void>;
  remove(run: unknown): Promise<void>;
  reveal(run: unknown): Promise<void>;
  saveAs(run: unknown): Promise<void>;
}

export function runActions(
  context: vscode.ExtensionContext,
  { server, runner, runs }: { server: Server; runner: Runner; runs: Runs },
): RunActions {
  /** The run of the row that a menu was opened on, as it is described now; else one that the user picks. */
  const chosen = async (row: unknown, title: string): Promise<KnownRun | undefined> => {
    const known = await knownRuns(context);
    if (known.length === 0) throw noRuns();
    if (typeof row !== 'object' || row === null || !('runDir' in row)) {
      return (await pick(known, title))?.run;
    }
    const found = known.find(({ runDir }) => runDir === row.runDir);
    if (!found) throw new UserError('This run is not kept any more. Profile the program again.');
    return found;
  };
  const refuseLive = async (run: KnownRun, what: string): Promise<void> => {
    const isLive = run.runDir === runner.runDir || (await liveProcesses(run.runDir)).length > 0;
    if (isLive) {
      throw new UserError(`${runName(run)} is still being profiled. Stop it before ${what} it.`);
    }
  };
  const open = async (run: KnownRun): Promise<void> => {
    if (run.runDir !== runs.shown?.path) {
      if (runs.shown?.live) {
        const { title } = runs.shown;
        say('warning', `${title} is still being profiled. Stop it before opening another run.`);
        return;
      }
      const time = startTime(run, vscode.env.language);
      await runs.open({
        run: `${run.run}-${++openedCount}`,
        path: run.runDir,
        title: `${runName(run)} (${time})`,
        live: false,
      });
    }
    await showFile(run);
    const facts = [startTime(run, vscode.env.language), figures(run), outcome(run)];
    mention(`The run shown is ${[runName(run), ...facts].filter(Boolean).join(' · ')}`);
  };

  return {
    async open(row) {
      const run = await chosen(row, 'Open Earlier Run');
      if (run) await open(run);
    },
    async openLast() {
      const [last] = await knownRuns(context);
      if (!last) throw noRuns();
      await open(last);
    },
    async rename(row) {
      const run = await chosen(row, 'Rename Run');
      if (!run) return;
      const name = await vscode.window.showInputBox({
        title: `Rename the Run of ${startTime(run, vscode.env.language)}`,
        prompt: `Empty: ${run.program}`,
        value: runName(run),
      });
      if (name === undefined) return;
      const isOwn = name.trim() !== '' && name.trim() !== run.program;
      await remember(run.runDir, { name: isOwn ? name.trim() : undefined });
    },
    async pin(row, pinned) {
      const run = await chosen(row, pinned ? 'Pin Run' : 'Unpin Run');
      if (run) await remember(run.runDir, { pinned: pinned || undefined });
    },
    async remove(row) {
      const run = await chosen(row, 'Delete Run');
      if (!run) return;
      await refuseLive(run, 'deleting');
      const isSure = await confirm(
        `Delete the run of ${runName(run)}, ${startTime(run, vscode.env.language)}?`,
        'Its recording is deleted from the disk, for good.',
        'Delete',
      );
      if (!isSure) return;
      if (runs.shown?.path === run.runDir) await runs.clear();
      await forget(run.runDir);
    },
    async reveal(row) {
      const run = await chosen(row, 'Reveal Run');
      if (!run) return;
      const isHere = vscode.env.uiKind === vscode.UIKind.Desktop && !vscode.env.remoteName;
      if (isHere) {
        await vscode.commands.executeCommand('revealFileInOS', vscode.Uri.file(run.runDir));
        return;
      }
      // A file manager would run on another machine than the one that has the recording.
      await vscode.env.clipboard.writeText(run.runDir);
      say(
        'information',
        `The run is in ${run.runDir} on the machine that runs the program. The path was copied.`,
      );
    },
    async saveAs(row) {
      const run = await chosen(row, 'Save Run As');
      if (!run) return;
      await refuseLive(run, 'saving');
      const folder = vscode.workspace.workspaceFolders?.[0]?.uri ?? vscode.Uri.file(os.homedir());
      const name = runName(run).replace(/[^\p{L}\p{N}._ -]+/gu, '_');
      const target = await vscode.window.showSaveDialog({
        title: 'Save Run As',
        defaultUri: vscode.Uri.joinPath(folder, `${name}.lineheat`),
        filters: { 'Lineheat recordings': ['lineheat'] },
      });
      if (!target) return;
      if (target.scheme !== 'file') {
        throw new UserError('A run can be saved on disk only. Choose a folder of this machine.');
      }
      const result = await server.saveRun({ path: run.runDir, file: target.fsPath });
      if (!result.ok) throw new UserError(result.message);
      mention(`${runName(run)} is saved as ${path.basename(target.fsPath)}`);
    },
  };
}

/** Shows the file that ran, unless it is in sight; where the cursor is stays. */
async function showFile({ file }: KnownRun): Promise<void> {
  if (file === undefined) return;
  const editors = vscode.window.visibleTextEditors;
  if (editors.some(({ document }) => document.uri.fsPath === file)) return;
  let document: vscode.TextDocument;
  try {
    document = await vscode.workspace.openTextDocument(vscode.Uri.file(file));
  } catch {
    say(
      'warning',
      `${file} is not there any more, so the run is shown without it. Its lines are in Hot Lines and in the flame chart.`,
    );
    return;
  }
  // Not in the group of the flame chart, which may be the active one.
  const beside = editors.find((editor) => editor.document.uri.scheme === 'file')?.viewColumn;
  await vscode.window.showTextDocument(document, {
    viewColumn: beside ?? vscode.ViewColumn.One,
    preserveFocus: true,
  });
}

async function pick(known: readonly KnownRun[], title: string) {
  return vscode.window.showQuickPick(
    known.map((run) => ({
      label: `$(${run.pinned ? 'pinned' : 'flame'}) ${runName(run).replaceAll('$(', '$\u200b(')}`,
      description: runDetail(run, vscode.env.language),
      run,
    })),
    { title, matchOnDescription: true },
  );
}

function noRuns(): UserError {
  return new UserError('No run of this workspace is kept yet. Profile a Python file first.');
}
