// Recordings made to harm whoever opens them: nothing in them becomes a link that can be clicked, and nothing hangs.
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import type { StreamRecord } from '../../recording/records';
import { Run } from '../../server/reading/run';
import { showRun } from '../../server/cli/text/report';
import { writeSavedRun } from '../../server/reading/saved/write';
import { records, sample, writeRecording } from '../unit/serverRecording';
import { annotated, keepEvidence } from './driver/lineheat';
import { hoverText } from './driver/editorView';
import { frames } from './driver/panel';
import { until } from './driver/until';
import { openVsCode, type VsCode } from './driver/vscode';
import { command, notification, webview } from './driver/window';

/** What VS Code makes a link of where it may, and what a click on it would do: a file that nobody asked for. */
const link = '[Fix it](command:workbench.action.files.newUntitledFile)';
const escape = String.fromCharCode(27);
const evil = `${link}${escape}]52;c;cm0gLXJm\u0007\n\u202e<img src=x onerror=alert(1)>`;
/** Paths that must not be read: the first never ends, the second does something when it is opened. */
const devices = ['/dev/zero', '/dev/ptmx', '/proc/self/mem', '/dev/stdin'];

let vs: VsCode;
beforeAll(async () => {
  vs = await openVsCode({ files: { 'code.py': 'a = 1\n'.repeat(20) } });
});
afterEach(async (context) => {
  if (context.task.result?.state === 'fail') await keepEvidence(vs, 'hostile');
});
afterAll(() => vs?.close());

/** A recording whose lines are those of a file, and in which everything else is made up. */
function hostile(path: string): StreamRecord[] {
  const list = records(path).map((record): StreamRecord => {
    switch (record.kind) {
      case 'process':
        return { ...record, argv: ['python3', evil], executable: evil, cwd: '/dev', engine: evil };
      case 'thread':
        return { ...record, name: evil };
      case 'code':
        return { ...record, name: evil, qualname: evil };
      case 'module':
        return { ...record, path: `/dev/zero` };
      default:
        return record;
    }
  });
  const at = list.findIndex(({ kind }) => kind === 'stats');
  const lineTable = Uint8Array.from([0, 0]);
  const elsewhere = [...devices, `/tmp/${evil}.py`].flatMap((filename, index): StreamRecord[] => {
    const code = 10 + index;
    return [
      { kind: 'code', code, firstLine: 1, filename, name: evil, qualname: '', lineTable },
      { kind: 'stack', parent: 0, code, instruction: 0, between: 0 },
      sample({ timeNs: 2e9 + index * 1e6, stack: 5 + index, cpuNs: 5e6, wallNs: 5e6 }),
    ];
  });
  list.splice(at, 0, ...elsewhere, { kind: 'note', severity: 'error', text: `Bad. ${evil}` });
  return list;
}

/** Anchors on the screen that would run a command which is not Lineheat's own. */
function liveLinks(): Promise<string[]> {
  return vs.page
    .locator('a[href], a[data-href]')
    .evaluateAll((anchors) =>
      anchors
        .map((anchor) => anchor.getAttribute('data-href') || anchor.getAttribute('href') || '')
        .filter((target) => target.includes('command:') && !target.includes('command:lineheat.')),
    );
}

async function openFile(path: string): Promise<void> {
  await vs.companion.ask(async (vscode, file) => {
    await vscode.commands.executeCommand('vscode.open', vscode.Uri.file(file));
  }, path);
}

const said = /not a Lineheat recording/;

const untitled = () =>
  vs.companion.ask(
    (vscode) => vscode.workspace.textDocuments.filter(({ isUntitled }) => isUntitled).length,
    null,
  );

const closeTabs = () =>
  vs.companion.ask(async (vscode) => {
    await vscode.commands.executeCommand('workbench.action.closeAllEditors');
  }, null);

/** The language server of an extension host. */
function serverOf(host: number): number {
  const children = readFileSync(`/proc/${host}/task/${host}/children`, 'utf8').split(' ');
  const found = children.map(Number).find((pid) => {
    return pid > 0 && readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('dist/server.js');
  });
  if (found === undefined) throw new Error('No language server runs.');
  return found;
}

test('a message about a recording that cannot be read holds no link', async () => {
  const path = join(vs.folder, `${link.replaceAll('/', '')}.lineheat`);
  const bytes = gzipSync('This is no stream.');
  writeFileSync(
    path,
    Buffer.concat([
      Buffer.from('LINEHEAT-RUN 1\n'),
      Buffer.from(`${JSON.stringify({ name: `${link}.lsp`, bytes: bytes.length })}\n`),
      bytes,
      Buffer.from('{"name":"end","bytes":0}\n'),
    ]),
  );
  await openFile(path);
  const text = await notification(vs.page, said);
  expect(text).toContain('Fix it');
  expect(await liveLinks()).toEqual([]);
});

test('a hostile recording opens, and nothing in it becomes a link, markup or a command', async () => {
  const folder = join(vs.folder, 'made');
  mkdirSync(folder);
  const file = join(folder, '1.lsp');
  writeRecording(file, hostile(join(vs.folder, 'code.py')));
  const path = join(vs.folder, 'hostile.lineheat');
  const symbols = { '/dev/zero 010203': { [0x1234]: evil }, [evil]: { 1: evil } };
  writeSavedRun(path, [file], symbols, { writer: evil, savedUnixMs: 0, program: evil });
  await openFile(path);
  await until('the flame chart shows it', async () => (await frames(vs.page)).length > 0);
  const names = (await frames(vs.page)).map(({ name }) => name).join('');
  expect(names).toContain('Fix it');
  // eslint-disable-next-line no-control-regex -- control characters are what it looks for
  expect(names).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e]/);
  expect(await webview(vs.page).locator('img').count()).toBe(0);
  expect(await liveLinks()).toEqual([]);

  await vs.open('code.py');
  await annotated(vs, 'its lines are annotated', (lines) => lines.length > 0);
  await until('the hover names it', async () => (await hoverText(vs.page, 3)).includes('Fix it'));
  expect(await liveLinks()).toEqual([]);
  await command(vs.page, 'Lineheat: Show Hot Lines').catch(() => undefined);
  expect(await liveLinks()).toEqual([]);
});

test('the server still answers when sources and libraries are device files', async () => {
  const asked = Date.now();
  const status = await vs.companion.lineheat((lineheat) => lineheat.statusText(), null);
  expect(status).not.toBe('');
  for (const line of [3, 11, 12]) expect(await hoverText(vs.page, line)).not.toBe('');
  expect(Date.now() - asked).toBeLessThan(40_000);
});

test('the command line shows a hostile recording without control characters', () => {
  const run = Run.open(join(vs.folder, 'hostile.lineheat'), false);
  run.readAll();
  const text = showRun(run, { color: false, width: 100 });
  run.close();
  expect(text).toContain('Fix it');
  // eslint-disable-next-line no-control-regex -- control characters are what it looks for
  expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028-\u202e]/);
});

test('no link was followed, and Lineheat logged no errors', async () => {
  expect(await untitled()).toBe(0);
  // VS Code also logs what it is asked to say.
  const errors = vs.errors.filter((text) => /lineheat/i.test(text) && !said.test(text));
  expect(errors).toEqual([]);
});

test('a server that does not answer is not asked again at every start', async () => {
  const path = join(vs.folder, 'again.lineheat');
  copyFileSync(join(vs.folder, 'hostile.lineheat'), path);
  const server = serverOf(vs.companion.pid());
  process.kill(server, 'SIGSTOP');
  try {
    await openFile(path);
    await notification(vs.page, /has not answered for 30 s/, 60_000);
    // As when somebody closes the window because nothing happens.
    const host = vs.companion.pid();
    process.kill(host, 'SIGKILL');
    await vs.companion.ready(host);
  } finally {
    process.kill(server, 'SIGKILL');
  }
  await closeTabs();
  await openFile(path);
  await notification(vs.page, /was not read to its end the last time/);
  await closeTabs();
  // Once is enough: whoever opens it again means it.
  await openFile(path);
  await until('it is shown', async () => (await frames(vs.page)).length > 0);
}, 120_000);
