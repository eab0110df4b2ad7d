import type * as vscode from 'vscode';
import type { Server } from '../client';
import { getLog, UserError } from '../messages';

const key = 'lineheat.opening';
/** How long the server may take until it has first figures. */
const figuresMs = 60_000;

/**
 * Opens recordings that the user did not ask for: tabs that the editor brings back. One that keeps the server busy without
 * end would do so at every start of the editor. So a path is noted while its recording is being opened, and removed when
 * the server has figures. A path that is still noted at the next start is not opened.
 */
export class Opening {
  readonly #state: vscode.Memento;
  readonly #server: Server;

  constructor(state: vscode.Memento, server: Server) {
    this.#state = state;
    this.#server = server;
  }

  /** Opens a recording. If the last attempt did not end, throws a UserError that says so instead, and forgets that attempt. */
  async open(run: string, path: string, open: () => Promise<void>): Promise<void> {
    if (this.#noted().includes(path)) {
      await this.#note(this.#noted().filter((other) => other !== path));
      throw new UserError(
        'This recording was not read to its end the last time, perhaps because it keeps Lineheat busy. Close this tab and open the recording again to try once more.',
      );
    }
    await this.#note([...this.#noted(), path]);
    const figures = new FirstFigures(this.#server, run);
    try {
      await open();
    } catch (error) {
      // The server refused the recording, so it is not busy with it.
      if (!(error instanceof UserError && error.isSilence)) figures.settle(true);
      throw error;
    } finally {
      void figures.come.then(async (have) => {
        if (have) await this.#note(this.#noted().filter((other) => other !== path));
        else getLog().warn(`${path} has no figures after ${figuresMs / 1000} s.`);
      });
    }
  }

  #noted(): string[] {
    return this.#state.get<string[]>(key, []);
  }

  #note(paths: readonly string[]): Thenable<void> {
    return this.#state.update(key, paths.length > 0 ? paths : undefined);
  }
}

/** Waits for the first status of a run, or until it has taken too long. */
class FirstFigures {
  /** Whether they came in time. */
  readonly come: Promise<boolean>;
  readonly #status: vscode.Disposable;
  readonly #timer: NodeJS.Timeout;
  #resolve: ((have: boolean) => void) | undefined;

  constructor(server: Server, run: string) {
    this.come = new Promise((resolve) => {
      this.#resolve = resolve;
    });
    this.#timer = setTimeout(() => this.settle(false), figuresMs);
    this.#status = server.onRunStatus((status) => {
      if (status.run === run) this.settle(true);
    });
  }

  settle(have: boolean): void {
    clearTimeout(this.#timer);
    this.#status.dispose();
    this.#resolve?.(have);
  }
}
