// What another extension can do with Lineheat: the companion is one.
import { copyFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { ended, keepEvidence, messages } from './driver/lineheat';
import { until } from './driver/until';
import { openVsCode, type VsCode } from './driver/vscode';

const program = `import sys, time

end = time.process_time() + float(sys.argv[1])
while time.process_time() < end:
    sum(range(1000))
`;

let vs: VsCode;
beforeAll(async () => {
  vs = await openVsCode({ files: { 'busy.py': program, 'notes.txt': 'no program' } });
});
afterEach(async (context) => {
  if (context.task.result?.state === 'fail') await keepEvidence(vs, 'exports');
});
afterAll(() => vs?.close());

test('a program is profiled with arguments, and the API returns the run and its figures', async () => {
  const path = join(vs.folder, 'busy.py');
  expect(await vs.companion.exports((api) => [api.version, api.run], null)).toEqual([1, null]);
  const before = (await messages(vs)).length;
  const started = await vs.companion.exports((api, file, vscode) => {
    const told = { runs: [] as unknown[], files: [] as string[] };
    Object.assign(globalThis, { told });
    api.onDidChangeRun((run) => told.runs.push([run?.title, run?.isLive]));
    api.onDidChangeFigures((changed) => told.files.push(changed.fsPath));
    return api.profileFile(vscode.Uri.file(file), { args: ['2'] });
  }, path);
  expect(started).toBe(true);
  await ended(vs, before);
  const figures = await until('the busy line leads', () =>
    vs.companion.exports(async (api, file, vscode) => {
      const known = await api.figuresOf(vscode.Uri.file(file));
      return known?.lines.some(({ line, share }) => line === 4 && share > 0.3) && known;
    }, path),
  );
  expect(figures.metric).toBe('cpu');
  const busy = figures.lines.find(({ line }) => line === 4)!;
  expect(busy.value).toMatch(/s$/);
  expect(busy.percent).toMatch(/%$/);
  expect(busy.isStale).toBe(false);
  const told = await vs.companion.ask(
    () => (globalThis as unknown as { told: { runs: unknown[]; files: string[] } }).told,
    null,
  );
  expect(told.runs).toEqual([
    ['busy.py', true],
    ['busy.py', false],
  ]);
  expect(told.files).toContain(path);
});

test('the API opens a recording', async () => {
  const run = await vs.companion.exports((api) => api.run?.recording.fsPath, null);
  const stream = readdirSync(run!).find((name) => name.endsWith('.lsp'))!;
  const copy = join(vs.folder, 'copy.lsp');
  copyFileSync(join(run!, stream), copy);
  const title = await vs.companion.exports(async (api, file, vscode) => {
    await api.openRecording(vscode.Uri.file(file));
    return api.run?.title;
  }, copy);
  expect(title).toBe('copy.lsp');
});

test('requests that cannot be fulfilled are rejected with a sentence', async () => {
  const refusal = (name: string, how: 'profileFile' | 'openRecording') =>
    vs.companion.exports(
      async (api, [file, method], vscode) =>
        api[method](vscode.Uri.file(file)).then(
          () => 'done',
          (error: unknown) => (error instanceof Error ? error.message : 'no Error'),
        ),
      [join(vs.folder, name), how] as const,
    );
  expect(await refusal('notes.txt', 'profileFile')).toMatch(/is not a Python file/);
  expect(await refusal('nowhere.lsp', 'openRecording')).toMatch(/nowhere\.lsp/);
});

test('only the documented members are exported, and the test API only under test', async () => {
  const names = await vs.companion.exports((api) => Object.keys(api).sort(), null);
  const documented = ['figuresOf', 'onDidChangeFigures', 'onDidChangeRun', 'openRecording', 'run'];
  expect(names).toEqual([...documented, 'profileFile', 'version', 'test'].sort());
});
