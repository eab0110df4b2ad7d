import type * as vscode from 'vscode';
import type { Server } from '../client';
import { getLog, UserError } from '../messages';

const key = 'lineheat.opening';
/** So long a server may take until it has first figures. */
const figuresMs = 60_000;

/**
 * Recordings that are opened without anybody asking: tabs that the editor brings back. One that keeps the server busy without
 * end would do so at every start. So what is being opened is noted down until the server has figures of it; what is
 * still noted at the next start is not opened by itself.
 */
export class Opening {
  readonly #state: vscode.Memento;
  readonly #server: Server;

  constructor(state: vscode.Memento, server: Server) {
    this.#state = state;
    this.#server = server;
  }

  /** Opens a recording, unless it did not come to an end the last time: then that is said once, by a UserError. */
  async open(run: string, path: string, open: () => Promise<void>): Promise<void> {
    if (this.#noted().includes(path)) {
      await this.#note(this.#noted().filter((other) => other !== path));
      throw new UserError(
        'This recording was not read to its end the last time, perhaps because it keeps Lineheat busy. Close this tab, and open the recording again to try once more.',
      );
    }
    await this.#note([...this.#noted(), path]);
    let seen: (() => void) | undefined;
    const figures = new Promise<boolean>((resolve) => {
      const timer = setTimeout(() => resolve(false), figuresMs);
      const status = this.#server.onRunStatus((next) => {
        if (next.run === run) seen?.();
      });
      seen = () => {
        clearTimeout(timer);
        status.dispose();
        resolve(true);
      };
    });
    try {
      await open();
    } catch (error) {
      // A refusal is an answer.
      if (!(error instanceof UserError && error.isSilence)) seen?.();
      throw error;
    } finally {
      void figures.then(async (came) => {
        if (came) await this.#note(this.#noted().filter((other) => other !== path));
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
