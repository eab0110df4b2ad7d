/** Recordings made to harm whoever opens them. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { StreamRecord } from '../../../../recording/records';
import { readElf } from '../../../../server/symbols/elf';
import { readSource } from '../../../../server/cli/text/lineTable';
import { readRegularText } from '../../../../server/reading/regularFile';
import { Run } from '../../../../server/reading/run';
import { showRun } from '../../../../server/cli/text/report';
import { ms, records, sample, writeRecording } from '../../serverRecording';

let folder: string;
const runs: Run[] = [];
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'lineheat-hostile-'))));
afterEach(() => {
  for (const run of runs.splice(0)) run.close();
  rmSync(folder, { recursive: true, force: true });
});

function open(path: string): Run {
  const run = Run.open(path, false);
  runs.push(run);
  run.readAll();
  return run;
}

/** A saved run of entries with their bytes, compressed as given. */
function saved(entries: [name: string, bytes: Buffer][]): string {
  const path = join(folder, 'x.lineheat');
  const parts = entries.flatMap(([name, bytes]) => [
    Buffer.from(`${JSON.stringify({ name, bytes: bytes.length })}\n`),
    bytes,
  ]);
  const end = Buffer.from('{"name":"end","bytes":0}\n');
  writeFileSync(path, Buffer.concat([Buffer.from('LINEHEAT-RUN 1\n'), ...parts, end]));
  return path;
}

const escape = String.fromCharCode(27);
// eslint-disable-next-line no-control-regex -- control characters are what it looks for
const obeyed = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e]/;

test('pieces of a recording that are out of order are reported as damage', () => {
  const recordings = ['1.lsp', '2.lsp'].map((name) => {
    const path = join(folder, name);
    writeRecording(path, records('/tmp/a.py'));
    return [name, gzipSync(readFileSync(path))] as [string, Buffer];
  });
  const [first, second] = recordings as [[string, Buffer], [string, Buffer]];
  const run = open(saved([first, second, first, second]));
  expect(run.notes().map(({ text }) => text)).toEqual(
    expect.arrayContaining(
      ['1.lsp', '2.lsp'].map((name) => expect.stringContaining(`${name} is damaged: its pieces`)),
    ),
  );
  expect(run.processCount).toBe(2);
});

test('escape sequences in names reach a terminal as text', () => {
  const evil = `/tmp/a${escape}]52;c;cm0gLXJm\u0007\n\u202e.py`;
  const list = records(evil).map((record) =>
    record.kind === 'code' ? { ...record, name: `f${escape}[2J` } : record,
  );
  list.splice(1, 0, { kind: 'note', severity: 'warning', text: `bad${escape}[31m\nnews` });
  writeRecording(join(folder, '1.lsp'), list);
  const text = showRun(open(folder), { color: false, width: 100 });
  expect(text).toContain('\\e]52;c;cm0gLXJm\\u{7}\\n');
  expect(text).toContain('bad\\e[31m\\nnews');
  expect(text).not.toMatch(obeyed);
});

test('a name of megabytes is cut', () => {
  writeRecording(join(folder, '1.lsp'), records(`/tmp/${'x'.repeat(2 << 20)}.py`));
  const [path] = [...open(folder).profile().files.keys()];
  expect(path!.length).toBeLessThan(5000);
}, 30_000);

test('entries of a saved run cannot smuggle text into messages', () => {
  const lsp = Buffer.from('no stream');
  const path = saved([[`[Fix](command:x)${escape}\n${'y'.repeat(3000)}.lsp`, gzipSync(lsp)]]);
  for (const { text } of open(path).notes()) {
    expect(text).not.toMatch(obeyed);
    expect(text.length).toBeLessThan(1000);
  }
});

test('a piece that unpacks to more than a piece’s size is not unpacked', () => {
  const bomb = gzipSync(Buffer.alloc(64 << 20));
  const before = process.memoryUsage().rss;
  const run = open(saved([['1.lsp', bomb]]));
  expect(run.notes()[0]?.text).toMatch(/x\.lineheat is damaged at byte \d+: the rest of 1\.lsp/);
  expect(process.memoryUsage().rss - before).toBeLessThan(60 << 20);
});

test('a description with wrong types is reported and ignored', () => {
  const wrong = [null, 1, [], { program: 5 }, { writer: {}, savedUnixMs: 'x', program: [] }];
  for (const meta of wrong) {
    const run = open(saved([['meta.json', gzipSync(JSON.stringify(meta))]]));
    expect(run.notes()[0]?.text).toMatch(/its description is missing/);
    expect(run.programName()).toBe('x.lineheat');
  }
  const run = open(saved([['symbols.json', gzipSync('{"a\\n":{"1":2},"b":3}')]]));
  expect(run.notes()).toEqual([]);
});

test('only regular files are opened, as recording, source, library or description', () => {
  const fifo = join(folder, 'pipe');
  execFileSync('mkfifo', [fifo]);
  for (const path of ['/dev/zero', '/dev/ptmx', '/dev/null', fifo]) {
    expect(() => Run.open(path, false), path).toThrow(/is not a regular file/);
    expect(readSource(path).join('')).toBe('');
    expect(readElf(path)).toBeUndefined();
    expect(readRegularText(path, 100)).toBeUndefined();
  }
  symlinkSync('/dev/zero', join(folder, '1.lsp'));
  symlinkSync('/dev/zero', join(folder, 'run.json'));
  const run = open(folder);
  expect(run.notes()[0]?.text).toMatch(/1\.lsp is not a regular file/);
  // What the kernel makes up while it is read has no size.
  expect(readRegularText('/proc/self/maps', 1 << 20)).toBe('');
});

test('a source of gigabytes is not read', () => {
  const path = join(folder, 'large.py');
  writeFileSync(path, '');
  execFileSync('truncate', ['-s', '3G', path]);
  expect(readRegularText(path, 1 << 20)).toBeUndefined();
  expect(readSource(path).join('')).toBe('');
});

test('a saved run is for its owner only, and never takes the place of a file being written', () => {
  writeRecording(join(folder, '1.lsp'), records('/tmp/a.py'));
  const path = join(folder, 'x.lineheat');
  const run = open(folder);
  run.save(path);
  expect(statSync(path).mode & 0o777).toBe(0o600);
  const trap = `${path}.${process.pid}.tmp`;
  const victim = join(folder, 'victim');
  writeFileSync(victim, 'mine');
  symlinkSync(victim, trap);
  expect(() => run.save(path)).toThrow();
  expect(readFileSync(victim, 'utf8')).toBe('mine');
});

test('a very long chain of native frames costs no more than its records', () => {
  const list = records('/tmp/a.py');
  const chained: StreamRecord[] = Array.from({ length: 60_000 }, (_, index) => ({
    kind: 'native',
    parent: index + 1,
    module: 1,
    offset: 16 * index,
    exact: false,
  }));
  const leaves = Array.from({ length: 200 }, (_, index) =>
    sample({ timeNs: index * ms, stack: 3, native: 300 * index + 2, opcode: 131 }),
  );
  const at = list.findIndex(({ kind }) => kind === 'stats');
  list.splice(at, 0, ...chained, ...leaves);
  writeRecording(join(folder, '1.lsp'), list);
  const before = process.memoryUsage().rss;
  expect(open(folder).profile().samples).toBe(301);
  expect(process.memoryUsage().rss - before).toBeLessThan(200 << 20);
});
