/** What is done and said when the program of a run has ended. */
import * as vscode from 'vscode';
import { commands, type EndRunResult } from '../../protocol/lsp';
import type { Server } from '../client';
import { runName, type KnownRun } from '../kept/keptRun';
import { describe, getLog, mention, say, type Action } from '../messages';
import { profileItself } from './plan';
import type { Ended } from './program';

/** A user may turn to something else during a run that is longer than this. */
const shortMs = 60_000;
/** The exit code of pytest, and of unittest from Python 3.12 on, when there are no tests. */
const noTests = 5;

/** Has the server read what remains of a run. Never fails: the result says what could not be read. */
export async function closeRun(
  server: Server,
  run: KnownRun,
  exit: number | undefined,
  stopped: boolean,
): Promise<EndRunResult> {
  try {
    return await server.endRun({ run: run.run, stopped, ...(exit === undefined ? {} : { exit }) });
  } catch (error) {
    getLog().error(`The run could not be closed: ${describe(error)}`);
    return {
      severity: 'warning',
      hasFigures: false,
      message: `${runName(run)} has ended, but its recording could not be read to the end. Run "Lineheat: Open Last Run" to read it again.`,
    };
  }
}

/** Tells the user how a run ended, with buttons for the next step. */
export function sayRunEnded(
  run: KnownRun,
  { started, exit }: Ended,
  stopped: boolean,
  result: EndRunResult,
): void {
  if (!started && !stopped) {
    say(
      'error',
      `${runName(run)} was not started. Its terminal says why; check the interpreter, the working folder and the terminal settings.`,
    );
    return;
  }
  if (run.tests && exit === noTests) {
    say(
      'warning',
      `No tests were found in ${run.program}. If it is a program, profile the file itself.`,
      profileItself,
    );
    return;
  }
  if (result.severity === 'information' && result.hasFigures && wasWatched(run)) {
    mention(result.message);
    return;
  }
  say(result.severity, result.message, ...(result.hasFigures ? nextSteps(result) : []));
}

function nextSteps({ hottest }: EndRunResult): Action[] {
  const button = (title: string, command: string, ...args: unknown[]): Action => ({
    title,
    run: () => vscode.commands.executeCommand(command, ...args),
  });
  return [
    button('Go to Hottest Line', commands.openLine, hottest?.path, hottest?.line),
    button('Show Flame Chart', commands.showFlameChart),
  ];
}

/** Whether the user saw the run from beginning to end: it was short, and its file is in sight. */
function wasWatched({ file, startedUnixMs }: KnownRun): boolean {
  const isInSight = vscode.window.visibleTextEditors.some(
    ({ document }) => document.uri.fsPath === file,
  );
  return isInSight && vscode.window.state.focused && Date.now() - startedUnixMs < shortMs;
}
