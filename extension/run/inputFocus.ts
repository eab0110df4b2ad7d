import * as vscode from 'vscode';
import { InputWatch } from './asksInput';

/** A user who typed in the editor less than this ago goes on typing, so the terminal does not take the keyboard. */
const typingMs = 3000;

/** Gives the terminal of a program the keyboard when the program first asks for input. */
export class InputFocus implements vscode.Disposable {
  readonly #pid: number;
  readonly #typing: vscode.Disposable;
  readonly #watch: InputWatch;
  #typedAtMs = 0;

  constructor(pid: number) {
    this.#pid = pid;
    this.#typing = vscode.workspace.onDidChangeTextDocument(({ document }) => {
      if (document === vscode.window.activeTextEditor?.document) this.#typedAtMs = Date.now();
    });
    this.#watch = new InputWatch(pid, () => this.#show());
  }

  #show(): void {
    this.#typing.dispose();
    if (Date.now() - this.#typedAtMs < typingMs) return;
    void Promise.all(
      vscode.window.terminals.map(async (terminal) => {
        if ((await terminal.processId) === this.#pid) terminal.show(false);
      }),
    );
  }

  dispose(): void {
    this.#typing.dispose();
    this.#watch.dispose();
  }
}
