/** Which runs the server keeps: the one that is shown, those that go on, and those that have a view of their own. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, expect, test } from 'vitest';
import { RunStore } from '../../../server/store';
import { records, writeRecording } from '../serverRecording';

const folder = mkdtempSync(join(tmpdir(), 'lineheat-store-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let store: RunStore;
let failures: string[];
beforeEach(() => {
  failures = [];
  store = new RunStore({
    status: () => undefined,
    shown: () => undefined,
    failed: (what, error) => failures.push(`${what}: ${String(error)}`),
  });
});
afterEach(() => {
  store.close();
  expect(failures).toEqual([]);
});

function open(run: string, over: { live?: boolean; hasView?: boolean } = {}): void {
  const path = join(folder, run);
  mkdirSync(path, { recursive: true });
  writeRecording(join(path, '4999999.lsp'), records('/tmp/program.py'));
  expect(store.open({ run, path, live: false, ...over })).toEqual({ ok: true });
}

const kept = (...runs: string[]): string[] => runs.filter((run) => store.get(run) !== undefined);

test('a finished run is forgotten when another run is shown', () => {
  open('first');
  open('second');
  open('third');
  expect(kept('first', 'second', 'third')).toEqual(['third']);
  expect(store.shownRunId).toBe('third');
});

test('a live run is kept until it ends', async () => {
  open('going', { live: true });
  open('other');
  expect(kept('going', 'other')).toEqual(['going', 'other']);
  const { message } = await store.end({ run: 'going', exit: 0, stopped: false });
  expect(message).toMatch(/^program\.py ended after/);
  expect(kept('going', 'other')).toEqual(['other']);
});

test('the shown run is kept after it ends', async () => {
  open('going', { live: true });
  await store.end({ run: 'going', exit: 0, stopped: false });
  expect(store.get('going')?.profile().samples).toBeGreaterThan(0);
});

test('a run with its own view is kept until the view is closed', () => {
  open('tab', { hasView: true });
  open('other');
  expect(kept('tab', 'other')).toEqual(['tab', 'other']);
  store.closeView('tab');
  expect(kept('tab', 'other')).toEqual(['other']);
});

test('the shown run is kept without its view until another run is shown', () => {
  open('tab', { hasView: true });
  store.closeView('tab');
  expect(kept('tab')).toEqual(['tab']);
  open('other');
  expect(kept('tab', 'other')).toEqual(['other']);
});

test('a run that cannot be opened changes nothing', () => {
  open('first');
  const path = join(folder, 'text.lsp');
  writeFileSync(path, 'no recording');
  const answer = store.open({ run: 'text', path, live: false });
  expect(answer).toMatchObject({
    ok: false,
    message: expect.stringContaining('text.lsp') as string,
  });
  expect(store.shownRunId).toBe('first');
  expect(kept('first', 'text')).toEqual(['first']);
});
