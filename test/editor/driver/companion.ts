// Asks the extension host of the window under test, through the companion extension.
import { existsSync, readFileSync } from 'node:fs';
import type * as vscodeApi from 'vscode';
import type { LineheatApi } from '../../../extension/api';
import type { TestApi } from '../../../extension/testApi';
import { until } from './until';

type Api = typeof vscodeApi;

export interface Companion {
  /** Runs a function in the extension host. It is sent as text: it sees only its two arguments. */
  ask<Argument, Value>(
    question: (vscode: Api, argument: Argument) => Value | PromiseLike<Value>,
    argument: Argument,
  ): Promise<Awaited<Value>>;
  /** The same of Lineheat's own test API, activating Lineheat if it is not active yet. */
  lineheat<Argument, Value>(
    question: (lineheat: TestApi, argument: Argument) => Value | PromiseLike<Value>,
    argument: Argument,
  ): Promise<Awaited<Value>>;
  /** The same of what Lineheat gives other extensions, as one of them. */
  exports<Argument, Value>(
    question: (
      lineheat: LineheatApi,
      argument: Argument,
      vscode: Api,
    ) => Value | PromiseLike<Value>,
    argument: Argument,
  ): Promise<Awaited<Value>>;
  /** Process id of the extension host. */
  pid(): number;
  /** Waits for the extension host to be up; after a crash, for another one than `not`. */
  ready(not?: number): Promise<void>;
}

/** @param portFile where the companion writes its port each time an extension host starts */
export function connectCompanion(portFile: string): Companion {
  const read = (): { port: number; pid: number } | null =>
    existsSync(portFile)
      ? (JSON.parse(readFileSync(portFile, 'utf8')) as { port: number; pid: number })
      : null;
  const send = async (body: string, argument: unknown): Promise<never> => {
    const address = read();
    if (!address) throw new Error('The extension host has not started.');
    const response = await fetch(`http://127.0.0.1:${address.port}`, {
      method: 'POST',
      body: JSON.stringify({ body, argument }),
    });
    const answer = (await response.json()) as { value: never } | { error: string };
    if ('error' in answer) throw new Error(answer.error);
    return answer.value;
  };
  const ask: Companion['ask'] = (question, argument) => send(question.toString(), argument);
  return {
    ask,
    lineheat: (question, argument) =>
      send(
        `async (vscode, argument) => (${question.toString()})(
          (await vscode.extensions.getExtension('lineheat.lineheat').activate()).test, argument)`,
        argument,
      ),
    exports: (question, argument) =>
      send(
        `async (vscode, argument) => (${question.toString()})(
          await vscode.extensions.getExtension('lineheat.lineheat').activate(), argument, vscode)`,
        argument,
      ),
    pid: () => read()?.pid ?? 0,
    ready: (not) =>
      until(
        'the extension host answers',
        async () => read() !== null && read()?.pid !== not && (await ask(() => true, null)),
        60_000,
      ).then(() => undefined),
  };
}
