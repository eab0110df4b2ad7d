/** Finds the file that `run` runs, and its Python: a file in the folder, or a console script such as `pytest` on the PATH. */
import { closeSync, constants, fstatSync, openSync, readSync, realpathSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { plainText } from '../../recording/plain';
import { locate, type Candidate } from '../launch/interpreter';
import { isRaw, rawPath } from '../rawText';
import { isPythonName } from '../launch/pythonOptions';

/** Bytes: more than the kernel reads of a first line, so that a second one of an installer is among them. */
const firstBytes = 2048;

export type Script =
  | {
      ok: true;
      /** Path to run. */
      program: string;
      /** The interpreter that its first line names; undefined when any Python will do. */
      interpreter: Candidate | undefined;
      /** Options of the interpreter in the first line. */
      options: string[];
    }
  | { ok: false; message: string };

/** Finds the script from this process's folder, `cwd`. A path that does not exist is returned as it is: planRun reports it. */
export function findScript(name: string, cwd: string, env: NodeJS.ProcessEnv): Script {
  const here = readStart(name);
  // Python itself runs folders and zip files, and the first line of a .py file is for the shell only.
  if (here !== undefined) {
    return /\.(pyw?|pyz|zip)$/.test(name) ? plain(name) : scriptOf(name, here);
  }
  if (name.includes('/') || name.endsWith('.py') || isRaw(name)) return plain(name);
  const places = [
    ...(env['VIRTUAL_ENV'] ? [join(env['VIRTUAL_ENV'], 'bin', name)] : []),
    join(cwd, '.venv', 'bin', name),
    name,
  ];
  const found = places.map((place) => locate(place, cwd, env)).find((path) => path !== undefined);
  if (found === undefined) {
    if (readStart(`${name}.py`) !== undefined) {
      return {
        ok: false,
        message: `There is no file ${name} in this folder; did you mean ${name}.py?`,
      };
    }
    return {
      ok: false,
      message: `There is no file ${plainText(name)} in this folder, and no command of that name; to run a module, write -m ${plainText(name)}.`,
    };
  }
  return scriptOf(found, readStart(found) ?? '', name);
}

function plain(program: string): Script {
  return { ok: true, program, interpreter: undefined, options: [] };
}

/** Decides how a file runs, by its first bytes. `typed`: how the user named the file. */
function scriptOf(name: string, start: string, typed = name): Script {
  if (start.startsWith('\u007fELF')) return notPython(typed, typed === name, 'it is compiled');
  const line = interpreterLine(start, name);
  if (!line) return plain(name);
  if (!isPythonName(line.command)) {
    return notPython(typed, typed === name, `its first line names ${plainText(line.command)}`);
  }
  // `env python3` is whichever Python is found: the same that a file without such a line would get.
  const anyPython = line.isSearched && /^python3?$/.test(line.command);
  return {
    ok: true,
    program: name,
    interpreter: anyPython
      ? undefined
      : { path: line.command, source: `the first line of ${plainText(basename(name))}` },
    options: line.options,
  };
}

function notPython(name: string, isHere: boolean, why: string): Script {
  const shown = plainText(name);
  // A file of this folder is no command by its bare name.
  const command = isHere && !name.includes('/') ? `./${shown}` : shown;
  return {
    ok: false,
    message: `${shown} is not a Python program: ${why}. To run it, and measure the Python programs that it starts, write: lineheat run --exec ${command} …`,
  };
}

interface InterpreterLine {
  command: string;
  /** Whether the command is searched on the PATH. */
  isSearched: boolean;
  options: string[];
}

/** The interpreter in the first line of a script, or in the second, where the first names a shell that only starts it. */
export function interpreterLine(start: string, path: string): InterpreterLine | undefined {
  const [first = '', second = ''] = start.split('\n', 2);
  if (!first.startsWith('#!')) return undefined;
  const [command = '', ...rest] = first.slice(2).trim().split(/\s+/);
  if (basename(command) === 'env') {
    const [name = '', ...options] = rest.filter((word) => word !== '-S');
    return { command: name, isSearched: true, options };
  }
  if (basename(command) === 'sh') return shellLine(second, path) ?? { command, ...plainCommand };
  // The kernel passes all that follows as one word.
  return { command, isSearched: false, options: rest.length > 0 ? [rest.join(' ')] : [] };
}

/** A command by its path, without options. */
const plainCommand = { isSearched: false, options: [] };

/** `'''exec' /a/long/path/python "$0" "$@"`: installers write it where the path is too long for a first line. */
function shellLine(line: string, path: string): InterpreterLine | undefined {
  const absolute = /^'''exec' ("?)(\/.+?)\1((?: -\w+)*) "\$0" "\$@"/.exec(line);
  if (absolute) {
    const [, , command = '', options = ''] = absolute;
    return { command, isSearched: false, options: options.split(' ').filter(Boolean) };
  }
  const beside = /^'''exec' "\$\(dirname.*"\$0"\)"\)"\/'?([\w.]+)'? "\$0" "\$@"/.exec(line);
  if (!beside) return undefined;
  return { command: join(dirname(realPath(path)), beside[1]!), ...plainCommand };
}

function realPath(path: string): string {
  try {
    return realpathSync.native(path);
  } catch {
    return path;
  }
}

/** The first bytes of a regular file; empty for anything else, undefined where there is nothing. */
function readStart(path: string): string | undefined {
  let fd: number;
  try {
    fd = openSync(rawPath(path), constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT' ? undefined : '';
  }
  try {
    if (!fstatSync(fd).isFile()) return '';
    const bytes = Buffer.alloc(firstBytes);
    return bytes.toString('utf8', 0, readSync(fd, bytes, 0, firstBytes, 0));
  } catch {
    return '';
  } finally {
    closeSync(fd);
  }
}
