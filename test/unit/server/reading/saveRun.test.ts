import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Run } from '../../../../server/reading/run';
import { saveRun } from '../../../../server/reading/saveRun';
import { records, writeRecording } from '../../serverRecording';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'lineheat-save-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test('a run is saved as one file that opens with its figures and its own name', async () => {
  const path = join(folder, 'run');
  mkdirSync(path);
  writeRecording(join(path, '4999999.lsp'), records('/home/me/a.py'));
  writeFileSync(
    join(path, 'run.json'),
    JSON.stringify({ program: '/home/me/a.py', name: 'API/dev' }),
  );
  const file = join(folder, 'saved.lineheat');
  expect(await saveRun({ path, file })).toEqual({ ok: true });
  const run = Run.open(file, false);
  run.readAll();
  expect(run.programName()).toBe('API/dev');
  expect(run.profile().cpuNs).toBe(100e6);
  run.close();
});

test('a run that cannot be saved is answered with a sentence, and leaves no file', async () => {
  const path = join(folder, 'run');
  const file = join(folder, 'saved.lineheat');
  expect(await saveRun({ path, file })).toMatchObject({
    ok: false,
    message: expect.stringMatching(/does not exist/),
  });
  mkdirSync(path);
  expect(await saveRun({ path, file })).toMatchObject({
    ok: false,
    message: expect.stringMatching(/no recording/),
  });
  writeRecording(join(path, '4999999.lsp'), records('/home/me/a.py'));
  const absent = join(folder, 'absent', 'saved.lineheat');
  expect(await saveRun({ path, file: absent })).toMatchObject({
    ok: false,
    message: expect.stringMatching(/could not be written: .*ENOENT/),
  });
  expect(readdirSync(folder)).toEqual(['run']);
});
