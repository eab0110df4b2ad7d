import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { StreamRecord } from '../../../../recording/records';
import { encodeHeader } from '../../../../recording/decode';
import { isAlive } from '../../../../server/reading/processes';
import { Tail } from '../../../../server/reading/tail';
import { encode, header, records, writeRecording } from '../../serverRecording';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'lineheat-tail-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

function follow(path: string, live: boolean) {
  const taken: StreamRecord[] = [];
  const ends: string[] = [];
  const tail = new Tail(
    path,
    () => ({
      header: () => undefined,
      record: (record) => taken.push(record),
      finish: (end) => ends.push(end),
    }),
    live,
  );
  return { tail, taken, ends };
}

test('a growing recording is read up to its committed bytes', () => {
  const file = join(folder, '1.lsp');
  const list = records('/tmp/a.py');
  const body = encode(list);
  const { tail, taken, ends } = follow(folder, true);
  tail.poll();
  expect(tail.recordings()).toEqual([]);

  writeFileSync(file, '');
  tail.poll();
  const alive = { state: 'recording' as const, pid: process.pid };
  for (const committed of [0, 1, 50, 777, body.length]) {
    // The rest of a grown file is meaningless: here it is made of records that must not be read yet.
    writeFileSync(file, Buffer.concat([encodeHeader(header({ ...alive, committed })), body]));
    tail.poll();
  }
  expect(taken).toEqual(list);
  expect(ends).toEqual([]);
  expect(tail.poll().progress).toBe(false);

  writeRecording(file, list);
  expect(tail.poll().progress).toBe(true);
  expect(ends).toEqual(['ended']);
  expect(tail.ended).toBe(true);
  expect(tail.notes).toEqual([]);
});

test('child processes are found when they appear, and a bad file does not stop the others', () => {
  const { tail, taken, ends } = follow(folder, true);
  writeRecording(join(folder, '1.lsp'), records('/tmp/a.py'));
  tail.poll();
  writeFileSync(join(folder, '2.lsp'), 'This is not a recording. '.repeat(20));
  const damaged = Buffer.from(writeRecording(join(folder, '3.lsp'), records('/tmp/b.py')));
  damaged.fill(0, 600);
  writeFileSync(join(folder, '3.lsp'), damaged);
  writeRecording(join(folder, '4.lsp'), records('/tmp/c.py'));
  writeFileSync(join(folder, 'run.json'), '{}');
  // On a busy machine the folder is not listed again at once.
  for (const deadline = Date.now() + 10_000; ends.length < 3 && Date.now() < deadline;) tail.poll();
  expect(taken.length).toBeGreaterThan(2 * records('').length);
  expect(ends).toEqual(['ended', 'ended', 'ended']);
  expect(tail.notes.map(({ text }) => text)).toEqual([
    expect.stringMatching(/^2\.lsp: .*not a Lineheat recording/),
    expect.stringMatching(/^3\.lsp: .*damaged.*byte \d+.*everything before it is shown/),
  ]);
});

test('a truncated copy gives its complete records and says that the rest is missing', () => {
  const file = join(folder, '1.lsp');
  const bytes = writeRecording(file, records('/tmp/a.py'));
  truncateSync(file, bytes.length - 300);
  const { tail, taken, ends } = follow(file, false);
  tail.poll();
  expect(taken.length).toBeGreaterThan(50);
  expect(taken).toEqual(records('/tmp/a.py').slice(0, taken.length));
  expect(ends).toEqual(['ended']);
  expect(tail.notes[0]?.text).toContain(`${bytes.length - 300} of ${bytes.length} bytes`);
});

test('a killed process is reported as lost, and one that stopped because of a full disk as such', async () => {
  const child = spawn('sleep', ['60']);
  const file = join(folder, '1.lsp');
  const list = records('/tmp/a.py').filter(({ kind }) => kind !== 'end');
  const stale = Number(process.hrtime.bigint()) - 3e9;
  const startMonotonicNs = Number(process.hrtime.bigint());
  const live = { state: 'recording' as const, pid: child.pid!, heartbeatNs: stale };
  writeRecording(file, list, { ...live, startMonotonicNs });
  const { tail, taken, ends } = follow(folder, true);
  tail.poll();
  // A process that is merely stopped, as in a debugger, has no heartbeat either.
  expect(ends).toEqual([]);
  child.kill('SIGKILL');
  await new Promise((done) => child.on('exit', done));
  tail.poll();
  expect(ends).toEqual(['lost']);
  expect(taken).toEqual(list);

  writeRecording(join(folder, '2.lsp'), list, { state: 'full' });
  tail.poll();
  expect(ends).toEqual(['lost', 'full']);
});

test('a process that recorded its end has ended, even if its file is not closed', () => {
  writeRecording(join(folder, '1.lsp'), records('/tmp/a.py'), { state: 'recording' });
  const { tail, ends } = follow(folder, false);
  tail.poll();
  expect(ends).toEqual(['ended']);
});

test('after exec the first recording of the process ends', () => {
  const startMonotonicNs = Number(process.hrtime.bigint());
  const alive = { state: 'recording' as const, pid: process.pid };
  writeRecording(join(folder, '1.lsp'), records('/tmp/a.py'), { ...alive, startMonotonicNs });
  const { tail, ends } = follow(folder, true);
  tail.poll();
  writeRecording(join(folder, '1.1.lsp'), records('/tmp/a.py'), {
    ...alive,
    startMonotonicNs: startMonotonicNs + 1e6,
  });
  tail.poll();
  tail.poll();
  expect(ends).toEqual(['ended']);
});

test('a process number that is used again does not count as the process that recorded', () => {
  const now = Number(process.hrtime.bigint());
  expect(isAlive({ pid: process.pid, startMonotonicNs: now })).toBe(true);
  expect(isAlive({ pid: process.pid, startMonotonicNs: now - 86_400e9 })).toBe(false);
  expect(isAlive({ pid: 4_999_999, startMonotonicNs: now })).toBe(false);
});

test('a long recording is read in pieces', () => {
  const list = records('/tmp/a.py', 2000, 2000);
  writeRecording(join(folder, '1.lsp'), list);
  const { tail, taken } = follow(folder, false);
  expect(tail.poll(1000)).toEqual({ progress: true, behind: true });
  expect(taken.length).toBeLessThan(200);
  while (tail.poll(1000).behind);
  expect(taken.length).toBe(list.length);
});
