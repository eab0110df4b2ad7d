import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import * as vscode from 'vscode';
import { parseKnownRun, type KnownRun } from './keptRun';
import { describe, getLog } from '../messages';
import { storageSettings } from '../settings';
import { surplus } from './surplus';
import { expand, scopeOf, settingPlace } from '../run/variables';

const description = 'run.json';

/** The names that the server's planRun gives to folders. No other folder is ever deleted. */
const runFolderName = /^\d{8}-\d{6}-[\w.-]*-\w{6}$/;

/** The folder for recordings: the setting, else the extension's own storage. */
export function storageFolder(context: vscode.ExtensionContext): string {
  const { folder } = storageSettings();
  return folder === ''
    ? path.join(context.globalStorageUri.fsPath, 'runs')
    : expand(folder, scopeOf(), settingPlace('storageFolder'));
}

/** Identifies what is open in this window: the workspace file, else its folders. */
export function workspaceKey(): string {
  const { workspaceFile, workspaceFolders } = vscode.workspace;
  return String(workspaceFile ?? (workspaceFolders ?? []).map(({ uri }) => String(uri)).join(' '));
}

const changed = new vscode.EventEmitter<void>();
/** A run was added, described anew, or deleted by this window. */
export const onDidChangeKeptRuns = changed.event;

/** Descriptions are changed one after another, because a run may end and be renamed at the same moment. */
let lastChange: Promise<void> = Promise.resolve();

/**
 * Writes facts about a run into its description, beside its recordings; those that are undefined are removed. A failure is
 * logged only, because the run goes on without.
 */
export function remember(
  runDir: string,
  facts: { [Name in keyof KnownRun]?: KnownRun[Name] | undefined },
): Promise<void> {
  lastChange = lastChange.then(async () => {
    const file = path.join(runDir, description);
    try {
      const before = await readDescription(runDir);
      const known = typeof before === 'object' && before !== null ? before : {};
      // Renamed into place, because the window may close at any moment and half a file would lose the run.
      await fs.writeFile(`${file}.new`, JSON.stringify({ ...known, ...facts }, null, 2));
      await fs.rename(`${file}.new`, file);
    } catch (error) {
      getLog().warn(`${runDir} could not be described: ${describe(error)}`);
    }
    changed.fire();
  });
  return lastChange;
}

/** Writes the time that a run took into its description, if it is a run of the list and this is new. */
export async function noteFigures(runDir: string, elapsedS: number, cpuS: number): Promise<void> {
  if (!runFolderName.test(path.basename(runDir))) return;
  await lastChange;
  const known = await readRun(runDir);
  if (!known || (known.elapsedS === elapsedS && known.cpuS === cpuS)) return;
  await remember(runDir, { elapsedS, cpuS });
}

/** Deletes a run with its recordings. Throws the file system's error. */
export async function forget(runDir: string): Promise<void> {
  if (!runFolderName.test(path.basename(runDir))) throw new Error(`${runDir} is no run's folder`);
  await fs.rm(runDir, { recursive: true });
  changed.fire();
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
  return parseKnownRun(await readDescription(runDir), runDir);
}

async function readDescription(runDir: string): Promise<unknown> {
  try {
    return JSON.parse(await fs.readFile(path.join(runDir, description), 'utf8'));
  } catch {
    return undefined;
  }
}

/**
 * Deletes all but the newest runs of each program in a folder (surplus.ts); those that go on, and `inUse`, a run's folder,
 * stay. Never throws: what cannot be deleted is logged.
 */
export async function prune(folder: string, inUse: string): Promise<void> {
  try {
    const names = (await fs.readdir(folder)).filter((name) => runFolderName.test(name));
    const kept = await Promise.all(
      names.map(async (name) => {
        const run = await readRun(path.join(folder, name));
        const program = run && (run.file ?? run.program);
        return { name, workspace: run?.workspace, program, pinned: run?.pinned ?? false };
      }),
    );
    const { keepRuns: here, keepRunsOfUser: elsewhere } = storageSettings();
    for (const name of surplus(kept, workspaceKey(), { here, elsewhere })) {
      const directory = path.join(folder, name);
      if (directory === inUse || (await liveProcesses(directory)).length > 0) continue;
      await fs.rm(directory, { recursive: true, force: true });
      getLog().info(`Deleted the old run ${directory}.`);
    }
    changed.fire();
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
