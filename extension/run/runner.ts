import { dirname } from 'node:path';
import * as vscode from 'vscode';
import type { Server } from '../client';
import { readHead } from '../kept/commit';
import { runName, type KnownRun } from '../kept/keptRun';
import { prune, remember, storageFolder } from '../kept/storage';
import { ask, getLog, say, sayError, unmention } from '../messages';
import type { Launch } from './launch';
import { describePlanned, planRun } from './plan';
import { followProcesses, type Ended, type RunningProgram } from './program';
import { showRunOfBefore } from './recover';
import { closeRun, sayRunEnded } from './runEnd';
import type { Runs } from './runs';
import { Terminals } from './terminals';

/** How long a program has to end after it was asked to stop; then it is killed. */
const graceMs = 4000;

export type RunState = 'idle' | 'preparing' | 'running' | 'stopping' | 'finishing';

/** Starts, stops and follows the one program that is being profiled. */
export class Runner implements vscode.Disposable {
  readonly #context: vscode.ExtensionContext;
  readonly #server: Server;
  readonly #runs: Runs;
  readonly #terminals: Terminals;
  readonly #changed = new vscode.EventEmitter<RunState>();
  readonly onDidChangeState = this.#changed.event;
  #state: RunState = 'idle';
  /** Aborted when the user gives up what is being prepared. */
  #preparation: AbortController | undefined;
  #program: RunningProgram | undefined;
  /** The run of that program. */
  #current: KnownRun | undefined;
  /** The file that runs or is prepared; undefined where that is a module. */
  #file: string | undefined;
  /** Resolves once the program has ended and its run is closed. */
  #idle: Promise<void> = Promise.resolve();
  #recovered: Promise<void> | undefined;
  /** The arguments of the last call of profile. */
  #last: Parameters<Runner['profile']> | undefined;

  constructor(context: vscode.ExtensionContext, server: Server, runs: Runs) {
    this.#context = context;
    this.#server = server;
    this.#runs = runs;
    this.#terminals = new Terminals((copyEnded) => {
      this.#profileAgain(copyEnded).catch((error: unknown) =>
        sayError('run the program again', error),
      );
    });
    // Context keys that the previous extension host set may still be there.
    this.#enter('idle');
  }

  get state(): RunState {
    return this.#state;
  }

  /** The folder of the run that goes on; undefined when nothing runs. */
  get runDir(): string | undefined {
    return this.#current?.runDir;
  }

  /**
   * Starts a program and returns true once it runs, or false when the user gives it up. Throws a UserError when it cannot
   * be started. `prepare` may take long (another extension is asked for the interpreter), so the state says from the start
   * that something goes on. `file`: what runs, where that is known already.
   */
  async profile(prepare: () => Promise<Launch>, file?: string): Promise<boolean> {
    if (!(await this.#becomeIdle())) return false;
    this.#last = [prepare, file];
    this.#file = file;
    unmention();
    this.#enter('preparing');
    try {
      const launch = await this.#prepare(prepare);
      if (!launch) {
        this.#enter('idle');
        return false;
      }
      await this.#start(launch);
      return true;
    } catch (error) {
      this.#enter('idle');
      throw error;
    }
  }

  /** Waits until a launch is prepared; undefined when the user gives up before that. */
  async #prepare(prepare: () => Promise<Launch>): Promise<Launch | undefined> {
    const preparation = new AbortController();
    this.#preparation = preparation;
    const givenUp = new Promise<undefined>((resolve) => {
      preparation.signal.addEventListener('abort', () => resolve(undefined));
    });
    const launch = await Promise.race([prepare(), givenUp]);
    this.#preparation = undefined;
    return launch;
  }

  async #start(launch: Launch): Promise<void> {
    this.#file = launch.file;
    const storage = storageFolder(this.#context);
    const plan = await planRun(this.#server, launch, storage);
    if (plan.warnings.length > 0) say('warning', plan.warnings.join(' '));
    const { run, runDir } = plan;
    getLog().info(
      `Profiling ${launch.label} with Python ${plan.pythonVersion}: ${[plan.command, ...plan.args].join(' ')} in ${plan.cwd}, recorded in ${runDir}`,
    );
    await this.#runs.open({ run, path: runDir, title: launch.label, live: true });
    const current = describePlanned(launch, plan);
    await remember(runDir, current);
    void readHead(launch.file === undefined ? plan.cwd : dirname(launch.file)).then(
      (head) => head && remember(runDir, { ...head }),
    );
    this.#follow(current, await this.#terminals.start(launch, plan));
    void prune(storage, runDir);
  }

  /** Starts the last program once more, after the copy has ended that VS Code started by itself. */
  async #profileAgain(copyEnded: Promise<void>): Promise<void> {
    if (!this.#last) return;
    await settled(copyEnded, graceMs);
    await this.profile(...this.#last);
  }

  /** Asks the program to stop. Ends it when it is asked again, or does not stop in time. Its recording is kept. */
  async stop(): Promise<void> {
    const program = this.#program;
    if (!program) {
      this.#preparation?.abort();
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
   * After a reload of the window: shows the run that went on or was shown before, and follows it if it still goes on. Does
   * so once, however often it is called.
   */
  recover(): Promise<void> {
    this.#recovered ??= this.#recover();
    return this.#recovered;
  }

  async #recover(): Promise<void> {
    const live = await showRunOfBefore(this.#context, this.#server, this.#runs);
    if (live) this.#follow(live, followProcesses(live.runDir));
  }

  /** Returns true once nothing is running. Asks before it stops a program. */
  async #becomeIdle(): Promise<boolean> {
    if (this.#state === 'idle') return true;
    if (this.#state === 'preparing') return false;
    if (this.#state === 'finishing') {
      await this.#idle;
      return true;
    }
    const stopAndStart = 'Stop It and Start';
    const name = this.#current ? runName(this.#current) : 'A program';
    const chosen = await ask(
      `${name} is still being profiled. One program is profiled at a time.`,
      stopAndStart,
    );
    if (chosen !== stopAndStart) return false;
    await this.stop();
    await this.#idle;
    return true;
  }

  #follow(run: KnownRun, program: RunningProgram): void {
    this.#current = run;
    this.#file = run.file;
    this.#program = program;
    this.#enter('running');
    this.#idle = program.ended.then((end) => this.#finish(run, end));
  }

  async #finish(run: KnownRun, end: Ended): Promise<void> {
    const stopped = this.#state === 'stopping';
    this.#program = undefined;
    this.#enter('finishing');
    const result = await closeRun(this.#server, run, end.exit, stopped);
    // Only now: when the window closes before this, the next one opens the run and says what became of it.
    await remember(run.runDir, { ended: true, exit: end.exit, stopped });
    this.#runs.ended(run.run);
    this.#current = undefined;
    this.#enter('idle');
    sayRunEnded(run, end, stopped, result);
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
    this.#terminals.dispose();
    this.#changed.dispose();
  }
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
