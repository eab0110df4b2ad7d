import * as os from 'node:os';
import * as path from 'node:path';
import * as vscode from 'vscode';
import { UserError, type Action } from '../messages';

/** What variables (`${…}`) in settings and launch configurations refer to. */
export interface Scope {
  folder: vscode.WorkspaceFolder | undefined;
  /** Absolute path of the file concerned, if there is one. */
  file: string | undefined;
}

/** Where a text with variables is written: its name in messages, and a button that leads there. */
export interface Place {
  name: string;
  open: Action;
}

/** A setting of this extension, by its name without `lineheat.`, as the place where a text is written. */
export function settingPlace(setting: string): Place {
  const key = `lineheat.${setting}`;
  return {
    name: `The setting ${key}`,
    open: {
      title: 'Open Settings',
      run: () => vscode.commands.executeCommand('workbench.action.openSettings', key),
    },
  };
}

/** The scope of a file; without one, of the first workspace folder. */
export function scopeOf(uri?: vscode.Uri): Scope {
  const workspace = vscode.workspace;
  const folder = uri ? workspace.getWorkspaceFolder(uri) : workspace.workspaceFolders?.[0];
  return { folder, file: uri?.fsPath };
}

/**
 * Replaces variables such as `${workspaceFolder}`, `${fileDirname}` and `${env:NAME}`. Outside a workspace folder,
 * `${workspaceFolder}` is the folder of the file. An environment variable that is not set is empty; for any other variable
 * without a value, throws a UserError.
 */
export function expand(text: string, scope: Scope, place: Place): string {
  return text.replace(/\$\{([^}]*)\}/g, (whole: string, name: string) => {
    if (name.startsWith('env:')) return process.env[name.slice(4)] ?? '';
    const value = name.startsWith('workspaceFolder:')
      ? namedFolder(name.slice('workspaceFolder:'.length))
      : variable(name, scope);
    if (value === undefined) {
      const why = /^(?:command|input):/.test(name)
        ? 'which only VS Code’s debugger asks for'
        : 'which has no value here';
      const message = `${place.name} holds ${whole}, ${why}. Replace it by a fixed text.`;
      throw new UserError(message, place.open);
    }
    return value;
  });
}

function variable(name: string, { folder, file }: Scope): string | undefined {
  const root = folder?.uri.fsPath ?? (file && path.dirname(file));
  switch (name) {
    case 'workspaceFolder':
    case 'workspaceRoot':
      return root;
    case 'workspaceFolderBasename':
      return root && path.basename(root);
    case 'userHome':
      return os.homedir();
    case 'pathSeparator':
    case '/':
      return path.sep;
    case 'file':
      return file;
    case 'fileDirname':
      return file && path.dirname(file);
    case 'fileBasename':
      return file && path.basename(file);
    case 'fileBasenameNoExtension':
      return file && path.parse(file).name;
    case 'fileExtname':
      return file && path.extname(file);
    case 'relativeFile':
      return file && root && path.relative(root, file);
    case 'relativeFileDirname':
      return file && root && path.relative(root, path.dirname(file));
    case 'cwd':
      return root;
    default:
      return undefined;
  }
}

function namedFolder(name: string): string | undefined {
  return vscode.workspace.workspaceFolders?.find((folder) => folder.name === name)?.uri.fsPath;
}
