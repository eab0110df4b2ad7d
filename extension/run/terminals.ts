import { homedir } from 'node:os';
import * as vscode from 'vscode';
import { describe, UserError } from '../messages';
import { InputFocus } from './inputFocus';
import type { Launch } from './launch';
import type { Plan } from './plan';
import { signal, type Ended, type RunningProgram } from './program';

/** How long a terminal may take to come up. */
const startMs = 30_000;
/** How long a program may take to go once its terminal has hung up. */
const hangUpMs = 1500;
/** The end of a process is told at about the same time as that of its task; within this time it is. */
const processEndMs = 500;

const taskType = 'lineheat';

/**
 * Starts programs in terminals, as tasks of VS Code, and hears when VS Code starts one of them again by itself (Rerun Last
 * Task). That copy is ended, because it records into the folder of the earlier run.
 */
export class Terminals implements vscode.Disposable {
  readonly #reruns: vscode.Disposable;
  /** The program that was started last. */
  #program: TerminalProgram | undefined;

  /** onRerun: VS Code has started a copy; `copyEnded` resolves when that is over. */
  constructor(onRerun: (copyEnded: Promise<void>) => void) {
    this.#reruns = vscode.tasks.onDidStartTask(({ execution }) => {
      if (execution.task.definition.type !== taskType) return;
      // A task that starts now is the one that is being started here.
      if (this.#program?.isStarting) return;
      onRerun(endOf(execution));
      execution.terminate();
    });
  }

  /** Starts a planned program in a terminal of its own, where it can be typed at and its exit code is seen. */
  async start(launch: Launch, plan: Plan): Promise<RunningProgram> {
    const program = new TerminalProgram(launch, plan);
    this.#program = program;
    try {
      await program.start();
    } catch (error) {
      throw new UserError(
        `The terminal for ${launch.label} could not be opened: ${describe(error)}. Check the terminal settings and try again.`,
      );
    }
    return program;
  }

  dispose(): void {
    this.#reruns.dispose();
  }
}

/** A program that runs in a terminal. Owns its subscriptions and timers until it has ended. */
class TerminalProgram implements RunningProgram {
  readonly ended: Promise<Ended>;
  readonly #task: vscode.Task;
  readonly #subscriptions: vscode.Disposable[];
  readonly #timers: NodeJS.Timeout[] = [];
  #resolveEnded: ((end: Ended) => void) | undefined;
  #running: vscode.TaskExecution | undefined;
  #pid: number | undefined;

  constructor(launch: Launch, plan: Plan) {
    this.ended = new Promise((resolve) => {
      this.#resolveEnded = resolve;
    });
    this.#task = taskOf(launch, plan);
    // Subscribed before the start, because a short program may be over before executeTask answers.
    this.#subscriptions = [
      vscode.tasks.onDidStartTaskProcess(({ execution, processId }) => {
        if (!this.#isOwn(execution)) return;
        this.#pid = processId;
        this.#subscriptions.push(new InputFocus(processId));
      }),
      vscode.tasks.onDidEndTaskProcess(({ execution, exitCode }) => {
        if (this.#isOwn(execution)) this.#end(exitCode);
      }),
      vscode.tasks.onDidEndTask(({ execution }) => {
        // A task whose process never came up has no process end.
        if (this.#isOwn(execution)) this.#later(processEndMs, () => this.#end(undefined));
      }),
    ];
  }

  /** True until there is a process, or it is clear that there will be none. */
  get isStarting(): boolean {
    return this.#pid === undefined && this.#resolveEnded !== undefined;
  }

  /** Throws when there can be no terminal. */
  async start(): Promise<void> {
    try {
      this.#running = await vscode.tasks.executeTask(this.#task);
    } catch (error) {
      this.#end(undefined);
      throw error;
    }
    // VS Code does not say when it gives up on a terminal before there is a process.
    this.#later(startMs, () => {
      if (this.#pid !== undefined) return;
      this.#running?.terminate();
      this.#end(undefined);
    });
  }

  interrupt(): void {
    if (this.#pid === undefined || !signal(this.#pid, 'SIGINT')) this.#running?.terminate();
  }

  kill(): void {
    this.#running?.terminate();
    // Closing the terminal only hangs up, and a program can ignore that.
    this.#later(hangUpMs, () => {
      if (this.#pid !== undefined) signal(this.#pid, 'SIGKILL');
    });
  }

  #isOwn(execution: vscode.TaskExecution): boolean {
    return execution === this.#running || execution.task.execution === this.#task.execution;
  }

  /** Does something after a while, unless the program ends before that. */
  #later(milliseconds: number, work: () => void): void {
    if (this.#resolveEnded) this.#timers.push(setTimeout(work, milliseconds));
  }

  #end(exit: number | undefined): void {
    this.#resolveEnded?.({ started: this.#pid !== undefined, exit });
    this.#resolveEnded = undefined;
    for (const timer of this.#timers) clearTimeout(timer);
    for (const subscription of this.#subscriptions) subscription.dispose();
  }
}

/** Resolves once a task has ended. */
function endOf(execution: vscode.TaskExecution): Promise<void> {
  return new Promise((resolve) => {
    const ends = vscode.tasks.onDidEndTask((event) => {
      if (event.execution !== execution) return;
      ends.dispose();
      resolve();
    });
  });
}

function taskOf(launch: Launch, plan: Plan): vscode.Task {
  const task = new vscode.Task(
    { type: taskType, program: launch.program },
    launch.folder ?? scopeWithoutFolder(),
    launch.label,
    'Lineheat',
    executionOf(plan),
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
  return task;
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
