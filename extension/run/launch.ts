import * as path from 'node:path';
import * as vscode from 'vscode';
import { activationEnv } from './activation';
import { readEnvFile } from './envFile';
import { findInterpreters, interpreterSetting, type Interpreter } from './interpreter';
import { openLaunchJson } from './launchJson';
import { UserError } from '../messages';
import { runSettings, type RunSettings } from '../settings';
import { expand, scopeOf, settingPlace, type Place, type Scope } from './variables';

/** A program to start, with everything expanded and made absolute. */
export interface Launch {
  /** What messages call it: its name, or that of the file or module. */
  label: string;
  /** What the run is called; undefined: as its program. */
  name?: string;
  program: string;
  /** The file that the user looks at; undefined where a module runs. */
  file: string | undefined;
  module: boolean;
  /** The tests in the file are run, not the file itself. */
  tests?: boolean;
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
    file: uri.fsPath,
    module: false,
    args: args ?? settings.args.map((arg) => expand(arg, scope, settingPlace('args'))),
    intervalUs: settings.intervalUs,
    memory: settings.memory,
    ...(await surroundings(settings, chosenInSettings(settings), scope, settingPlace)),
  };
}

/** A run of the tests in one file. The setting lineheat.args is not for them: it is for programs. */
export async function launchOfTests(uri: vscode.Uri): Promise<Launch> {
  const name = `Tests in ${path.basename(uri.fsPath)}`;
  return { ...(await launchOfFile(uri, [])), label: name, name, tests: true };
}

/** A run as a launch configuration of type python or debugpy describes it, without the debugger. */
export async function launchOfConfiguration(
  configuration: vscode.DebugConfiguration,
  folder: vscode.WorkspaceFolder,
  activeFile: vscode.Uri | undefined,
): Promise<Launch> {
  const where = `The launch configuration "${configuration.name}"`;
  const open = openLaunchJson(configuration.name, folder);
  const place = { name: where, open };
  const scope: Scope = { folder, file: activeFile?.fsPath };
  const text = (key: string): string => {
    const value: unknown = configuration[key];
    return typeof value === 'string' ? expand(value, scope, place) : '';
  };
  const module = text('module');
  const program = module || text('program');
  if (program === '') {
    throw new UserError(
      `${where} names neither a program nor a module. Add one of them to launch.json, or profile the file itself.`,
      open,
    );
  }
  const settings = runSettings(folder.uri);
  const args: unknown = configuration['args'];
  const env: unknown = configuration['env'];
  const python = [configuration['python'], configuration['pythonPath']].find(
    (value): value is string =>
      // The command stands for the interpreter that is selected, which is used without it as well.
      typeof value === 'string' && value !== '' && value !== '${command:python.interpreterPath}',
  );
  const chosen: Chosen =
    python === undefined
      ? chosenInSettings(settings)
      : { path: python, source: `the launch configuration "${configuration.name}"`, place };
  const asked: Surroundings = {
    cwd: text('cwd'),
    env: typeof env === 'object' && env !== null ? strings(env) : {},
    envFile: text('envFile') || defaultEnvFile,
  };
  const prepared = await surroundings(asked, chosen, scope, (name) => ({
    name: `${where}: ${name}`,
    open,
  }));
  const absolute = module || path.resolve(prepared.cwd, program);
  return {
    label: configuration.name,
    name: configuration.name,
    program: absolute,
    file: module === '' ? absolute : undefined,
    module: module !== '',
    args: (typeof args === 'string' ? splitArguments(args) : Array.isArray(args) ? args : []).map(
      (arg) => expand(String(arg), scope, place),
    ),
    intervalUs: settings.intervalUs,
    memory: settings.memory,
    ...prepared,
  };
}

/** The interpreter that a setting or a configuration names, and where that is written. */
type Chosen = Interpreter & { place: Place };

function chosenInSettings({ interpreter }: RunSettings): Chosen {
  return {
    path: interpreter,
    source: interpreterSetting,
    place: settingPlace('interpreter'),
  };
}

type Surroundings = Pick<RunSettings, 'cwd' | 'env' | 'envFile'>;

async function surroundings(
  settings: Surroundings,
  chosen: Chosen,
  scope: Scope,
  placeOf: (name: string) => Place,
): Promise<Pick<Launch, 'cwd' | 'env' | 'interpreters' | 'folder'>> {
  const root =
    scope.folder?.uri.fsPath ?? (scope.file && path.dirname(scope.file)) ?? process.cwd();
  const resolve = (value: string, name: string) =>
    path.resolve(root, expand(value, scope, placeOf(name)));
  const interpreters = await findInterpreters(chosen, scope);
  const own = Object.entries(settings.env).map(([name, value]) => [
    name,
    expand(value, scope, placeOf('env')),
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
