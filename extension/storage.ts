import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import * as vscode from 'vscode';
import { describe, getLog } from './messages';
import { storageSettings } from './settings';
import { surplus } from './surplus';
import { expand, scopeOf } from './variables';

/** A run, as its folder's run.json describes it: what is needed to show it again after the window was reloaded. */
export interface KnownRun {
  run: string;
  runDir: string;
  /** What was profiled, as shown to the user. */
  program: string;
  startedUnixMs: number;
  /** False while the program may still be running, and when the editor went away before it ended. */
  ended: boolean;
  /** The workspace it was started from. */
  workspace: string;
}

const description = 'run.json';

/** What the server's planRun names its folders. Only such folders are ever deleted. */
const runFolderName = /^\d{8}-\d{6}-[\w.-]*-\w{6}$/;

/** The folder for recordings: the setting, else the extension's own storage. */
export function storageFolder(context: vscode.ExtensionContext): string {
  const { folder } = storageSettings();
  return folder === ''
    ? path.join(context.globalStorageUri.fsPath, 'runs')
    : expand(folder, scopeOf(), 'The setting linescope.storageFolder');
}

/** Identifies what is open in this window: the workspace file, else its folders. */
export function workspaceKey(): string {
  const { workspaceFile, workspaceFolders } = vscode.workspace;
  return String(workspaceFile ?? (workspaceFolders ?? []).map(({ uri }) => String(uri)).join(' '));
}

/** Writes down what a run is about, beside its recordings. A failure is logged: the run itself does not need it. */
export async function remember(run: KnownRun): Promise<void> {
  const file = path.join(run.runDir, description);
  try {
    // Renamed into place, because the window may close at any moment and half a file would lose the run.
    await fs.writeFile(`${file}.new`, JSON.stringify(run, null, 2));
    await fs.rename(`${file}.new`, file);
  } catch (error) {
    getLog().warn(`${run.runDir} could not be described: ${describe(error)}`);
  }
}

/** Runs of this workspace that are kept, newest first. */
export async function knownRuns(context: vscode.ExtensionContext): Promise<KnownRun[]> {
  const folder = storageFolder(context);
  const names = await fs.readdir(folder).catch((): string[] => []);
  const runs = await Promise.all(
    names
      .filter((name) => runFolderName.test(name))
      .map((name) => readRun(path.join(folder, name))),
  );
  const workspace = workspaceKey();
  return runs
    .filter((run) => run !== undefined)
    .filter((run) => run.workspace === workspace)
    .sort((a, b) => b.startedUnixMs - a.startedUnixMs);
}

async function readRun(runDir: string): Promise<KnownRun | undefined> {
  try {
    const run: unknown = JSON.parse(await fs.readFile(path.join(runDir, description), 'utf8'));
    // The folder may have been moved since.
    return isKnownRun(run) ? { ...run, runDir } : undefined;
  } catch {
    return undefined;
  }
}

function isKnownRun(value: unknown): value is KnownRun {
  if (typeof value !== 'object' || value === null) return false;
  const fields = value as Record<string, unknown>;
  return (
    ['run', 'program', 'workspace'].every((name) => typeof fields[name] === 'string') &&
    typeof fields['startedUnixMs'] === 'number' &&
    typeof fields['ended'] === 'boolean'
  );
}

/** Deletes all but the newest runs in a folder; see surplus.ts. Never fails: what cannot be deleted is logged. */
export async function prune(folder: string, inUse: string): Promise<void> {
  try {
    const names = (await fs.readdir(folder)).filter((name) => runFolderName.test(name));
    const kept = await Promise.all(
      names.map(async (name) => {
        const run = await readRun(path.join(folder, name));
        return { name, workspace: run?.workspace };
      }),
    );
    const { keepRuns: here, keepRunsOfUser: elsewhere } = storageSettings();
    for (const name of surplus(kept, workspaceKey(), { here, elsewhere })) {
      const directory = path.join(folder, name);
      if (directory === inUse || (await liveProcesses(directory)).length > 0) continue;
      await fs.rm(directory, { recursive: true, force: true });
      getLog().info(`Deleted the old run ${directory}.`);
    }
  } catch (error) {
    getLog().warn(`Old runs in ${folder} could not be deleted: ${describe(error)}`);
  }
}

/** Processes that record into a run folder and are still alive. */
export async function liveProcesses(runDir: string): Promise<number[]> {
  const names = await fs.readdir(runDir).catch((): string[] => []);
  const pids = names
    .map((name) => Number(/^(\d+)(?:\.\d+)?\.lsp$/.exec(name)?.[1]))
    .filter(Boolean);
  const unique = [...new Set(pids)];
  const alive = await Promise.all(unique.map((pid) => hasRecordingMapped(pid, runDir)));
  return unique.filter((_, index) => alive[index]);
}

/**
 * Whether a process is alive and the one that records: process ids are given out again, but only the recording process
 * has the recording in its address space.
 */
async function hasRecordingMapped(pid: number, runDir: string): Promise<boolean> {
  return fs.readFile(`/proc/${pid}/maps`, 'utf8').then(
    (maps) => maps.includes(path.basename(runDir)),
    () => false,
  );
}
