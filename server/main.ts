/** The language server: plain LSP for any editor, and the messages of protocol/lsp.ts for clients that know them. */
import {
  createConnection,
  ProposedFeatures,
  TextDocuments,
  TextDocumentSyncKind,
  type InitializeResult,
  type TextDocumentIdentifier,
} from 'vscode-languageserver/node';
import { TextDocument } from 'vscode-languageserver-textdocument';
import {
  clearRequest,
  closeViewNotification,
  endRunRequest,
  flameRequest,
  hotListRequest,
  linePartsRequest,
  openRunRequest,
  planRunRequest,
  rangeNotification,
  runStatusNotification,
  saveRunRequest,
  settingsNotification,
  type CloseViewParams,
  type EndRunParams,
  type FlameParams,
  type HotListParams,
  type InitializationOptions,
  type LinePartsParams,
  type OpenRunParams,
  type OpenRunResult,
  type PlanRunParams,
  type RangeParams,
  type SaveRunParams,
} from '../protocol/lsp';
import { plainMessage } from '../recording/plain';
import { codeLenses } from './features/codeLens';
import type { FeatureContext } from './features/context';
import { readFlame } from './features/flame';
import { hotList } from './features/hotList';
import { hover } from './features/hover/hover';
import { inlayHints } from './features/inlayHint';
import { lineParts } from './features/lineParts';
import { Framing } from './framing';
import { planRun } from './launch/plan';
import { Publisher } from './publisher';
import { saveRun } from './reading/saveRun';
import { Session } from './session';
import { RunStore } from './store';
import { version } from './version';

/** How long the server waits for its last message to get out before it ends by itself. */
const lastMessageMs = 100;
/** A command for clients that do not send openRun: its one argument is the path of a recording or of a run's folder. */
const openRecordingCommand = 'lineheat.server.openRecording';

const connection = createConnection(ProposedFeatures.all);
const documents = new TextDocuments(TextDocument);
const store = new RunStore({
  status: (status) => void connection.sendNotification(runStatusNotification, status),
  shown: () => publisher.publish(),
  failed: report,
});
const session = new Session(store);
const publisher = new Publisher(connection, session, (uri) => documents.get(uri));

/** Says in the client's log what failed, with its stack. The server goes on. */
function report(what: string, error: unknown): void {
  const detail = error instanceof Error ? (error.stack ?? error.message) : String(error);
  connection.console.error(`${what} failed: ${detail}`);
}

/** Answers a request, or with `fallback` when the handler throws: one bad file must not end the server. */
function guarded<P, R>(what: string, fallback: R, handle: (params: P) => R): (params: P) => R {
  return (params) => {
    try {
      return handle(params);
    } catch (error) {
      report(what, error);
      return fallback;
    }
  };
}

/** Answers a request about a document; with `nothing` where it is not open or no run is shown. */
function aboutDocument<P extends { textDocument: TextDocumentIdentifier }, R>(
  what: string,
  nothing: R,
  answer: (context: FeatureContext, document: TextDocument, params: P) => R,
): (params: P) => R {
  return guarded(what, nothing, (params) => {
    const context = session.context();
    const document = documents.get(params.textDocument.uri);
    return context && document ? answer(context, document, params) : nothing;
  });
}

connection.onInitialize((params): InitializeResult => {
  session.initialize((params.initializationOptions ?? {}) as Partial<InitializationOptions>);
  publisher.client = params.capabilities;
  return {
    serverInfo: { name: 'lineheat', version },
    capabilities: {
      textDocumentSync: { openClose: true, change: TextDocumentSyncKind.Incremental },
      hoverProvider: true,
      codeLensProvider: { resolveProvider: false },
      inlayHintProvider: { resolveProvider: false },
      // A client that opens runs itself would register this as a command of its own.
      ...(session.isRich ? {} : { executeCommandProvider: { commands: [openRecordingCommand] } }),
    },
  };
});

connection.onHover(
  aboutDocument('hover', null, (now, document, { position }) => hover(now, document, position)),
);
connection.onCodeLens(aboutDocument('code lens', [], (now, document) => codeLenses(now, document)));
connection.languages.inlayHint.on(
  aboutDocument('inlay hint', [], (now, document, { range }) => inlayHints(now, document, range)),
);

connection.onExecuteCommand(({ command, arguments: args }) => {
  const path: unknown = args?.[0];
  if (command !== openRecordingCommand || typeof path !== 'string') return;
  const result = store.open({ run: path, path, live: false });
  if (!result.ok) connection.window.showErrorMessage(plainMessage(result.message));
});
connection.onRequest(planRunRequest, (params: PlanRunParams) => planRun(params, __dirname));
connection.onRequest<OpenRunResult, unknown>(openRunRequest, (params: OpenRunParams) =>
  store.open(params),
);
connection.onNotification(closeViewNotification, ({ run }: CloseViewParams) =>
  store.closeView(run),
);
connection.onRequest(endRunRequest, (params: EndRunParams) =>
  store.end(params, (run) => session.fold(run, true)),
);
connection.onRequest(saveRunRequest, (params: SaveRunParams) => saveRun(params));
connection.onRequest(clearRequest, () => {
  store.clear();
  return null;
});
connection.onRequest(flameRequest, (params: FlameParams) => {
  const run = store.get(params.run);
  const fold = run && session.fold(run, params.onlyMyCode === true);
  return readFlame(run && { run, live: store.isLive(params.run), fold }, params);
});
connection.onRequest(
  hotListRequest,
  guarded('hot lines', { rows: [], message: '' }, (params: HotListParams) =>
    hotList(
      session.context(params.own || undefined),
      params,
      (uri) => documents.get(uri),
      params.own && store.shown ? session.fold(store.shown, true) : undefined,
    ),
  ),
);
connection.onNotification(rangeNotification, (params: RangeParams) => {
  session.chooseRange(params);
  publisher.publish();
});
connection.onRequest(
  linePartsRequest,
  guarded('the parts of a line', { parts: [] }, (params: LinePartsParams) =>
    lineParts(session.context(), documents.get(params.uri), params),
  ),
);
connection.onNotification(settingsNotification, (changed: unknown) => {
  session.changeSettings(changed);
  publisher.publish();
});

documents.onDidChangeContent(() => {
  publisher.followEdit((error) => report('annotations', error));
});
documents.listen(connection);

process.on('uncaughtException', (error) => report('The server', error));
process.on('unhandledRejection', (error) => report('The server', error));
// The editor is gone. The recordings are on disk, so there is nothing to save.
process.on('disconnect', () => process.exit(0));
connection.onShutdown(() => store.close());
connection.listen();
if (process.argv.includes('--stdio')) {
  const framing = new Framing();
  process.stdin.on('data', (piece: Buffer) => {
    const problem = framing.push(piece);
    if (problem === undefined) return;
    process.stdin.pause();
    process.stderr.write(`lineheat: ${problem}\n`);
    connection.window.showErrorMessage(plainMessage(problem));
    setTimeout(() => process.exit(1), lastMessageMs);
  });
}
