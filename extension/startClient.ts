import * as vscode from 'vscode';
import type { LanguageClient } from 'vscode-languageclient/node';
import {
  annotationsNotification,
  commands,
  runStatusNotification,
  type FileAnnotations,
  type InitializationOptions,
  type RunStatus,
} from '../protocol/lsp';
import { getLog } from './messages';
import { serverSettings } from './settings';

/** What a client of the language server tells. */
export interface ClientEvents {
  annotations(file: FileAnnotations): void;
  status(status: RunStatus): void;
  /** The server died. Returns whether to start another one in its place. */
  died(): boolean;
  /** Another server is ready in the place of one that died. */
  replaced(): void;
}

/** Starts the language server and connects to it. */
export async function startClient(
  context: vscode.ExtensionContext,
  events: ClientEvents,
): Promise<LanguageClient> {
  // Imported here because it is most of the bundle and activation must not wait for it.
  const { CloseAction, ErrorAction, LanguageClient, RevealOutputChannelOn, State, TransportKind } =
    await import('vscode-languageclient/node');
  const module = context.asAbsolutePath('dist/server.js');
  const transport = TransportKind.ipc;
  const client = new LanguageClient(
    'lineheat',
    'Lineheat',
    {
      run: { module, transport },
      debug: { module, transport, options: { execArgv: ['--nolazy', '--inspect=6010'] } },
    },
    {
      documentSelector: [{ scheme: 'file', language: 'python' }],
      initializationOptions: (): InitializationOptions => ({
        ...serverSettings(),
        richClient: true,
      }),
      outputChannel: getLog(),
      revealOutputChannelOn: RevealOutputChannelOn.Never,
      markdown: {
        isTrusted: { enabledCommands: Object.values(commands) },
        supportHtml: true,
      },
      middleware: {
        provideHover: async (document, position, token, next) =>
          withIcons(await next(document, position, token)),
      },
      initializationFailedHandler: () => false,
      errorHandler: {
        error: () => ({ action: ErrorAction.Continue, handled: true }),
        closed: () => ({
          action: events.died() ? CloseAction.Restart : CloseAction.DoNotRestart,
          handled: true,
        }),
      },
    },
  );
  client.onNotification(annotationsNotification, (file: FileAnnotations) =>
    events.annotations(file),
  );
  client.onNotification(runStatusNotification, (status: RunStatus) => events.status(status));
  await client.start();
  client.onDidChangeState(({ newState }) => {
    if (newState === State.Running) events.replaced();
  });
  return client;
}

/** Lets icons in a hover be drawn, which the protocol has no word for. */
function withIcons<Result extends vscode.Hover | null | undefined>(hover: Result): Result {
  for (const part of hover?.contents ?? []) {
    if (part instanceof vscode.MarkdownString) part.supportThemeIcons = true;
  }
  return hover;
}
