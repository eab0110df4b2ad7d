import { spawn, type ChildProcess } from 'node:child_process';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import {
  createProtocolConnection,
  StreamMessageReader,
  StreamMessageWriter,
  type CodeLens,
  type Hover,
  type InitializeResult,
  type InlayHint,
  type ProtocolConnection,
} from 'vscode-languageserver/node';
import { decodeFlameChunk } from '../../../protocol/flameChunk';
import {
  annotationsNotification,
  clearRequest,
  endRunRequest,
  flameRequest,
  hotListRequest,
  linePartsRequest,
  openRunRequest,
  planRunRequest,
  runStatusNotification,
  settingsNotification,
  type FileAnnotations,
  type FlameResult,
  type HotListResult,
  type InitializationOptions,
  type LinePartsResult,
  type RunStatus,
} from '../../../protocol/lsp';
import {
  header,
  ms,
  records,
  recordsWithColumns,
  recordsWithMemory,
  writeRecording,
} from '../serverRecording';

// Real processes take their time on a busy machine.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

let dist: string;
let folder: string;
let script: string;
let server: ChildProcess;
let connection: ProtocolConnection;
let annotations: FileAnnotations[];
let statuses: RunStatus[];

const source = `import fast
def main():
    work()
    return 1





def work():
    python()
    fast.native()
    fast.wait()
`;

beforeAll(async () => {
  dist = mkdtempSync(join(tmpdir(), 'lineheat-dist-'));
  await build({
    entryPoints: [join(__dirname, '../../../server/main.ts')],
    bundle: true,
    platform: 'node',
    format: 'cjs',
    mainFields: ['main', 'module'],
    outfile: join(dist, 'server.js'),
    logLevel: 'warning',
  });
});
afterAll(() => rmSync(dist, { recursive: true }));

beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'lineheat-lsp-')));
  script = join(folder, 'a.py');
  writeFileSync(script, source);
  // The recording is made a moment after the file was saved, as it is in life.
  utimesSync(script, new Date(), new Date(Date.now() - 10_000));
  annotations = [];
  statuses = [];
});
afterEach(async () => {
  connection.dispose();
  server.kill();
  await exited();
  rmSync(folder, { recursive: true });
});

function exited(): Promise<void> {
  return new Promise((done) => {
    if (server.exitCode !== null || server.signalCode !== null) done();
    else server.once('exit', () => done());
  });
}

async function start(options: InitializationOptions): Promise<InitializeResult> {
  server = spawn(process.execPath, [join(dist, 'server.js'), '--stdio']);
  connection = createProtocolConnection(
    new StreamMessageReader(server.stdout!),
    new StreamMessageWriter(server.stdin!),
  );
  connection.onNotification(annotationsNotification, (file: FileAnnotations) => {
    annotations.push(file);
  });
  connection.onNotification(runStatusNotification, (status: RunStatus) => {
    statuses.push(status);
  });
  connection.listen();
  const result = await connection.sendRequest<InitializeResult>('initialize', {
    processId: process.pid,
    rootUri: null,
    capabilities: {},
    initializationOptions: options,
  });
  await connection.sendNotification('initialized', {});
  return result;
}

async function until<T>(what: string, look: () => T | undefined): Promise<T> {
  const deadline = Date.now() + 20_000;
  for (;;) {
    const found = look();
    if (found !== undefined) return found;
    if (Date.now() > deadline) throw new Error(`${what} did not come`);
    await new Promise((done) => setTimeout(done, 20));
  }
}

const uri = (): string => pathToFileURL(script).href;

async function openDocument(text = source): Promise<void> {
  await connection.sendNotification('textDocument/didOpen', {
    textDocument: { uri: uri(), languageId: 'python', version: 1, text },
  });
}

async function hoverOn(line: number): Promise<string> {
  const hover = await connection.sendRequest<Hover | null>('textDocument/hover', {
    textDocument: { uri: uri() },
    position: { line: line - 1, character: 6 },
  });
  return hover ? (hover.contents as { value: string }).value : '';
}

/** The hot list with its rows in words. */
async function hotList(of: 'lines' | 'functions'): Promise<{ rows: string[]; message: string }> {
  const { rows, message } = await connection.sendRequest<HotListResult>(hotListRequest, { of });
  const words = rows.map(({ line, source, value, percent, detail, function: name }) =>
    [line, source || '-', name, value, percent, detail].join(' | '),
  );
  return { rows: words, message };
}

async function openRun(path = folder, live = false): Promise<unknown> {
  return await connection.sendRequest(openRunRequest, { run: 'r', path, live });
}

const annotated = (): Promise<FileAnnotations> =>
  until('annotations', () => (annotations.at(-1)?.lines.length ? annotations.at(-1) : undefined));

test('a rich client gets annotations, hovers with links, lenses and the flame chart', async () => {
  const { serverInfo, capabilities } = await start({ richClient: true });
  expect(serverInfo?.name).toBe('lineheat');
  expect(capabilities).toMatchObject({ hoverProvider: true });
  expect(capabilities.executeCommandProvider).toBeUndefined();
  const list = records(script);
  const busy = { startNs: 30 * ms, endNs: 90 * ms, busyNs: 45 * ms };
  list.splice(-1, 0, { kind: 'gpuUse', device: 0, ...busy, bytes: null, costNs: 0 });
  writeRecording(join(folder, '1.lsp'), list);
  await openDocument();
  expect(await openRun()).toEqual({ ok: true });

  const file = await annotated();
  expect(file).toMatchObject({ run: 'r', path: script, metric: 'cpu' });
  expect(file.lines.map(({ line, kind, value, stale }) => [line, kind, value, stale])).toEqual([
    [3, 'total', '100 ms', false],
    [11, 'self', '20 ms', false],
    [12, 'self', '80 ms', false],
  ]);
  expect(file.functions.map(({ line, value, detail }) => [line, value, detail])).toEqual([
    [2, '100 ms', 'whole function'],
    [10, '100 ms', 'whole function'],
  ]);
  const status = await until('the end', () => statuses.find(({ state }) => state === 'ended'));
  expect(status).toMatchObject({ program: 'a.py', samples: 101, processes: 1 });

  const card = await hoverOn(12);
  expect(card).toContain('**80 ms · 80 %** — native');
  expect(card).toMatch(/\| .*Native \| &emsp;80 ms \| &emsp;80 ms \|/);
  expect(card).toMatch(/\| .*GPU \| &emsp;45 ms \| &emsp;45 ms \|/);
  expect(card).toContain('`(no symbol)` 100 % · \\_fast.so');
  expect(card).toMatch(/Called from `main` \[a\.py:3\]\(command:lineheat\.openLine\?/);
  expect(card).toContain('samples at 1 kHz');
  expect(card).toContain('command:lineheat.showLineInFlameChart?');
  expect(await hoverOn(5)).toBe('');

  // By own cost: line 3 only calls.
  expect(await hotList('lines')).toEqual({
    rows: [
      '12 | fast.native() | work | 80 ms | 80 % | native',
      '11 | python() | work | 20 ms | 20 % | python',
    ],
    message: '',
  });
  expect(await hotList('functions')).toEqual({
    rows: ['10 | - | work | 100 ms | 100 % | native 80 · python 20'],
    message: '',
  });

  const lenses = await connection.sendRequest<CodeLens[]>('textDocument/codeLens', {
    textDocument: { uri: uri() },
  });
  expect(lenses.map(({ range, command }) => [range.start.line + 1, command?.command])).toEqual([
    [1, 'lineheat.showLineInFlameChart'],
    [10, 'lineheat.showLineInFlameChart'],
  ]);

  let cursor = 0;
  let rows = 0;
  for (let done = false; !done;) {
    const result: FlameResult = await connection.sendRequest(flameRequest, { run: 'r', cursor });
    if (result.chunk !== '') {
      const bytes = Uint8Array.from(Buffer.from(result.chunk, 'base64'));
      rows += decodeFlameChunk(bytes.buffer).threads.reduce(
        (sum, { time }) => sum + time.length,
        0,
      );
    }
    cursor = result.cursor;
    done = result.done;
  }
  expect(rows).toBeGreaterThan(1);

  await connection.sendRequest(clearRequest, null);
  expect((await until('the clearing', () => annotations.at(-1))).lines).toEqual([]);
});

test('a plain client gets plain markdown, lenses without commands, and inlay hints', async () => {
  const { capabilities } = await start({});
  writeRecording(join(folder, '1.lsp'), records(script));
  await openDocument();
  const [command] = capabilities.executeCommandProvider!.commands;
  await connection.sendRequest('workspace/executeCommand', { command, arguments: [folder] });
  await annotated();
  const card = await hoverOn(12);
  expect(card).toMatch(/\| Native \|/);
  expect(card).not.toMatch(/\$\(|command:/);
  const hints = await connection.sendRequest<InlayHint[]>('textDocument/inlayHint', {
    textDocument: { uri: uri() },
    range: { start: { line: 9, character: 0 }, end: { line: 20, character: 0 } },
  });
  expect(
    hints.map(({ position, label }) => [position.line + 1, position.character, label]),
  ).toEqual([
    [11, 12, expect.stringContaining('20 ms')],
    [12, 17, expect.stringContaining('80 ms')],
  ]);
});

test('the expressions of a line are listed and can be highlighted while the line is unchanged', async () => {
  await start({ richClient: true });
  const text = source.replace('    work()', '    x = slow(3) + slow(1)');
  writeFileSync(script, text);
  utimesSync(script, new Date(), new Date(Date.now() - 10_000));
  writeRecording(join(folder, '1.lsp'), recordsWithColumns(script));
  await openDocument(text);
  expect(await openRun()).toEqual({ ok: true });
  await annotated();
  const partsOf = (line: number): Promise<LinePartsResult> =>
    connection.sendRequest(linePartsRequest, { uri: uri(), line });
  expect(await hoverOn(3)).toContain('Which part: `slow(3)` 67 %, `slow(1)` 22 %, `… + …` 11 %');
  expect(await partsOf(3)).toEqual({
    parts: [
      { start: 8, end: 15, heat: 6 },
      { start: 18, end: 25, heat: 3 },
      { start: 16, end: 17, heat: 2 },
    ],
  });
  await connection.sendNotification(settingsNotification, { metric: 'allocated' });
  expect(await hoverOn(3)).toContain('Which part: `slow(1)` 75 %, `slow(3)` 25 %');
  await connection.sendNotification(settingsNotification, { metric: 'copied' });
  expect(await partsOf(3)).toEqual({ parts: [] });
  await connection.sendNotification(settingsNotification, {});
  expect(await partsOf(2)).toEqual({ parts: [] });
  expect(await partsOf(99)).toEqual({ parts: [] });
  await connection.sendNotification('textDocument/didChange', {
    textDocument: { uri: uri(), version: 2 },
    contentChanges: [{ text: `# new\n${text}` }],
  });
  expect((await partsOf(4)).parts).toHaveLength(3);
  await connection.sendNotification('textDocument/didChange', {
    textDocument: { uri: uri(), version: 3 },
    contentChanges: [{ text: text.replace('slow(3)', 'slow(33)') }],
  });
  expect(await partsOf(3)).toEqual({ parts: [] });
  expect(await hoverOn(3)).not.toContain('Which part');
});

test('figures follow their lines through edits, and changed lines are marked', async () => {
  await start({ richClient: true });
  writeRecording(join(folder, '1.lsp'), records(script));
  await openDocument();
  await openRun();
  await annotated();
  annotations = [];
  // Two lines above, and the native line itself changed.
  const change = (line: number, from: number, to: number, text: string) => ({
    range: { start: { line, character: from }, end: { line, character: to } },
    text,
  });
  await connection.sendNotification('textDocument/didChange', {
    textDocument: { uri: uri(), version: 2 },
    contentChanges: [change(11, 4, 17, 'other.call()'), change(0, 0, 0, '# one\n# two\n')],
  });
  const file = await annotated();
  expect(file.lines.map(({ line, stale }) => [line, stale])).toEqual([
    [5, false],
    [13, false],
    [14, true],
  ]);
  expect(await hoverOn(14)).toContain('edited since the run');
  expect(await hoverOn(13)).not.toContain('edited since the run');
});

test('a file that changed after the run began has stale figures', async () => {
  await start({ richClient: true });
  writeRecording(join(folder, '1.lsp'), records(script));
  utimesSync(script, new Date(), new Date(Date.now() + 60_000));
  await openDocument();
  await openRun();
  const file = await annotated();
  expect(file.lines.every(({ stale }) => stale)).toBe(true);
  expect(await hoverOn(12)).toContain('lines may have moved');
});

test('paths are mapped by the longest prefix, and links lead to the mapped file', async () => {
  await start({
    pathMappings: [
      ['/app', '/nowhere'],
      ['/app/src', folder],
    ],
  });
  const link = join(folder, 'recordings');
  mkdirSync(link);
  writeRecording(join(link, '1.lsp'), records('/app/src/a.py'));
  await openDocument();
  await openRun(link);
  expect((await annotated()).path).toBe(script);
});

test('settings switch the metric without a new run', async () => {
  await start({ richClient: true });
  writeRecording(join(folder, '1.lsp'), records(script));
  await openRun();
  await annotated();
  annotations = [];
  await connection.sendNotification(settingsNotification, { metric: 'wait', thresholdPercent: 5 });
  const file = await annotated();
  expect(file.metric).toBe('wait');
  expect(file.lines.map(({ line, value }) => [line, value])).toEqual([
    [3, '1.00 s'],
    [13, '1.00 s'],
  ]);
});

test('a file that cannot be opened is answered with a sentence', async () => {
  await start({});
  expect(await openRun('/nowhere')).toMatchObject({
    ok: false,
    message: expect.stringContaining('does not exist') as string,
  });
  expect(await openRun(folder)).toMatchObject({
    ok: false,
    message: expect.stringContaining('no recording') as string,
  });
  expect(await openRun(script)).toMatchObject({
    ok: false,
    message: expect.stringContaining('not a Lineheat recording') as string,
  });
  const plan = await connection.sendRequest(planRunRequest, {
    program: join(folder, 'b.py'),
    args: [],
    cwd: folder,
    interpreters: [],
    env: {},
    storage: folder,
    intervalUs: 1000,
    memory: true,
  });
  expect(plan).toMatchObject({
    ok: false,
    message: expect.stringContaining('does not exist') as string,
  });
});

test('a live run is followed, and its end is announced with a sentence', async () => {
  await start({ richClient: true });
  const runDir = join(folder, 'run');
  mkdirSync(runDir);
  expect(await openRun(runDir, true)).toEqual({ ok: true });
  await until('the start', () => statuses.find(({ state }) => state === 'starting'));
  const unfinished = records(script).filter(({ kind }) => kind !== 'end');
  const { pid } = process;
  const { startMonotonicNs, startUnixNs } = header();
  const live = { state: 'recording' as const, pid, startMonotonicNs, startUnixNs };
  writeRecording(join(runDir, '1.lsp'), unfinished, live);
  await until('running', () =>
    statuses.find(({ state, samples }) => state === 'running' && samples > 0),
  );
  await annotated();
  writeRecording(join(runDir, '1.lsp'), records(script), { ...live, state: 'closed' });
  const result = await connection.sendRequest(endRunRequest, { run: 'r', exit: 3, stopped: false });
  expect(result).toEqual({
    severity: 'information',
    hasFigures: true,
    message: expect.stringMatching(
      /^a\.py failed with exit code 3 after .*: 100 ms CPU, 101 samples, hottest line a\.py:12 \(80/,
    ) as string,
    hottest: { path: script, line: 12 },
  });
  await until('the end', () => (statuses.at(-1)?.state === 'ended' ? true : undefined));
});

test('memory is shown in annotations, hovers and lenses, and its absence is explained', async () => {
  await start({ richClient: true, metric: 'growth', inlayHints: true });
  writeRecording(join(folder, '1.lsp'), recordsWithMemory(script));
  await openDocument();
  expect(await openRun()).toEqual({ ok: true });
  const file = await annotated();
  expect(
    file.lines.map(({ line, value, percent, detail }) => [line, value, percent, detail]),
  ).toEqual([[11, '+100 MB', '100 %', 'leaking 91 MB/s']]);
  // Annotations may come first: the document's own change brings them too.
  await until('the run with memory', () => (statuses.at(-1)?.memory ? true : undefined));
  const leaking = await hoverOn(11);
  expect(leaking).toContain('**100 MB more than at the start · 100 %**');
  expect(leaking).toContain('**100 MB** allocated in 100 allocations, by Python');
  expect(leaking).toContain('+100 MB growth: not freed so far');
  expect(leaking).toContain('It keeps growing by 91 MB/s: a leak, with a likelihood of 99 %');
  expect(leaking).toMatch(/`▁[▁-█]{38}█` held over time, at most 100 MB/);
  const [hint] = await connection.sendRequest<InlayHint[]>('textDocument/inlayHint', {
    textDocument: { uri: uri() },
    range: { start: { line: 0, character: 0 }, end: { line: 13, character: 0 } },
  });
  expect(hint?.label).toBe('+100 MB  100 %  leaking 91 MB/s');
  const transient = await hoverOn(12);
  expect(transient).toContain('**500 MB** allocated in 100 allocations, by native code');
  expect(transient).toContain('No growth: all of it was freed');
  expect(transient).not.toContain('leak');
  expect(await hotList('lines')).toEqual({
    rows: ['11 | python() | work | +100 MB | 100 % | leaking 91 MB/s'],
    message: '',
  });
  const lenses = await connection.sendRequest<CodeLens[]>('textDocument/codeLens', {
    textDocument: { uri: uri() },
  });
  expect(lenses.map(({ command }) => command?.title)).toEqual([
    '100 MB more than at the start · 100 %',
  ]);

  writeRecording(join(folder, '1.lsp'), records(script));
  expect(await openRun()).toEqual({ ok: true });
  await until('the run without memory', () =>
    statuses.at(-1)?.memory === false ? true : undefined,
  );
  await until('no annotations', () => (annotations.at(-1)?.lines.length === 0 ? true : undefined));
  expect(await hoverOn(12)).toContain('Memory was not measured in this run.');
  // The list's own words say that, beside a button.
  expect(await hotList('lines')).toEqual({ rows: [], message: '' });
});

test('a run that recorded nothing says why', async () => {
  await start({ richClient: true });
  await openRun(folder, true);
  const result = await connection.sendRequest(endRunRequest, { run: 'r', exit: 0, stopped: false });
  expect(result).toMatchObject({
    severity: 'warning',
    message: expect.stringContaining('Nothing was recorded') as string,
  });
});

test('the server ends when its parent process is gone', async () => {
  await start({});
  server.stdin!.end();
  await exited();
  expect(server.exitCode).not.toBeNull();
});

test('the server ends with a sentence when the client sends something that is no message', async () => {
  const broken = spawn(process.execPath, [join(dist, 'server.js'), '--stdio']);
  let told = '';
  broken.stderr.on('data', (piece) => (told += String(piece)));
  const code = new Promise((done) => broken.on('exit', done));
  broken.stdin.write('Content-Length: 5\r\n\r\n{bad}');
  expect(await code).toBe(1);
  expect(told).toMatch(
    /^lineheat: The client sent something that is not a message .*so the server ends/,
  );
});
