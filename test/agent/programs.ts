/** Starting Python programs: bare, under the agent alone, or through the command line tool. */
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { agentEnvironment } from '../../protocol/agentEnvironment';
import type { Report } from './report';

const root = join(__dirname, '../..');
export const agent = join(root, 'dist', 'agent', `linux-${process.arch}`, 'liblineheat.so');
export const tool = join(root, 'dist', 'cli.js');
const deadlineMs = 90_000;

export interface Ended {
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}

export interface Options {
  env?: Record<string, string>;
  input?: string;
  cwd?: string;
  /** How long it may take, when that is longer than usual. */
  deadlineMs?: number;
  /** Called with everything printed so far, and the process. */
  during?: (stdout: string, child: ChildProcess) => void;
}

/** Path of a program in test/agent/programs. */
export function program(name: string): string {
  return join(__dirname, 'programs', name);
}

/** The line of a program that carries the comment `# mark: NAME`. */
export function mark(path: string, name: string): number {
  const lines = readFileSync(path, 'utf8').split('\n');
  const at = lines.findIndex((line) => line.endsWith(`# mark: ${name}`));
  if (at < 0) throw new Error(`${path} has no line marked ${name}.`);
  return at + 1;
}

/** This process's environment without what would change how a Python program or the agent behaves. */
export function cleanEnvironment(more: Record<string, string> = {}): Record<string, string> {
  const kept = Object.entries(process.env).filter(
    ([name]) => !/^(PYTHON|LINEHEAT|LD_|VIRTUAL_ENV|NODE_|VITEST|PYENV_VERSION)/.test(name),
  );
  return { ...(Object.fromEntries(kept) as Record<string, string>), ...more };
}

/** Runs a command to its end, whatever that is. Kills it, and throws, when it does not come. */
export function run(command: string, args: string[], options: Options = {}): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: options.cwd, env: cleanEnvironment(options.env) });
    let stdout = '';
    let stderr = '';
    let expired = false;
    const allowedMs = options.deadlineMs ?? deadlineMs;
    const timer = setTimeout(() => {
      expired = true;
      child.kill('SIGKILL');
    }, allowedMs);
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
      options.during?.(stdout, child);
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    child.stdin.on('error', () => undefined);
    child.stdin.end(options.input ?? '');
    child.on('error', reject);
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      const what = [command, ...args].join(' ');
      if (expired) reject(new Error(`${what} did not end in ${allowedMs} ms.\n${stderr}`));
      else resolve({ code, signal, stdout, stderr });
    });
  });
}

/** A folder that is gone after the test; see `folders`. */
export class Folders {
  readonly #made: string[] = [];

  make(): string {
    const folder = mkdtempSync(join(tmpdir(), 'lineheat-agent-'));
    this.#made.push(folder);
    return folder;
  }

  clear(): void {
    for (const folder of this.#made.splice(0)) rmSync(folder, { recursive: true, force: true });
  }
}

/** The environment that puts a program under the agent, recording to runDir. */
export function underAgent(
  runDir: string,
  more: Record<string, string> = {},
): Record<string, string> {
  return {
    ...agentEnvironment({ agent, runDir, intervalUs: 1000, memory: true }, {}),
    ...more,
  };
}

/** Paths of a run directory's recordings. */
export function recordings(runDir: string): string[] {
  return readdirSync(runDir)
    .filter((name) => name.endsWith('.lsp'))
    .map((name) => join(runDir, name));
}

/** `lineheat show` on a recording: what it says, and its report when there is one. */
export async function show(
  recording: string,
  folder: string,
): Promise<Ended & { report: Report | undefined }> {
  const json = join(mkdtempSync(join(folder, 'show-')), 'report.json');
  const ended = await run(process.execPath, [tool, 'show', recording, '--json', json]);
  return { ...ended, report: ended.code === 0 ? readReport(json) : undefined };
}

/** `lineheat run`: the program's own ending, and the report. */
export async function profile(
  python: string,
  args: string[],
  folder: string,
  options: Options = {},
): Promise<Ended & { report: Report }> {
  const json = join(mkdtempSync(join(folder, 'run-')), 'report.json');
  const words = [tool, 'run', '--json', json, '--python', python, ...args];
  const ended = await run(process.execPath, words, options);
  try {
    return { ...ended, report: readReport(json) };
  } catch {
    throw new Error(`lineheat run wrote no report (exit ${ended.code}):\n${ended.stderr}`);
  }
}

function readReport(path: string): Report {
  return JSON.parse(readFileSync(path, 'utf8')) as Report;
}
