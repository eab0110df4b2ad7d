/** Everything needed to start a program under the agent, or one sentence saying why it cannot be started. */
import { createHash } from 'node:crypto';
import * as fs from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { basename, dirname, isAbsolute, join, resolve } from 'node:path';
import { agentEnvironment } from '../../protocol/agentEnvironment';
import type { PlanRunParams, PlanRunResult } from '../../protocol/lsp';
import { plainText } from '../../recording/plain';
import { agentArchitecture, findInterpreter, locate, unsupported } from './interpreter';
import { isRaw, rawPath } from '../rawText';
import { testRunner } from './testRunner';

const lowSpaceBytes = 256 * 1024 * 1024;

/** The description of a run that is written beside its recordings. */
export interface RunFile {
  program: string;
  /** What the run is called; missing: as its program. */
  name?: string;
  module: boolean;
  args: string[];
  cwd: string;
  interpreter: string;
  startedUnixMs: number;
}
export const runFileName = 'run.json';

/** How a program is named: a file, `-m`, `-c`, `-` for standard input, or any command, which may start Python. */
export type ProgramForm = 'script' | 'module' | 'code' | 'input' | 'command';

/** What programs without a name are called. */
const programNames: { [form in ProgramForm]?: string } = { code: 'python -c', input: 'python -' };

/** What is to be run: what an editor asks for, and what only the command line can ask for. */
export interface RunRequest extends PlanRunParams {
  /** Missing: `module` tells a module from a script. */
  form?: ProgramForm;
  /** Options of the interpreter. */
  options?: string[];
}

/** A reason not to start; its message is the sentence for the user. */
class CannotRun extends Error {
  constructor(
    message: string,
    readonly code?: 'noTestRunner' | 'badInterpreter',
  ) {
    super(message);
  }
}

/**
 * Plans a run. `distFolder` is where the built server lives, with the agent beside it in `agent/`.
 * `hostEnv` is the environment the program would inherit; `params.env` comes on top of it.
 */
export async function planRun(
  params: RunRequest,
  distFolder: string,
  hostEnv: NodeJS.ProcessEnv = process.env,
): Promise<PlanRunResult> {
  try {
    const env = { ...hostEnv, ...params.env };
    const form = params.form ?? (params.module ? 'module' : 'script');
    await checkFolder(params.cwd);
    if (form === 'script') await checkScript(params.program, params.cwd);
    const found = await findProgram(params, form, env);
    const agent = await findAgent(distFolder, found.machine);
    const runDir = await makeRunFolder(params);
    await describeRun(runDir, params, form, found.command);
    return {
      ok: true,
      run: basename(runDir),
      runDir,
      command: found.command,
      args: [...found.args, ...params.args],
      cwd: params.cwd,
      env: {
        ...params.env,
        ...agentEnvironment(
          { agent, runDir, intervalUs: params.intervalUs, memory: params.memory },
          env,
        ),
      },
      pythonVersion: found.pythonVersion,
      warnings: await spaceWarnings(runDir),
    };
  } catch (error) {
    if (error instanceof CannotRun) {
      const { message, code } = error;
      return { ok: false, message, ...(code && { code }) };
    }
    throw error;
  }
}

interface Found {
  command: string;
  /** Arguments before the program's own. */
  args: string[];
  machine: string;
  pythonVersion: string;
}

/** What to start: the interpreter with its options and the program's name, or a command as it is. */
async function findProgram(
  { program, options = [], interpreters, cwd, tests }: RunRequest,
  form: ProgramForm,
  env: NodeJS.ProcessEnv,
): Promise<Found> {
  if (form === 'command') {
    const place = isRaw(program) ? program : locate(program, cwd, env);
    if (place === undefined) {
      const there =
        program.includes('/') && (await fs.stat(resolve(cwd, program)).catch(() => false));
      throw new CannotRun(
        there
          ? `${plainText(program)} cannot be executed. Change its permissions (chmod +x), or name the program that runs it.`
          : `There is no command ${plainText(program)}. Check its name, or write its path.`,
      );
    }
    // The command as the user named it, because a program may look at its own name.
    return { command: program, args: [], machine: '', pythonVersion: '' };
  }
  const found = await findInterpreter(interpreters, cwd, env);
  if (!found.ok) throw new CannotRun(found.message, 'badInterpreter');
  const { path, machine, versionText } = found.interpreter;
  const problem = unsupported(found.interpreter);
  if (problem) throw new CannotRun(problem, 'badInterpreter');
  if (tests) {
    const runner = await testRunner(path, program, cwd, env);
    if (!runner) {
      throw new CannotRun(
        `${path} has no pytest to run the tests of ${plainText(basename(program))} with. Install it (python -m pip install pytest), or profile the file itself.`,
        'noTestRunner',
      );
    }
    return { command: path, args: runner, machine, pythonVersion: versionText };
  }
  const named = {
    script: [program],
    module: ['-m', program],
    code: ['-c', program],
    input: ['-'],
  }[form];
  return { command: path, args: [...options, ...named], machine, pythonVersion: versionText };
}

async function checkFolder(cwd: string): Promise<void> {
  const info = await fs.stat(cwd).catch(() => undefined);
  if (!info?.isDirectory()) {
    throw new CannotRun(
      `The working folder ${cwd} ${info ? 'is not a folder' : 'does not exist'}. Change the setting lineheat.cwd.`,
    );
  }
}

async function checkScript(program: string, cwd: string): Promise<void> {
  // The kernel resolves links before `..`, so the path is not normalized.
  const path = isAbsolute(program) ? program : `${cwd}/${program}`;
  const shown = plainText(resolve(path));
  const info = await fs.stat(rawPath(path)).catch(() => undefined);
  if (!info)
    throw new CannotRun(`${shown} does not exist. Save the file first, or check its name.`);
  // Python runs a folder or a zip file that holds __main__.py.
  const target = info.isDirectory() ? join(path, '__main__.py') : path;
  const readable = await fs.access(rawPath(target), fs.constants.R_OK).then(
    () => true,
    () => false,
  );
  if (readable) return;
  throw new CannotRun(
    info.isDirectory()
      ? `${shown} is a folder without a __main__.py. Name the Python file to run.`
      : `${shown} cannot be read. Change its permissions.`,
  );
}

/** Without a `machine`, the agent is the one for this process's own processor. */
async function findAgent(distFolder: string, machine: string): Promise<string> {
  const architecture = agentArchitecture({ machine }) ?? `linux-${process.arch}`;
  const agent = join(distFolder, 'agent', architecture, 'liblineheat.so');
  const exists = await fs.access(agent, fs.constants.R_OK).then(
    () => true,
    () => false,
  );
  if (!exists) {
    throw new CannotRun(
      `The native engine is missing: ${agent} does not exist. Run "npm run build" in the Lineheat checkout, or install Lineheat again.`,
    );
  }
  return /[\s:]/.test(agent) ? await linkWithoutSpaces(agent) : agent;
}

/** LD_PRELOAD cannot name a path with a space or a colon, so such an agent is loaded through a link. */
async function linkWithoutSpaces(agent: string): Promise<string> {
  const name = `lineheat-${userInfo().uid}-${createHash('sha256').update(agent).digest('hex').slice(0, 12)}`;
  const folder = join(/[\s:]/.test(tmpdir()) ? '/tmp' : tmpdir(), name);
  const link = join(folder, 'liblineheat.so');
  try {
    await fs.mkdir(folder, { mode: 0o700, recursive: true });
    const owner = await fs.lstat(folder);
    if (!owner.isDirectory() || owner.uid !== userInfo().uid)
      throw new Error('it belongs to someone else');
    await fs.rm(link, { force: true });
    await fs.symlink(agent, link);
    return link;
  } catch (error) {
    throw new CannotRun(
      `The native engine lies in a folder whose name has a space or a colon (${agent}), which the dynamic loader cannot take, and a link to it could not be made in ${folder}: ${messageOf(error)}. Install Lineheat in another folder, or set TMPDIR to a writable one.`,
    );
  }
}

async function makeRunFolder(params: RunRequest): Promise<string> {
  const program = basename(programNames[params.form ?? 'script'] ?? params.program)
    .replace(/\.py$/, '')
    .replace(/[^\w.-]+/g, '_')
    .slice(0, 40);
  const stamp = new Date().toISOString().slice(0, 19).replace(/[-:]/g, '').replace('T', '-');
  try {
    await makeFolders(params.storage);
    const folder = await fs.mkdtemp(join(params.storage, `${stamp}-${program}-`));
    const test = join(folder, 'write-test');
    await fs.writeFile(test, 'lineheat');
    await fs.rm(test);
    return folder;
  } catch (error) {
    throw new CannotRun(
      `The recording cannot be written to ${params.storage}: ${messageOf(error)}. Make the folder writable, or choose another one with the setting lineheat.storageFolder.`,
    );
  }
}

/** Without mkdir's option `recursive`, which never returns where a parent can neither be made nor be found, as in /proc. */
async function makeFolders(path: string): Promise<void> {
  try {
    await fs.mkdir(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') return;
    if (code !== 'ENOENT' || dirname(path) === path) throw error;
    await makeFolders(dirname(path));
    await fs.mkdir(path).catch((again: NodeJS.ErrnoException) => {
      if (again.code !== 'EEXIST') throw again;
    });
  }
}

/** Gives the run a name before its first sample, and when it is opened much later. */
async function describeRun(
  runDir: string,
  params: RunRequest,
  form: ProgramForm,
  interpreter: string,
): Promise<void> {
  const description: RunFile = {
    program: programNames[form] ?? params.program,
    ...(params.name === undefined ? {} : { name: params.name }),
    module: form === 'module',
    args: params.args,
    cwd: params.cwd,
    interpreter,
    startedUnixMs: Date.now(),
  };
  await fs.writeFile(join(runDir, runFileName), JSON.stringify(description));
}

async function spaceWarnings(folder: string): Promise<string[]> {
  const disk = await fs.statfs(folder).catch(() => undefined);
  if (!disk) return [];
  const free = disk.bavail * disk.bsize;
  if (free >= lowSpaceBytes) return [];
  return [
    `Only ${Math.floor(free / 1024 / 1024)} MB are free where recordings are kept (${folder}); a long run may stop recording early. Free some space.`,
  ];
}

/** `EACCES: permission denied, mkdir '/x'` → `permission denied`. */
function messageOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.replace(/^[A-Z]+: /, '').replace(/, \w+ '.*$/, '');
}
