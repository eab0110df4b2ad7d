import { basename, dirname } from 'node:path';
import * as vscode from 'vscode';
import { commands, type EndRunResult } from '../../protocol/lsp';
import type { Server } from '../client';
import { readHead } from '../kept/commit';
import { interpreterSetting } from './interpreter';
import { runName, type KnownRun } from '../kept/keptRun';
import type { Launch } from './launch';
import {
  ask,
  describe,
  getLog,
  mention,
  say,
  sayError,
  unmention,
  UserError,
  type Action,
} from '../messages';
import { Opening } from '../kept/opening';
import {
  followProcesses,
  onRerun,
  startInTerminal,
  type Ended,
  type RunningProgram,
} from './program';
import { openShownBefore } from '../kept/recordings';
import type { Runs } from './runs';
import {
  knownRuns,
  liveProcesses,
  prune,
  remember,
  storageFolder,
  workspaceKey,
} from '../kept/storage';

/** Whoever starts a run that is longer may do something else meanwhile. */
const shortMs = 60_000;
/** How long a program has between Stop and being ended. */
const graceMs = 4000;

/** What pytest, and unittest from Python 3.12 on, exit with when there are no tests. */
const noTests = 5;
const profileItself: Action = {
  title: 'Profile This File',
  run: () => vscode.commands.executeCommand(commands.profileFile),
};

export type RunState = 'idle' | 'preparing' | 'running' | 'stopping' | 'finishing';

/** Starts, stops and follows the one program that is being profiled. */
export class Runner implements vscode.Disposable {
  readonly #context: vscode.ExtensionContext;
  readonly #server: Server;
  readonly #runs: Runs;
  readonly #changed = new vscode.EventEmitter<RunState>();
  #state: RunState = 'idle';
  #program: RunningProgram | undefined;
  /** Gives up what is being prepared. */
  #abandon: (() => void) | undefined;
  #known: KnownRun | undefined;
  /** What runs, or is prepared; undefined where that is a module. */
  #file: string | undefined;
  #idle: Promise<void> = Promise.resolve();
  #recovered: Promise<void> | undefined;
  /** What was asked for last. */
  #last: Parameters<Runner['profile']> | undefined;
  readonly #rerun: vscode.Disposable;
  readonly onDidChangeState = this.#changed.event;

  constructor(context: vscode.ExtensionContext, server: Server, runs: Runs) {
    this.#context = context;
    this.#server = server;
    this.#runs = runs;
    // What the extension host before this one said of its runs may still stand.
    this.#enter('idle');
    this.#rerun = onRerun((ended) => {
      this.#again(ended).catch((error: unknown) => sayError('run the program again', error));
    });
  }

  get state(): RunState {
    return this.#state;
  }

  /** The folder of the run that goes on; undefined when nothing runs. */
  get runDir(): string | undefined {
    return this.#known?.runDir;
  }

  /**
   * Starts a program and returns true once it runs, or false when the user gives it up. Throws a UserError when it cannot be started. `prepare` may take long
   * (another extension is asked for the interpreter), so the user sees from the start that something goes on. `file`: what
   * runs, where that is known already.
   */
  async profile(prepare: () => Promise<Launch>, file?: string): Promise<boolean> {
    if (!(await this.#free())) return false;
    this.#last = [prepare, file];
    this.#file = file;
    unmention();
    this.#enter('preparing');
    try {
      const abandoned = new Promise<undefined>((resolve) => {
        this.#abandon = () => resolve(undefined);
      });
      const launch = await Promise.race([prepare(), abandoned]);
      this.#abandon = undefined;
      if (!launch) {
        this.#enter('idle');
        return false;
      }
      this.#file = launch.file;
      const storage = storageFolder(this.#context);
      const plan = await this.#server.planRun({
        program: launch.program,
        module: launch.module,
        args: launch.args,
        cwd: launch.cwd,
        interpreters: launch.interpreters,
        env: launch.env,
        storage,
        intervalUs: launch.intervalUs,
        memory: launch.memory,
        ...(launch.name === undefined ? {} : { name: launch.name }),
        ...(launch.tests ? { tests: true } : {}),
      });
      if (!plan.ok) {
        throw new UserError(
          plan.message,
          plan.code &&
            { noTestRunner: profileItself, badInterpreter: chooseInterpreter(launch) }[plan.code],
        );
      }
      if (plan.warnings.length > 0) say('warning', plan.warnings.join(' '));
      const { run, runDir } = plan;
      getLog().info(
        `Profiling ${launch.label} with Python ${plan.pythonVersion}: ${[plan.command, ...plan.args].join(' ')} in ${plan.cwd}, recorded in ${runDir}`,
      );
      await this.#runs.open({ run, path: runDir, title: launch.label, live: true });
      const known: KnownRun = {
        run,
        runDir,
        program: basename(launch.program),
        ...(launch.name === undefined ? {} : { name: launch.name }),
        ...(this.#file === undefined ? {} : { file: this.#file }),
        args: launch.args,
        ...(launch.tests ? { tests: true } : {}),
        command: [plan.command, ...plan.args],
        cwd: plan.cwd,
        startedUnixMs: Date.now(),
        ended: false,
        workspace: workspaceKey(),
      };
      await remember(runDir, known);
      void readHead(this.#file === undefined ? plan.cwd : dirname(this.#file)).then(
        (head) => head && remember(runDir, { ...head }),
      );
      this.#follow(known, await startInTerminal(launch, plan));
      void prune(storage, runDir);
      return true;
    } catch (error) {
      this.#enter('idle');
      throw error;
    }
  }

  /** Runs what was run last, once a copy of it has ended that VS Code started. */
  async #again(copyEnded: Promise<void>): Promise<void> {
    if (!this.#last) return;
    await settled(copyEnded, graceMs);
    await this.profile(...this.#last);
  }

  /** Asks the program to stop; asked again, or when it does not, ends it. Its recording is kept. */
  async stop(): Promise<void> {
    const program = this.#program;
    if (!program) {
      this.#abandon?.();
      return;
    }
    if (this.#state === 'stopping') {
      program.kill();
      return;
    }
    this.#enter('stopping');
    program.interrupt();
    if (!(await settled(program.ended, graceMs))) program.kill();
  }

  /**
   * After a reload of the window: shows the run that was going on or shown then, and follows it if it still goes on. Does
   * so once, however often it is called.
   */
  recover(): Promise<void> {
    this.#recovered ??= this.#recover();
    return this.#recovered;
  }

  async #recover(): Promise<void> {
    const known = (await knownRuns(this.#context))[0];
    if (!known || known.ended) {
      await openShownBefore(this.#context, this.#server, this.#runs);
      return;
    }
    const live = (await liveProcesses(known.runDir)).length > 0;
    try {
      const { run, runDir: path } = known;
      const title = runName(known);
      const open = () => this.#runs.open({ run, path, title, live });
      // One that is being written is this machine's own, and would be lost if it were not followed.
      const opening = new Opening(this.#context.workspaceState, this.#server);
      await (live ? open() : opening.open(run, path, open));
    } catch (error) {
      await remember(known.runDir, { ended: true });
      say(
        'warning',
        `The window was reloaded while ${runName(known)} was being profiled, and its recording cannot be opened: ${describe(error)}`,
      );
      return;
    }
    if (live) {
      this.#follow(known, followProcesses(known.runDir));
      return;
    }
    await remember(known.runDir, { ended: true });
    say(
      'information',
      `The window was reloaded while ${runName(known)} was being profiled. What was recorded until it ended is shown.`,
    );
  }

  /** True once nothing is running. Asks before it stops a program. */
  async #free(): Promise<boolean> {
    if (this.#state === 'idle') return true;
    if (this.#state === 'preparing') return false;
    if (this.#state === 'finishing') {
      await this.#idle;
      return true;
    }
    const again = 'Stop It and Start';
    const chosen = await ask(
      `${this.#known ? runName(this.#known) : 'A program'} is still being profiled. One program is profiled at a time.`,
      again,
    );
    if (chosen !== again) return false;
    await this.stop();
    await this.#idle;
    return true;
  }

  #follow(known: KnownRun, program: RunningProgram): void {
    this.#known = known;
    this.#file = known.file;
    this.#program = program;
    this.#enter('running');
    this.#idle = program.ended.then((end) => this.#finish(known, end));
  }

  async #finish(known: KnownRun, { started, exit }: Ended): Promise<void> {
    const stopped = this.#state === 'stopping';
    this.#program = undefined;
    this.#enter('finishing');
    const result = await this.#endRun(known, exit, stopped);
    // Only now: when the window closes before this, the next one opens the run and says what became of it.
    await remember(known.runDir, { ended: true, exit, stopped });
    this.#runs.ended(known.run);
    this.#known = undefined;
    this.#enter('idle');
    if (!started && !stopped) {
      say(
        'error',
        `${runName(known)} was not started. Its terminal says why; check the interpreter, the working folder and the terminal settings.`,
      );
      return;
    }
    if (known.tests && exit === noTests) {
      say(
        'warning',
        `No tests were found in ${known.program}. If it is a program, profile the file itself.`,
        profileItself,
      );
      return;
    }
    if (result.severity === 'information' && result.hasFigures && wasWatched(known)) {
      mention(result.message);
      return;
    }
    const button = (title: string, command: string, ...args: unknown[]): Action => ({
      title,
      run: () => vscode.commands.executeCommand(command, ...args),
    });
    const { path, line } = result.hottest ?? {};
    const hottest = button('Go to Hottest Line', commands.openLine, path, line);
    const flameChart = button('Show Flame Chart', commands.showFlameChart);
    say(result.severity, result.message, ...(result.hasFigures ? [hottest, flameChart] : []));
  }

  async #endRun(
    known: KnownRun,
    exit: number | undefined,
    stopped: boolean,
  ): Promise<EndRunResult> {
    const params = { run: known.run, stopped, ...(exit === undefined ? {} : { exit }) };
    try {
      return await this.#server.endRun(params);
    } catch (error) {
      getLog().error(`The run could not be closed: ${describe(error)}`);
      return {
        severity: 'warning',
        hasFigures: false,
        message: `${runName(known)} has ended, but its recording could not be read to the end. Run "Lineheat: Open Last Run" to read it again.`,
      };
    }
  }

  #enter(state: RunState): void {
    this.#state = state;
    const isRunning = state !== 'idle';
    const files = isRunning && this.#file !== undefined ? [this.#file] : [];
    void vscode.commands.executeCommand('setContext', 'lineheat.running', isRunning);
    void vscode.commands.executeCommand('setContext', 'lineheat.runningFiles', files);
    this.#changed.fire(state);
  }

  dispose(): void {
    this.#rerun.dispose();
    this.#changed.dispose();
  }
}

/** Whether a run was short and its file is in sight: what the figures show need not be said then. */
function wasWatched({ file, startedUnixMs }: KnownRun): boolean {
  const isInSight = vscode.window.visibleTextEditors.some(
    ({ document }) => document.uri.fsPath === file,
  );
  return isInSight && vscode.window.state.focused && Date.now() - startedUnixMs < shortMs;
}

/** Leads to choosing another interpreter. */
function chooseInterpreter({ interpreters }: Launch): Action {
  // The setting wins over the Python extension: while it is set, choosing there would change nothing.
  const isSet = interpreters[0]?.source === interpreterSetting;
  return {
    title: isSet ? 'Open Settings' : 'Choose Interpreter',
    run: async () => {
      const available = await vscode.commands.getCommands(true);
      await (!isSet && available.includes('python.setInterpreter')
        ? vscode.commands.executeCommand('python.setInterpreter')
        : vscode.commands.executeCommand('workbench.action.openSettings', 'lineheat.interpreter'));
    },
  };
}

/** True when the promise settles in time. */
async function settled(promise: Promise<unknown>, withinMs: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), withinMs);
  });
  const done = await Promise.race([promise.then(() => true), late]);
  clearTimeout(timer);
  return done;
}
