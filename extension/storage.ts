import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import * as vscode from 'vscode';
import { describe, getLog } from './messages';
import { storageSettings } from './settings';
import { expand, scopeOf } from './variables';

/** A run this workspace started. Kept across window reloads. */
export interface KnownRun {
  run: string;
  runDir: string;
  /** What was profiled, as shown to the user. */
  program: string;
  startedUnixMs: number;
  /** False while the program may still be running, and when the editor went away before it ended. */
  ended: boolean;
}

const runsKey = 'runs';

/** What the server's planRun names its folders. Only such folders are ever deleted. */
const runFolderName = /^\d{8}-\d{6}-[\w.-]*-\w{6}$/;

/** The folder for recordings: the setting, else the extension's own storage. */
export function storageFolder(context: vscode.ExtensionContext): string {
  const { folder } = storageSettings();
  return folder === ''
    ? path.join(context.globalStorageUri.fsPath, 'runs')
    : expand(folder, scopeOf(), 'The setting linescope.storageFolder');
}

/** Runs of this workspace, newest first. Their folders may be gone. */
export function knownRuns(context: vscode.ExtensionContext): KnownRun[] {
  return context.workspaceState.get<KnownRun[]>(runsKey, []);
}

/** Adds a run, or replaces what was known about it. */
export async function remember(context: vscode.ExtensionContext, run: KnownRun): Promise<void> {
  const others = knownRuns(context).filter(({ runDir }) => runDir !== run.runDir);
  const runs = [run, ...others].sort((a, b) => b.startedUnixMs - a.startedUnixMs);
  await context.workspaceState.update(runsKey, runs.slice(0, storageSettings().keepRuns));
}

/** Known runs whose recordings are still there, newest first. */
export async function availableRuns(context: vscode.ExtensionContext): Promise<KnownRun[]> {
  const runs = knownRuns(context);
  const present = await Promise.all(runs.map(({ runDir }) => isFolder(runDir)));
  return runs.filter((_, index) => present[index]);
}

/** Deletes all but the newest runs in a folder. Never fails: what cannot be deleted is logged. */
export async function prune(folder: string, inUse: string): Promise<void> {
  try {
    // Names start with the time in UTC, so that the order of names is the order of runs.
    const names = (await fs.readdir(folder)).filter((name) => runFolderName.test(name)).sort();
    const old = names.slice(0, -storageSettings().keepRuns);
    for (const name of old) {
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

async function isFolder(directory: string): Promise<boolean> {
  return fs.stat(directory).then(
    (info) => info.isDirectory(),
    () => false,
  );
}
