/** The language server: plain LSP for any editor, and the messages of protocol/lsp.ts for clients that know them. */
import {
  createConnection,
  ProposedFeatures,
  TextDocuments,
  TextDocumentSyncKind,
  type ClientCapabilities,
  type InitializeResult,
} from 'vscode-languageserver/node';
import { TextDocument } from 'vscode-languageserver-textdocument';
import {
  annotationsNotification,
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
  type RunRange,
  type SaveRunParams,
  type ServerSettings,
} from '../protocol/lsp';
import { AnnotationSender } from './features/annotations';
import { codeLenses } from './features/codeLens';
import type { FeatureContext } from './features/context';
import { readFlame } from './features/flame';
import { hotList } from './features/hotList';
import { hover } from './features/hover/hover';
import { inlayHints } from './features/inlayHint';
import type { View } from '../profile/view/viewed';
import { lineParts } from './features/lineParts';
import { plainMessage } from '../recording/plain';
import { Framing } from './framing';
import { planRun } from './launch/plan';
import { OwnCode } from './editing/ownCode';
import type { Run } from './reading/run';
import { saveRun } from './reading/saveRun';
import { readSettings } from './settings';
import { Sources } from './editing/sources';
import { RunStore } from './store';
import { version } from './version';

/** Annotations follow the keyboard after this pause. */
const editDelayMs = 120;
const refreshDelayMs = 1000;
/** Before the server ends by itself, what it says gets out. */
const lastWordsMs = 100;
/** What a client without openRun of its own may call: one argument, the path of a recording or a run's folder. */
const openRecordingCommand = 'lineheat.server.openRecording';

const connection = createConnection(ProposedFeatures.all);
const documents = new TextDocuments(TextDocument);
let settings: ServerSettings = readSettings({});
let rich = false;
let client: ClientCapabilities = {};
let sources = new Sources([]);
let sourcesOf: unknown;
/** The part of a run's time that figures are of, as long as that run is shown. */
let chosen: RangeParams | undefined;
const ownCode = new OwnCode();
let editTimer: NodeJS.Timeout | undefined;
let refreshTimer: NodeJS.Timeout | undefined;

const annotations = new AnnotationSender((file) => {
  void connection.sendNotification(annotationsNotification, file);
});
const store = new RunStore({
  status: (status) => void connection.sendNotification(runStatusNotification, status),
  shown: publish,
  failed: report,
});

/** What features answer from, or undefined when no run is shown. */
function context(onlyMyCode = settings.onlyMyCode): FeatureContext | undefined {
  const run = store.shown;
  if (!run || store.shownRunId === undefined) return undefined;
  // Another run speaks of other texts of the same files.
  if (sourcesOf !== run) {
    sources = new Sources(settings.pathMappings);
    sourcesOf = run;
  }
  const view = {
    ...rangeOf(run, chosen?.run === store.shownRunId ? chosen.range : null),
    ...foldOf(run, onlyMyCode),
  };
  return { runId: store.shownRunId, ...run.inView(view), sources, settings, rich };
}

function rangeOf(run: Run, range: RunRange | null): Pick<View, 'range'> {
  if (!range) return {};
  const { elapsedNs } = run.profile();
  return 'lastNs' in range
    ? { range: { fromNs: Math.max(0, elapsedNs - range.lastNs), untilNs: Infinity } }
    : { range: { fromNs: range.fromNs, untilNs: range.untilNs ?? Infinity } };
}

function foldOf(run: Run, onlyMyCode: boolean): Pick<View, 'fold'> {
  const fold = ownCode.foldOf(run, { ...settings, onlyMyCode });
  return fold ? { fold } : {};
}

function publish(): void {
  sendAnnotations();
  if (!refreshTimer) refreshTimer = setTimeout(refresh, refreshDelayMs);
}

/** Asks the client to ask again for lenses and hints; less often than annotations, because they move the text. */
function refresh(): void {
  refreshTimer = undefined;
  if (client.workspace?.codeLens?.refreshSupport && settings.codeLens) {
    void connection.sendRequest('workspace/codeLens/refresh').catch(ignore);
  }
  if (client.workspace?.inlayHint?.refreshSupport && settings.inlayHints) {
    void connection.languages.inlayHint.refresh().catch(ignore);
  }
}

function sendAnnotations(): void {
  annotations.send(context(), (uri) => documents.get(uri));
}

/** A refresh is a courtesy; a client that goes away meanwhile is not a failure. */
function ignore(): void {
  return undefined;
}

/** Says in the client's log what failed, with its stack. The server goes on. */
function report(what: string, error: unknown): void {
  const detail = error instanceof Error ? (error.stack ?? error.message) : String(error);
  connection.console.error(`${what} failed: ${detail}`);
}

/** Answers a request, or `fallback` when the handler throws: one bad file must not take the server down. */
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

connection.onInitialize((params): InitializeResult => {
  const options = (params.initializationOptions ?? {}) as InitializationOptions;
  settings = readSettings(options);
  rich = options.richClient === true;
  client = params.capabilities;
  return {
    serverInfo: { name: 'lineheat', version },
    capabilities: {
      textDocumentSync: { openClose: true, change: TextDocumentSyncKind.Incremental },
      hoverProvider: true,
      codeLensProvider: { resolveProvider: false },
      inlayHintProvider: { resolveProvider: false },
      // A client that opens runs itself would register this as a command of its own.
      ...(rich ? {} : { executeCommandProvider: { commands: [openRecordingCommand] } }),
    },
  };
});

connection.onHover(
  guarded('hover', null, ({ textDocument, position }) => {
    const now = context();
    const document = documents.get(textDocument.uri);
    return now && document ? hover(now, document, position) : null;
  }),
);
connection.onCodeLens(
  guarded('code lens', [], ({ textDocument }) => {
    const now = context();
    const document = documents.get(textDocument.uri);
    return now && document ? codeLenses(now, document) : [];
  }),
);
connection.languages.inlayHint.on(
  guarded('inlay hint', [], ({ textDocument, range }) => {
    const now = context();
    const document = documents.get(textDocument.uri);
    return now && document ? inlayHints(now, document, range) : [];
  }),
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
  store.end(params, (run) => ownCode.foldOf(run, { ...settings, onlyMyCode: true })),
);
connection.onRequest(saveRunRequest, (params: SaveRunParams) => saveRun(params));
connection.onRequest(clearRequest, () => {
  store.clear();
  return null;
});
connection.onRequest(flameRequest, (params: FlameParams) => {
  const run = store.get(params.run);
  const look = { ...settings, onlyMyCode: params.onlyMyCode === true };
  const fold = run && ownCode.foldOf(run, look);
  return readFlame(run && { run, live: store.isLive(params.run), fold }, params);
});
connection.onRequest(
  hotListRequest,
  guarded('hot lines', { rows: [], message: '' }, (params: HotListParams) =>
    hotList(
      context(params.own || undefined),
      params,
      (uri) => documents.get(uri),
      params.own && store.shown ? foldOf(store.shown, true).fold : undefined,
    ),
  ),
);
connection.onNotification(rangeNotification, (params: RangeParams) => {
  chosen = params;
  publish();
});
connection.onRequest(
  linePartsRequest,
  guarded('the parts of a line', { parts: [] }, (params: LinePartsParams) =>
    lineParts(context(), documents.get(params.uri), params),
  ),
);
connection.onNotification(settingsNotification, (changed: unknown) => {
  const before = JSON.stringify(settings.pathMappings);
  settings = readSettings(changed);
  if (JSON.stringify(settings.pathMappings) !== before) sourcesOf = undefined;
  publish();
});

documents.onDidChangeContent(() => {
  clearTimeout(editTimer);
  editTimer = setTimeout(guarded('annotations', undefined, sendAnnotations), editDelayMs);
});
documents.listen(connection);

process.on('uncaughtException', (error) => report('The server', error));
process.on('unhandledRejection', (error) => report('The server', error));
// An editor that is gone can neither be served nor told; the recordings are on disk.
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
    setTimeout(() => process.exit(1), lastWordsMs);
  });
}
