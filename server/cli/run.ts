/** `linescope run`: starts the program under the agent, waits for it, and leaves everything of the program's to it. */
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { PlanRunResult } from '../../protocol/lsp';
import type { RunCommand } from './arguments';
import type { Candidate } from '../interpreter';
import { locate } from '../interpreter';
import { planRun } from '../plan';
import { Run } from '../run';

/** Closing waits this long for child processes that are just ending. */
const lastWordsMs = 500;

/** What came of a run; `exitCode` is the program's, 128 + signal when one killed it. */
export type Outcome =
  | { started: false; message: string }
  | {
      started: true;
      exitCode: number;
      signal: string | undefined;
      run: Run;
      keep(): string;
      dispose(): void;
    };

/** Runs a program to its end. `warn` takes sentences worth saying before it starts. */
export async function runProgram(
  command: RunCommand,
  distFolder: string,
  warn: (text: string) => void,
): Promise<Outcome> {
  const cwd = process.cwd();
  let storage: string;
  try {
    storage = mkdtempSync(join(tmpdir(), 'linescope-'));
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    const message = `A folder for the recording cannot be made in ${tmpdir()}: ${why}. Set TMPDIR to a writable folder.`;
    return { started: false, message };
  }
  const remove = (): void => rmSync(storage, { recursive: true, force: true });
  const plan = await planRun(
    {
      program: command.program,
      module: command.module,
      args: command.args,
      cwd,
      interpreters: interpreters(command.python, cwd),
      env: {},
      storage,
      intervalUs: command.intervalUs,
      memory: command.memory,
    },
    distFolder,
  );
  if (!plan.ok) {
    remove();
    return { started: false, message: plan.message };
  }
  plan.warnings.forEach(warn);
  const end = await execute(plan);
  if ('message' in end) {
    remove();
    return { started: false, message: end.message };
  }
  const run = Run.open(plan.runDir, true);
  run.programEnded();
  await readToEnd(run);
  return {
    started: true,
    exitCode: end.code ?? 128 + (constants.signals[end.signal ?? 'SIGKILL'] ?? 0),
    signal: end.signal ?? undefined,
    run,
    keep: () => plan.runDir,
    dispose: () => {
      run.close();
      remove();
    },
  };
}

/** Where a Python comes from when the user named none: what their shell would take. */
function interpreters(python: string | undefined, cwd: string): Candidate[] {
  if (python !== undefined) return [{ path: python, source: '--python' }];
  const active = process.env['VIRTUAL_ENV'];
  const local = join(cwd, '.venv', 'bin', 'python');
  return [
    ...(active ? [{ path: join(active, 'bin', 'python'), source: 'VIRTUAL_ENV' }] : []),
    ...(existsSync(local) ? [{ path: local, source: '.venv in this folder' }] : []),
    { path: 'python3', source: 'PATH' },
    ...(locate('python3', cwd, process.env) ? [] : [{ path: 'python', source: 'PATH' }]),
  ];
}

type End = { code: number | null; signal: NodeJS.Signals | null } | { message: string };

function execute(plan: Extract<PlanRunResult, { ok: true }>): Promise<End> {
  return new Promise((done) => {
    const child = spawn(plan.command, plan.args, {
      cwd: plan.cwd,
      env: { ...process.env, ...plan.env },
      stdio: 'inherit',
    });
    const forwarded: NodeJS.Signals[] = ['SIGTERM', 'SIGHUP', 'SIGUSR1', 'SIGUSR2'];
    const forward = (signal: NodeJS.Signals): void => void child.kill(signal);
    // Ctrl-C in a terminal reaches the program directly, because it is in the same process group; sending it
    // again would interrupt the program's own clean-up. Without a terminal nobody else passes it on.
    const interrupt = (signal: NodeJS.Signals): void => {
      if (!process.stdin.isTTY && !process.stderr.isTTY) forward(signal);
    };
    for (const signal of forwarded) process.on(signal, forward);
    for (const signal of ['SIGINT', 'SIGQUIT'] as const) process.on(signal, interrupt);
    const finish = (end: End): void => {
      for (const signal of forwarded) process.off(signal, forward);
      for (const signal of ['SIGINT', 'SIGQUIT'] as const) process.off(signal, interrupt);
      done(end);
    };
    child.on('error', (error) => {
      finish({ message: `${plan.command} could not be started: ${error.message}.` });
    });
    child.on('exit', (code, signal) => finish({ code, signal }));
  });
}

async function readToEnd(run: Run): Promise<void> {
  const deadline = Date.now() + lastWordsMs;
  for (;;) {
    const { behind } = run.poll();
    if (!behind && (run.ended || Date.now() > deadline)) return;
    if (!behind) await new Promise((wake) => setTimeout(wake, 25));
  }
}

/** Why a file cannot be written where the user wants it, checked before a long run; undefined when it can. */
export function cannotWrite(path: string): string | undefined {
  const folder = resolve(path, '..');
  try {
    if (statSync(path, { throwIfNoEntry: false })?.isDirectory()) return `${path} is a folder.`;
    if (!statSync(folder).isDirectory()) return `${folder} is not a folder.`;
    return undefined;
  } catch {
    return `The folder ${folder} does not exist.`;
  }
}
