import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { PVSC_EXTENSION_ID, type PythonExtension } from '@vscode/python-extension';
import * as vscode from 'vscode';
import { describe, getLog, say, UserError } from '../messages';
import { expand, type Place, type Scope } from './variables';

/** An interpreter to try: a path or a command name, and where it came from, for messages. */
export interface Interpreter {
  path: string;
  source: string;
}

/** How an interpreter that the user set is named in messages. */
export const interpreterSetting = 'the setting lineheat.interpreter';

/** How long the Python extension may take to start; on a cold disk, finding environments takes it many seconds. */
const readyMs = 60_000;

/**
 * Interpreters to try in order. One that the user chose is the only one: another Python instead would be a surprise.
 * Without a choice: a virtual environment beside the file or in a folder above it up to the workspace folder, then PATH.
 * `chosen.path` may be empty, or hold variables. Throws a UserError when the Python extension does not answer.
 */
export async function findInterpreters(
  chosen: Interpreter & { place: Place },
  scope: Scope,
): Promise<Interpreter[]> {
  if (chosen.path !== '') {
    const expanded = expand(chosen.path, scope, chosen.place);
    const base = scope.folder?.uri.fsPath;
    const isRelativePath = /[\\/]/.test(expanded) && !path.isAbsolute(expanded);
    const found = isRelativePath && base ? path.join(base, expanded) : expanded;
    return [{ path: found, source: chosen.source }];
  }
  const selected = await selectedInPythonExtension(scope);
  if (selected) return [selected];
  return [
    ...(await virtualEnvironments(scope)),
    { path: 'python3', source: 'PATH' },
    { path: 'python', source: 'PATH' },
  ];
}

/** The interpreter selected in the Python extension for this file, when that extension is there and knows one. */
async function selectedInPythonExtension(scope: Scope): Promise<Interpreter | undefined> {
  const extension = vscode.extensions.getExtension<PythonExtension>(PVSC_EXTENSION_ID);
  if (!extension) return undefined;
  const source = 'selected in the Python extension';
  try {
    const python = await inTime(readyMs, async () => {
      const api = extension.isActive ? extension.exports : await extension.activate();
      await api.ready;
      return api;
    });
    const resource = scope.file ? vscode.Uri.file(scope.file) : scope.folder?.uri;
    const active = python.environments.getActiveEnvironmentPath(resource);
    const environment = await python.environments.resolveEnvironment(active);
    const executable = environment?.executable.uri?.fsPath;
    if (executable) return { path: executable, source };
    getLog().warn(`The Python extension's interpreter ${active.path} could not be resolved.`);
    // It answers with a bare command when nothing is selected. A path was chosen, even if nothing is there any more.
    return path.isAbsolute(active.path) ? { path: active.path, source } : undefined;
  } catch (error) {
    if (error instanceof UserError) throw error;
    say(
      'warning',
      `The Python extension could not be asked for its interpreter: ${describe(error).replace(/\.$/, '')}. A virtual environment in the folder or else python3 is used; set lineheat.interpreter to choose another.`,
    );
  }
  return undefined;
}

/** Throws a UserError when it takes longer than `milliseconds`. */
async function inTime<Value>(milliseconds: number, work: () => Promise<Value>): Promise<Value> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      const message = `The Python extension did not start within ${milliseconds / 1000} s, so its interpreter is not known. Try again, or set lineheat.interpreter.`;
      reject(new UserError(message));
    }, milliseconds);
  });
  try {
    return await Promise.race([work(), late]);
  } finally {
    clearTimeout(timer);
  }
}

async function virtualEnvironments({ folder, file }: Scope): Promise<Interpreter[]> {
  const root = folder?.uri.fsPath;
  const found: Interpreter[] = [];
  for (const directory of foldersUpTo(file ? path.dirname(file) : root, root)) {
    for (const name of ['.venv', 'venv', 'env']) {
      const environment = path.join(directory, name);
      const executable =
        process.platform === 'win32'
          ? path.join(environment, 'Scripts', 'python.exe')
          : path.join(environment, 'bin', 'python');
      if (!(await exists(path.join(environment, 'pyvenv.cfg')))) continue;
      if (await exists(executable))
        found.push({ path: executable, source: `${name} in ${directory}` });
    }
  }
  return found;
}

/** The folder itself and those above it, up to root; only the folder itself when it is not inside root. */
function foldersUpTo(start: string | undefined, root: string | undefined): string[] {
  if (start === undefined) return [];
  const inside = root !== undefined && !path.relative(root, start).startsWith('..');
  const folders = [start];
  for (let at = start; inside && at !== root && path.dirname(at) !== at;) {
    at = path.dirname(at);
    folders.push(at);
  }
  return folders;
}

async function exists(file: string): Promise<boolean> {
  return fs.access(file).then(
    () => true,
    () => false,
  );
}
