/** Reading memory that the program has freed meanwhile, and writing to a file that has become shorter. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { Folders, program } from './programs';

const folders = new Folders();
afterAll(() => folders.clear());

test('a copy that meets memory that is not there says so', () => {
  const made = join(folders.make(), 'guarded_copies');
  const native = join(__dirname, '../../profiler-agent/native');
  const parts = ['signals/guard.c', 'base.c', 'sandbox/sandbox.c', 'sandbox/bpf.c'];
  const sources = [program('guarded_copies.c'), ...parts.map((name) => join(native, name))];
  const flags = ['-std=gnu11', '-O2', '-Wall', '-Wno-parentheses', '-Wno-unused-result', '-Werror'];
  const built = spawnSync('cc', [...flags, '-iquote', native, '-o', made, ...sources], {
    encoding: 'utf8',
  });
  expect(built.stderr).toBe('');
  const ended = spawnSync(made, { encoding: 'utf8' });
  expect(ended.status).toBe(0);
  expect(ended.stdout.trim().split('\n')).toEqual([
    '0 wrong, 2098 right',
    '0 1 1',
    '707070707070707 0 7070707 7 0',
    '0 0',
    '1 0',
    '1',
    '1 0',
  ]);
});
