import { homedir } from 'node:os';
import * as vscode from 'vscode';
import type { PlanRunResult } from '../../protocol/lsp';
import { onceItAsks } from './asksInput';
import { describe, getLog, UserError } from '../messages';
import type { Launch } from './launch';
import { liveProcesses } from '../kept/storage';

export interface Ended {
  /** False when the terminal could not even start it. */
  started: boolean;
  /** Undefined when nobody knows it. */
  exit: number | undefined;
}

/** A program that is running now, wherever it was started. */
export interface RunningProgram {
  /** Resolves once it has ended. Never rejects. */
  ended: Promise<Ended>;
  /** Asks it to stop, as Ctrl+C in its terminal does. */
  interrupt(): void;
  /** Ends it without asking. */
  kill(): void;
}

/** How long a terminal may take to come up. */
const startMs = 30_000;
/** How long a program may take to go once its terminal has hung up. */
const hangUpMs = 1500;

type Plan = Extract<PlanRunResult, { ok: true }>;

const taskType = 'lineheat';
/** A task that starts now is the one of startInTerminal. */
let isStarting = false;

/**
 * Calls back when VS Code runs the task of an earlier run again by itself (Rerun Last Task). That task is ended, because it
 * records into the folder of the earlier run; `ended` resolves when it is over.
 */
export function onRerun(listener: (ended: Promise<void>) => void): vscode.Disposable {
  return vscode.tasks.onDidStartTask(({ execution }) => {
    if (isStarting || execution.task.definition.type !== taskType) return;
    const ended = new Promise<void>((resolve) => {
      const ends = vscode.tasks.onDidEndTask((event) => {
        if (event.execution !== execution) return;
        ends.dispose();
        resolve();
      });
    });
    listener(ended);
    execution.terminate();
  });
}

/** Starts a planned program in a terminal of its own, where it can be typed at and its exit code is seen. */
export async function startInTerminal(launch: Launch, plan: Plan): Promise<RunningProgram> {
  const execution = executionOf(plan);
  const task = new vscode.Task(
    { type: taskType, program: launch.program },
    launch.folder ?? scopeWithoutFolder(),
    launch.label,
    'Lineheat',
    execution,
    [],
  );
  task.presentationOptions = {
    reveal: vscode.TaskRevealKind.Always,
    focus: false,
    panel: vscode.TaskPanelKind.Dedicated,
    clear: false,
    showReuseMessage: true,
  };
  task.isBackground = false;

  let pid: number | undefined;
  let running: vscode.TaskExecution | undefined;
  const subscriptions: vscode.Disposable[] = [];
  let notStarted: ((end: Ended) => void) | undefined;
  const ended = new Promise<Ended>((resolve) => {
    notStarted = resolve;
    // Subscribed before the start, because a short program may be over before executeTask answers.
    subscriptions.push(
      vscode.tasks.onDidStartTaskProcess((event) => {
        if (event.execution.task.execution === execution || event.execution === running) {
          pid = event.processId;
          isStarting = false;
          subscriptions.push(focusWhenItAsks(pid));
        }
      }),
      vscode.tasks.onDidEndTaskProcess((event) => {
        if (event.execution.task.execution === execution || event.execution === running) {
          resolve({ started: pid !== undefined, exit: event.exitCode });
        }
      }),
      vscode.tasks.onDidEndTask((event) => {
        if (event.execution.task.execution !== execution && event.execution !== running) return;
        // A task whose process never came up has no process end; where there is one, it comes at about the same time.
        setTimeout(() => resolve({ started: pid !== undefined, exit: undefined }), 500);
      }),
    );
  });
  void ended.then(() => subscriptions.forEach((subscription) => subscription.dispose()));
  isStarting = true;
  void ended.then(() => (isStarting = false));
  try {
    running = await vscode.tasks.executeTask(task);
  } catch (error) {
    isStarting = false;
    subscriptions.forEach((subscription) => subscription.dispose());
    throw new UserError(
      `The terminal for ${launch.label} could not be opened: ${describe(error)}. Check the terminal settings and try again.`,
    );
  }
  // VS Code does not say when it gives up on a terminal before there is a process.
  const startTimer = setTimeout(() => {
    if (pid !== undefined) return;
    running?.terminate();
    notStarted?.({ started: false, exit: undefined });
  }, startMs);
  void ended.then(() => clearTimeout(startTimer));
  return {
    ended,
    interrupt: () => {
      if (pid === undefined || !signal(pid, 'SIGINT')) running?.terminate();
    },
    kill: () => {
      running?.terminate();
      // Closing the terminal only hangs up, and a program can ignore that.
      const timer = setTimeout(() => pid !== undefined && signal(pid, 'SIGKILL'), hangUpMs);
      void ended.then(() => clearTimeout(timer));
    },
  };
}

/** Who has typed so lately goes on typing: the terminal does not take the keyboard then. */
const typingMs = 3000;

/** Gives the terminal of a program the keyboard when the program first asks for input. */
function focusWhenItAsks(pid: number): vscode.Disposable {
  let typedAt = 0;
  const typing = vscode.workspace.onDidChangeTextDocument(({ document }) => {
    if (document === vscode.window.activeTextEditor?.document) typedAt = Date.now();
  });
  const asks = onceItAsks(pid, () => {
    typing.dispose();
    if (Date.now() - typedAt < typingMs) return;
    void Promise.all(
      vscode.window.terminals.map(async (terminal) => {
        if ((await terminal.processId) === pid) terminal.show(false);
      }),
    );
  });
  return vscode.Disposable.from(typing, asks);
}

/**
 * In a window without a folder, VS Code refuses terminals that start anywhere but in the home folder: there a shell
 * changes the folder and then becomes the program.
 */
function executionOf({ command, args, cwd, env }: Plan): vscode.ProcessExecution {
  if ((vscode.workspace.workspaceFolders ?? []).length > 0) {
    return new vscode.ProcessExecution(command, args, { cwd, env });
  }
  const script = 'cd -- "$1" && shift && exec "$@"';
  return new vscode.ProcessExecution('/bin/sh', ['-c', script, 'sh', cwd, command, ...args], {
    cwd: homedir(),
    env,
  });
}

/** A file outside the window's folders belongs to the workspace; without any folder there is only the user. */
function scopeWithoutFolder(): vscode.TaskScope {
  const folders = vscode.workspace.workspaceFolders ?? [];
  return folders.length > 0 ? vscode.TaskScope.Workspace : vscode.TaskScope.Global;
}

/** A program started before the window was reloaded: known only by the processes that still record into its folder. */
export function followProcesses(runDir: string): RunningProgram {
  const pollMs = 500;
  const send = (name: NodeJS.Signals) => {
    void liveProcesses(runDir).then((pids) => pids.forEach((pid) => signal(pid, name)));
  };
  const ended = new Promise<Ended>((resolve) => {
    const look = async (): Promise<void> => {
      if ((await liveProcesses(runDir)).length === 0) {
        resolve({ started: true, exit: undefined });
      } else setTimeout(() => void look(), pollMs);
    };
    void look();
  });
  return { ended, interrupt: () => send('SIGINT'), kill: () => send('SIGKILL') };
}

/** Signals the process group, as a terminal does, else the process. False when it is not there. */
function signal(pid: number, name: NodeJS.Signals): boolean {
  for (const target of [-pid, pid]) {
    try {
      process.kill(target, name);
      return true;
    } catch (error) {
      getLog().debug(`${name} to ${target}: ${describe(error)}`);
    }
  }
  return false;
}
