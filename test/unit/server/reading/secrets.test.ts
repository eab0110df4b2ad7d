import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { buildReport } from '../../../../server/output/report';
import { Run } from '../../../../server/reading/run';
import { maskSecrets } from '../../../../server/reading/secrets';
import { records, writeRecording } from '../../serverRecording';

test.each([
  ['--password hunter2', '--password ***'],
  ['--db-password hunter2 --verbose', '--db-password *** --verbose'],
  ['--password --verbose', '--password --verbose'],
  ['-token abc', '-token ***'],
  ['--token=abc', '--token=***'],
  ['token=abc', 'token=***'],
  ['GITHUB_TOKEN=abc', 'GITHUB_TOKEN=***'],
  ['api_key=abc', 'api_key=***'],
  ['--api-key=abc --apiKey abc', '--api-key=*** --apiKey ***'],
  ['accessKey=abc', 'accessKey=***'],
  ['https://me:hunter2@host/x', 'https://me:***@host/x'],
  ['postgres://me:p@ss@host/x', 'postgres://me:***@host/x'],
  ['redis://:secret@host', 'redis://:***@host'],
  ['https://host/x?token=abc&page=2', 'https://host/x?token=***&page=2'],
  ['{"password":"abc","user":"me"}', '{"password":"***","user":"me"}'],
  ['--secret abc', '--secret ***'],
  ['client.secret=abc', 'client.secret=***'],
])('the secret is masked in: %s', (before, after) => {
  expect(maskSecrets(before.split(' '))).toEqual(after.split(' '));
});

test.each([
  '--tokenizer=bert',
  'max_tokens=5',
  'compass=north',
  'bypass=1',
  '--path=/usr/local',
  'https://host:8080/x',
  'C:\\passwords\\x',
  'a.py',
  '--key=value',
  'monkey=1',
])('nothing is masked in: %s', (argument) => {
  expect(maskSecrets([argument])).toEqual([argument]);
});

test('the value of a header with a secret is masked', () => {
  expect(maskSecrets(['-H', 'Authorization: Bearer abc.def'])).toEqual([
    '-H',
    'Authorization: Bearer ***',
  ]);
  expect(maskSecrets(['-H', 'X-Api-Key: abc'])).toEqual(['-H', 'X-Api-Key: ***']);
  expect(maskSecrets(['-c', 'connect(password="abc")'])).toEqual(['-c', 'connect(password="***")']);
});

test('masking a masked text changes nothing', () => {
  const once = maskSecrets(['--password', 'x', 'token=y', 'https://a:b@c']);
  expect(maskSecrets(once)).toEqual(once);
});

test('a saved run and a report have no secrets, and everything else', () => {
  const folder = mkdtempSync(join(tmpdir(), 'lineheat-secrets-'));
  try {
    const argv = ['python3', 'a.py', '--password', 'hunter2hunter2', 'TOKEN=x', '/tmp/é'];
    const list = records('/tmp/a.py').map((record) =>
      record.kind === 'process' ? { ...record, argv } : record,
    );
    for (const minor of [1, 2]) {
      const runDir = mkdtempSync(join(folder, 'run-'));
      writeRecording(join(runDir, '1.lsp'), list, { minor });
      const live = Run.open(runDir, false);
      live.readAll();
      const path = join(folder, `${minor}.lineheat`);
      live.save(path);
      // The live view says what was run.
      expect(live.profile().processes[0]?.command).toEqual(argv);
      const saved = Run.open(path, false);
      saved.readAll();
      const masked = ['python3', 'a.py', '--password', '***', 'TOKEN=*', '/tmp/é'];
      expect(saved.profile().processes[0]?.command).toEqual(masked);
      expect(saved.notes()).toEqual(live.notes());
      expect(saved.profile().samples).toBe(live.profile().samples);
      const report = JSON.stringify(buildReport(live.profile(), live.notes()));
      expect(report).not.toMatch(/hunter2|TOKEN=x/);
      live.close();
      saved.close();
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
});
