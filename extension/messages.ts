import * as vscode from 'vscode';
import { plainMessage } from '../recording/plain';

export type Severity = 'information' | 'warning' | 'error';

/** A failure whose message is already the sentence for the user: what happened and what to do next. */
export class UserError extends Error {
  /** A button that does the next step. */
  readonly action: Action | undefined;
  /** The server has not answered in time: the answer may still come, or never. */
  readonly isSilence: boolean;

  constructor(message: string, action?: Action, isSilence = false) {
    super(message);
    this.action = action;
    this.isSilence = isSilence;
  }
}

/** A button under a message. */
export interface Action {
  title: string;
  run: () => unknown;
}

const mentionMs = 10_000;
const mostTold = 200;

/** Everything the user was told, oldest first. For tests; capped, because a session can be long. */
export const told: { severity: Severity; text: string }[] = [];

const log = vscode.window.createOutputChannel('Lineheat', { log: true });

/** The one log of the extension and the language server. */
export function getLog(): vscode.LogOutputChannel {
  return log;
}

/** Shows and logs one sentence. Does not wait for the user to react to it. */
export function say(severity: Severity, words: string, ...actions: Action[]): void {
  const text = tell(severity, words);
  void show(severity, text, actions).then((chosen) => chosen?.run());
}

let mentioned: vscode.Disposable | undefined;

/** Says something in the status bar for some seconds, because the user can see it anyway. It is logged, too. */
export function mention(words: string): void {
  unmention();
  const text = tell('information', words);
  log.info(text);
  mentioned = vscode.window.setStatusBarMessage(`$(flame) ${text}`, mentionMs);
}

/** Removes what was mentioned last, because it is no longer true. */
export function unmention(): void {
  mentioned?.dispose();
  mentioned = undefined;
}

function tell(severity: Severity, words: string): string {
  const text = plainMessage(words);
  told.push({ severity, text });
  if (told.length > mostTold) told.shift();
  return text;
}

function show(
  severity: Severity,
  text: string,
  actions: readonly Action[],
): Thenable<Action | undefined> {
  switch (severity) {
    case 'information':
      log.info(text);
      return vscode.window.showInformationMessage(text, ...actions);
    case 'warning':
      log.warn(text);
      return vscode.window.showWarningMessage(text, ...actions);
    case 'error':
      log.error(text);
      return vscode.window.showErrorMessage(text, ...actions);
  }
}

/** Asks a question with buttons; the button pressed, or undefined when there was none. */
export function ask(question: string, ...buttons: string[]): Thenable<string | undefined> {
  return vscode.window.showWarningMessage(plainMessage(question), ...buttons);
}

/** Asks before something that cannot be undone; true when the user presses the button. */
export async function confirm(question: string, detail: string, button: string): Promise<boolean> {
  const options = { modal: true, detail: plainMessage(detail) };
  const chosen = await vscode.window.showWarningMessage(plainMessage(question), options, button);
  return chosen === button;
}

/** Says what went wrong: a UserError in its own words, anything else with a button that shows the log. */
export function sayError(doing: string, error: unknown): void {
  if (error instanceof UserError) {
    say('error', error.message, ...(error.action ? [error.action] : []));
    return;
  }
  if (error instanceof Error && error.stack) log.error(error.stack);
  const reason = describe(error).replace(/\.$/, '');
  say('error', `Lineheat could not ${doing}: ${reason}. The log has the details.`, {
    title: 'Show Log',
    run: () => log.show(),
  });
}

/** The message of anything that was thrown. */
export function describe(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
