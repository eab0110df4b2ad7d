import * as vscode from 'vscode';
import type { EndRunResult } from '../protocol/lsp';
import type { Server } from './client';
import { interpreterSetting } from './interpreter';
import type { Launch } from './launch';
import { ask, describe, getLog, say, UserError, type Action } from './messages';
import { Opening } from './opening';
import { followProcesses, startInTerminal, type Ended, type RunningProgram } from './program';
import type { Runs } from './runs';
import {
  knownRuns,
  liveProcesses,
  prune,
  remember,
  storageFolder,
  workspaceKey,
  type KnownRun,
} from './storage';

/** How long a program has between Stop and being ended. */
const graceMs = 4000;

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
  #idle: Promise<void> = Promise.resolve();
  #recovered: Promise<void> | undefined;
  readonly onDidChangeState = this.#changed.event;

  constructor(context: vscode.ExtensionContext, server: Server, runs: Runs) {
    this.#context = context;
    this.#server = server;
    this.#runs = runs;
  }

  get state(): RunState {
    return this.#state;
  }

  /**
   * Starts a program and returns once it runs. Throws a UserError when it cannot be started. `prepare` may take long
   * (another extension is asked for the interpreter), so the user sees from the start that something goes on.
   */
  async profile(prepare: () => Promise<Launch>): Promise<void> {
    if (!(await this.#free())) return;
    this.#enter('preparing');
    try {
      const abandoned = new Promise<undefined>((resolve) => {
        this.#abandon = () => resolve(undefined);
      });
      const launch = await Promise.race([prepare(), abandoned]);
      this.#abandon = undefined;
      if (!launch) {
        this.#enter('idle');
        return;
      }
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
      });
      if (!plan.ok) throw new UserError(plan.message, interpreterAction(plan.message, launch));
      for (const warning of plan.warnings) say('warning', warning);
      const { run, runDir } = plan;
      getLog().info(
        `Profiling ${launch.label} with Python ${plan.pythonVersion}: ${[plan.command, ...plan.args].join(' ')} in ${plan.cwd}, recorded in ${runDir}`,
      );
      await this.#runs.open({ run, path: runDir, title: launch.label, live: true });
      const known = {
        run,
        runDir,
        program: launch.label,
        startedUnixMs: Date.now(),
        ended: false,
        workspace: workspaceKey(),
      };
      await remember(known);
      this.#follow(known, await startInTerminal(launch, plan));
      void prune(storage, runDir);
    } catch (error) {
      this.#enter('idle');
      throw error;
    }
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
   * After a reload of the window: shows the run that was going on then, and follows it if it still is. Does so once,
   * however often it is called.
   */
  recover(): Promise<void> {
    this.#recovered ??= this.#recover();
    return this.#recovered;
  }

  async #recover(): Promise<void> {
    const known = (await knownRuns(this.#context))[0];
    if (!known || known.ended) return;
    const live = (await liveProcesses(known.runDir)).length > 0;
    try {
      const { run, runDir: path, program: title } = known;
      const open = () => this.#runs.open({ run, path, title, live });
      // One that is being written is this machine's own, and would be lost if it were not followed.
      const opening = new Opening(this.#context.workspaceState, this.#server);
      await (live ? open() : opening.open(run, path, open));
    } catch (error) {
      await remember({ ...known, ended: true });
      say(
        'warning',
        `The window was reloaded while ${known.program} was being profiled, and its recording cannot be opened: ${describe(error)}`,
      );
      return;
    }
    if (live) {
      this.#follow(known, followProcesses(known.runDir));
      return;
    }
    await remember({ ...known, ended: true });
    say(
      'information',
      `The window was reloaded while ${known.program} was being profiled. What was recorded until it ended is shown.`,
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
      `${this.#known?.program ?? 'A program'} is still being profiled. One program is profiled at a time.`,
      again,
    );
    if (chosen !== again) return false;
    await this.stop();
    await this.#idle;
    return true;
  }

  #follow(known: KnownRun, program: RunningProgram): void {
    this.#known = known;
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
    await remember({ ...known, ended: true });
    this.#runs.ended(known.run);
    this.#known = undefined;
    this.#enter('idle');
    if (!started && !stopped) {
      say(
        'error',
        `${known.program} was not started. Its terminal says why; check the interpreter, the working folder and the terminal settings.`,
      );
      return;
    }
    say(result.severity, result.message, {
      title: 'Show Flame Chart',
      run: () => vscode.commands.executeCommand('linescope.showFlameChart'),
    });
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
        message: `${known.program} has ended, but its recording could not be read to the end. Run "Linescope: Open Last Run" to read it again.`,
      };
    }
  }

  #enter(state: RunState): void {
    this.#state = state;
    void vscode.commands.executeCommand('setContext', 'linescope.running', state !== 'idle');
    this.#changed.fire(state);
  }

  dispose(): void {
    this.#changed.dispose();
  }
}

/** A message about the interpreter gets a button that leads to choosing one. */
function interpreterAction(message: string, { interpreters }: Launch): Action | undefined {
  if (!/interpreter|Python/.test(message)) return undefined;
  // The setting wins over the Python extension: while it is set, choosing there would change nothing.
  const isSet = interpreters[0]?.source === interpreterSetting;
  return {
    title: isSet ? 'Open Settings' : 'Choose Interpreter',
    run: async () => {
      const available = await vscode.commands.getCommands(true);
      await (!isSet && available.includes('python.setInterpreter')
        ? vscode.commands.executeCommand('python.setInterpreter')
        : vscode.commands.executeCommand('workbench.action.openSettings', 'linescope.interpreter'));
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
