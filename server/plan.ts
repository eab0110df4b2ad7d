/** Everything needed to start a program under the agent, or one sentence saying why it cannot be started. */
import { createHash } from 'node:crypto';
import * as fs from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { basename, dirname, isAbsolute, join, resolve } from 'node:path';
import { agentEnvironment } from '../protocol/agentEnvironment';
import type { PlanRunParams, PlanRunResult } from '../protocol/lsp';
import { agentArchitecture, findInterpreter, unsupported, type Interpreter } from './interpreter';

const lowSpaceBytes = 256 * 1024 * 1024;

/** What the plan notes down beside the recordings. */
export interface RunFile {
  program: string;
  module: boolean;
  args: string[];
  cwd: string;
  interpreter: string;
  startedUnixMs: number;
}
export const runFileName = 'run.json';

/** A reason not to start; its message is the sentence for the user. */
class CannotRun extends Error {}

/**
 * Plans a run. `distFolder` is where the built server lives, with the agent beside it in `agent/`.
 * `hostEnv` is the environment the program would inherit; `params.env` comes on top of it.
 */
export async function planRun(
  params: PlanRunParams,
  distFolder: string,
  hostEnv: NodeJS.ProcessEnv = process.env,
): Promise<PlanRunResult> {
  try {
    const env = { ...hostEnv, ...params.env };
    await checkFolder(params.cwd);
    if (!params.module) await checkScript(params.program, params.cwd);
    const found = await findInterpreter(params.interpreters, params.cwd, env);
    if (!found.ok) return found;
    const { interpreter } = found;
    const problem = unsupported(interpreter);
    if (problem) return { ok: false, message: problem };
    const agent = await findAgent(distFolder, interpreter);
    const runDir = await makeRunFolder(params);
    await describeRun(runDir, params, interpreter);
    const command = params.module ? ['-m', params.program] : [params.program];
    return {
      ok: true,
      run: basename(runDir),
      runDir,
      command: interpreter.path,
      args: [...command, ...params.args],
      cwd: params.cwd,
      env: {
        ...params.env,
        ...agentEnvironment(
          { agent, runDir, intervalUs: params.intervalUs, memory: params.memory },
          env,
        ),
      },
      pythonVersion: interpreter.versionText,
      warnings: await spaceWarnings(runDir),
    };
  } catch (error) {
    if (error instanceof CannotRun) return { ok: false, message: error.message };
    throw error;
  }
}

async function checkFolder(cwd: string): Promise<void> {
  const info = await fs.stat(cwd).catch(() => undefined);
  if (!info?.isDirectory()) {
    throw new CannotRun(
      `The working folder ${cwd} ${info ? 'is not a folder' : 'does not exist'}. Change the setting linescope.cwd.`,
    );
  }
}

async function checkScript(program: string, cwd: string): Promise<void> {
  const path = isAbsolute(program) ? program : resolve(cwd, program);
  const info = await fs.stat(path).catch(() => undefined);
  if (!info) throw new CannotRun(`${path} does not exist. Save the file first, or check its name.`);
  // Python runs a folder or a zip file that holds __main__.py.
  const target = info.isDirectory() ? join(path, '__main__.py') : path;
  const readable = await fs.access(target, fs.constants.R_OK).then(
    () => true,
    () => false,
  );
  if (readable) return;
  throw new CannotRun(
    info.isDirectory()
      ? `${path} is a folder without a __main__.py. Name the Python file to run.`
      : `${path} cannot be read. Change its permissions.`,
  );
}

async function findAgent(distFolder: string, interpreter: Interpreter): Promise<string> {
  const agent = join(distFolder, 'agent', agentArchitecture(interpreter) ?? '', 'liblinescope.so');
  const exists = await fs.access(agent, fs.constants.R_OK).then(
    () => true,
    () => false,
  );
  if (!exists) {
    throw new CannotRun(
      `The native engine is missing: ${agent} does not exist. Run "npm run build" in the Linescope checkout, or install Linescope again.`,
    );
  }
  return /[\s:]/.test(agent) ? await linkWithoutSpaces(agent) : agent;
}

/** LD_PRELOAD cannot name a path with a space or a colon, so such an agent is loaded through a link. */
async function linkWithoutSpaces(agent: string): Promise<string> {
  const name = `linescope-${userInfo().uid}-${createHash('sha256').update(agent).digest('hex').slice(0, 12)}`;
  const folder = join(/[\s:]/.test(tmpdir()) ? '/tmp' : tmpdir(), name);
  const link = join(folder, 'liblinescope.so');
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
      `The native engine lies in a folder whose name has a space or a colon (${agent}), which the dynamic loader cannot take, and a link to it could not be made in ${folder}: ${messageOf(error)}.`,
    );
  }
}

async function makeRunFolder(params: PlanRunParams): Promise<string> {
  const program = basename(params.program)
    .replace(/\.py$/, '')
    .replace(/[^\w.-]+/g, '_')
    .slice(0, 40);
  const stamp = new Date().toISOString().slice(0, 19).replace(/[-:]/g, '').replace('T', '-');
  try {
    await makeFolders(params.storage);
    const folder = await fs.mkdtemp(join(params.storage, `${stamp}-${program}-`));
    const test = join(folder, 'write-test');
    await fs.writeFile(test, 'linescope');
    await fs.rm(test);
    return folder;
  } catch (error) {
    throw new CannotRun(
      `The recording cannot be written to ${params.storage}: ${messageOf(error)}. Make the folder writable, or choose another one with the setting linescope.storageFolder.`,
    );
  }
}

/** Not mkdir's own `recursive`, which never returns where a parent can neither be made nor be found, as in /proc. */
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

/** So that the run has a name before its first sample, and still has one when it is opened much later. */
async function describeRun(
  runDir: string,
  params: PlanRunParams,
  interpreter: Interpreter,
): Promise<void> {
  const description: RunFile = {
    program: params.program,
    module: params.module ?? false,
    args: params.args,
    cwd: params.cwd,
    interpreter: interpreter.path,
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
    `Only ${Math.floor(free / 1024 / 1024)} MB are free where recordings are kept (${folder}); a long run may stop recording early.`,
  ];
}

/** `EACCES: permission denied, mkdir '/x'` → `permission denied`. */
function messageOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.replace(/^[A-Z]+: /, '').replace(/, \w+ '.*$/, '');
}
