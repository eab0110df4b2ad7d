/** `lineheat run`: starts the program under the agent and waits for its end. Streams and exit code stay the program's. */
import { existsSync, statSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { plainText } from '../../recording/plain';
import { RecordingLimit } from '../limit/recordingLimit';
import { locate, type Candidate } from '../launch/interpreter';
import { planRun } from '../launch/plan';
import { rawPath } from '../rawText';
import { Run } from '../reading/run';
import { workingFolder } from './raw';
import type { RunCommand } from './arguments/runArguments';
import { findScript } from './script';
import { start } from './start';
import { makeTemporary, type Temporary } from './temporary';

/** Closing waits this long for child processes that are just ending. */
const endingMs = 500;

/**
 * What came of a run. `exitCode` is the program's, 128 + signal when one killed it. `keep` leaves the recording in its
 * folder, and returns that; `dispose` closes the run and removes the folder.
 */
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

/** Runs a program to its end, and reads its recordings. `warn` gets sentences that do not stop the run, before it starts. */
export async function runProgram(
  command: RunCommand,
  distFolder: string,
  warn: (text: string) => void,
): Promise<Outcome> {
  const cwd = workingFolder();
  const script =
    command.form === 'script' ? findScript(command.program, cwd, process.env) : undefined;
  if (script && !script.ok) return { started: false, message: script.message };
  let temporary: Temporary;
  try {
    temporary = makeTemporary();
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    const message = `A folder for the recording cannot be made in ${tmpdir()}: ${why}. Set TMPDIR to a writable folder.`;
    return { started: false, message };
  }
  const { path: storage, remove } = temporary;
  const plan = await planRun(
    {
      program: script?.program ?? command.program,
      form: command.form,
      args: command.args,
      // A user who names an interpreter passes its options as well.
      options: [...(command.python ? [] : (script?.options ?? [])), ...command.options],
      cwd,
      interpreters: interpreters(command.python ?? script?.interpreter, cwd),
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
  const limit =
    command.limitBytes === Infinity
      ? undefined
      : new RecordingLimit(plan.runDir, command.limitBytes);
  limit?.start();
  const end = await start(plan, distFolder, storage);
  await limit?.stop();
  if ('message' in end) {
    remove();
    return { started: false, message: end.message };
  }
  const run = Run.open(plan.runDir, true);
  if (limit) run.limitedBy(limit);
  run.programEnded();
  await readToEnd(run);
  return {
    started: true,
    exitCode: end.code ?? 128 + (constants.signals[end.signal ?? 'SIGKILL'] ?? 0),
    signal: end.signal ?? undefined,
    run,
    keep: () => {
      temporary.keep();
      return plan.runDir;
    },
    dispose: () => {
      run.close();
      remove();
    },
  };
}

/** Interpreters to try: only the one that was named, or else the virtual environment's and those on the PATH. */
function interpreters(python: Candidate | undefined, cwd: string): Candidate[] {
  if (python !== undefined) return [python];
  const active = process.env['VIRTUAL_ENV'];
  const local = join(cwd, '.venv', 'bin', 'python');
  return [
    ...(active ? [{ path: join(active, 'bin', 'python'), source: 'VIRTUAL_ENV' }] : []),
    ...(existsSync(local) ? [{ path: local, source: '.venv in this folder' }] : []),
    { path: 'python3', source: 'PATH' },
    ...(locate('python3', cwd, process.env) ? [] : [{ path: 'python', source: 'PATH' }]),
  ];
}

async function readToEnd(run: Run): Promise<void> {
  const deadline = Date.now() + endingMs;
  for (;;) {
    const { behind } = run.poll();
    if (!behind && (run.ended || Date.now() > deadline)) return;
    if (!behind) await new Promise((wake) => setTimeout(wake, 25));
  }
}

/** Why a file cannot be written where the user wants it, checked before a long run; undefined when it can. */
export function cannotWrite(path: string): string | undefined {
  const folder = dirname(path);
  const shown = plainText(resolve(folder));
  try {
    const there = statSync(rawPath(path), { throwIfNoEntry: false });
    if (there?.isDirectory()) return `${plainText(path)} is a folder. Name a file.`;
    if (!statSync(rawPath(folder)).isDirectory())
      return `${shown} is not a folder. Name a file in a folder.`;
    return undefined;
  } catch {
    return `The folder ${shown} does not exist.`;
  }
}
