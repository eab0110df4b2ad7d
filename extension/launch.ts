import * as path from 'node:path';
import * as vscode from 'vscode';
import { readEnvFile } from './envFile';
import {
  activationEnv,
  findInterpreters,
  interpreterSetting,
  type Interpreter,
} from './interpreter';
import { UserError } from './messages';
import { runSettings, type RunSettings } from './settings';
import { expand, scopeOf, type Scope } from './variables';

/** A program to start, with everything expanded and made absolute. */
export interface Launch {
  /** File name or module name, for messages. */
  label: string;
  program: string;
  module: boolean;
  args: string[];
  cwd: string;
  env: Record<string, string>;
  interpreters: Interpreter[];
  intervalUs: number;
  memory: boolean;
  folder: vscode.WorkspaceFolder | undefined;
}

const defaultEnvFile = '${workspaceFolder}/.env';

/** A run of one Python file by the settings that apply to it. `args` replaces the setting. */
export async function launchOfFile(uri: vscode.Uri, args?: string[]): Promise<Launch> {
  const scope = scopeOf(uri);
  const settings = runSettings(uri);
  return {
    label: path.basename(uri.fsPath),
    program: uri.fsPath,
    module: false,
    args: args ?? settings.args.map((arg) => expand(arg, scope, 'The setting linescope.args')),
    intervalUs: settings.intervalUs,
    memory: settings.memory,
    ...(await surroundings(
      settings,
      { path: settings.interpreter, source: interpreterSetting },
      scope,
      'The setting linescope.',
    )),
  };
}

/** A run as a launch configuration of type python or debugpy describes it, without the debugger. */
export async function launchOfConfiguration(
  configuration: vscode.DebugConfiguration,
  folder: vscode.WorkspaceFolder,
  activeFile: vscode.Uri | undefined,
): Promise<Launch> {
  const where = `The launch configuration "${configuration.name}"`;
  const scope: Scope = { folder, file: activeFile?.fsPath };
  const text = (key: string): string => {
    const value: unknown = configuration[key];
    return typeof value === 'string' ? expand(value, scope, where) : '';
  };
  const module = text('module');
  const program = module || text('program');
  if (program === '') {
    throw new UserError(
      `${where} names neither a program nor a module. Add one of them to launch.json, or profile the file itself.`,
    );
  }
  const settings = runSettings(folder.uri);
  const args: unknown = configuration['args'];
  const env: unknown = configuration['env'];
  const python = [configuration['python'], configuration['pythonPath']].find(
    (value): value is string =>
      // This one is no choice of its own: it stands for what is selected, as leaving it out does.
      typeof value === 'string' && value !== '' && value !== '${command:python.interpreterPath}',
  );
  const chosen: Interpreter =
    python === undefined
      ? { path: settings.interpreter, source: interpreterSetting }
      : { path: python, source: `the launch configuration "${configuration.name}"` };
  const asked: Surroundings = {
    cwd: text('cwd'),
    env: typeof env === 'object' && env !== null ? strings(env) : {},
    envFile: text('envFile') || defaultEnvFile,
  };
  const around = await surroundings(asked, chosen, scope, `${where}: `);
  return {
    label: module || path.basename(program),
    program: module || path.resolve(around.cwd, program),
    module: module !== '',
    args: (typeof args === 'string' ? splitArguments(args) : Array.isArray(args) ? args : []).map(
      (arg) => expand(String(arg), scope, where),
    ),
    intervalUs: settings.intervalUs,
    memory: settings.memory,
    ...around,
  };
}

type Surroundings = Pick<RunSettings, 'cwd' | 'env' | 'envFile'>;

async function surroundings(
  settings: Surroundings,
  chosen: Interpreter,
  scope: Scope,
  where: string,
): Promise<Pick<Launch, 'cwd' | 'env' | 'interpreters' | 'folder'>> {
  const root =
    scope.folder?.uri.fsPath ?? (scope.file && path.dirname(scope.file)) ?? process.cwd();
  const resolve = (value: string, name: string) =>
    path.resolve(root, expand(value, scope, `${where}${name}`));
  const interpreters = await findInterpreters(chosen, scope);
  const own = Object.entries(settings.env).map(([name, value]) => [
    name,
    expand(value, scope, `${where}env`),
  ]);
  return {
    cwd: settings.cwd === '' ? root : resolve(settings.cwd, 'cwd'),
    env: {
      ...(await activationEnv(interpreters[0]?.path ?? '')),
      ...(settings.envFile === ''
        ? {}
        : await readEnvFile(
            resolve(settings.envFile, 'envFile'),
            settings.envFile !== defaultEnvFile,
          )),
      ...(Object.fromEntries(own) as Record<string, string>),
    },
    interpreters,
    folder: scope.folder,
  };
}

function strings(record: object): Record<string, string> {
  const entries = Object.entries(record).filter(([, value]) => value !== null);
  return Object.fromEntries(entries.map(([name, value]) => [name, String(value)]));
}

/** Splits a command line at spaces, as a shell would with quotes and backslashes. Throws when a quote is not closed. */
export function splitArguments(line: string): string[] {
  const args: string[] = [];
  let current: string | undefined;
  let quote = '';
  for (let at = 0; at < line.length; at++) {
    const character = line.charAt(at);
    if (quote !== "'" && character === '\\' && at + 1 < line.length) {
      current = (current ?? '') + line.charAt(++at);
    } else if (quote !== '') {
      if (character === quote) quote = '';
      else current = (current ?? '') + character;
    } else if (character === '"' || character === "'") {
      quote = character;
      current ??= '';
    } else if (/\s/.test(character)) {
      if (current !== undefined) args.push(current);
      current = undefined;
    } else {
      current = (current ?? '') + character;
    }
  }
  if (quote !== '') {
    throw new UserError(`The arguments end inside a ${quote} quote. Close it or remove it.`);
  }
  if (current !== undefined) args.push(current);
  return args;
}
