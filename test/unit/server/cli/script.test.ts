/** Which Python a program's first line asks for, and names that are not UTF-8. */
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { plainText } from '../../../../recording/plain';
import { decodeRaw } from '../../../../recording/utf8';
import { findScript, interpreterLine } from '../../../../server/cli/script';
import { isRaw, rawBytes, shownPath } from '../../../../server/rawText';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'lineheat-script-'));
  mkdirSync(join(folder, 'bin'));
});
afterEach(() => rmSync(folder, { recursive: true }));

function tool(name: string, text: string): string {
  const path = join(folder, 'bin', name);
  writeFileSync(path, text);
  chmodSync(path, 0o755);
  return path;
}

function line(command: string, isSearched: boolean, ...options: string[]): object {
  return { command, isSearched, options };
}

test.each([
  ['#!/venv/bin/python\nimport x\n', line('/venv/bin/python', false)],
  ['#! /usr/bin/python3 -Es\n', line('/usr/bin/python3', false, '-Es')],
  ['#!/usr/bin/env python3\n', line('python3', true)],
  ['#!/usr/bin/env -S python3 -I -u\n', line('python3', true, '-I', '-u')],
  ['#!/bin/bash\n', line('/bin/bash', false)],
  ['#!/bin/sh\necho\n', line('/bin/sh', false)],
  [`#!/bin/sh\n'''exec' "/a b/python3" "$0" "$@"\n' '''\n`, line('/a b/python3', false)],
  [`#!/bin/sh\n'''exec' /long/python3 -E "$0" "$@"\n`, line('/long/python3', false, '-E')],
  [
    `#!/bin/sh\n'''exec' "$(dirname -- "$(realpath -- "$0")")"/'python3' "$0" "$@"\n' '''\n`,
    line('/x/bin/python3', false),
  ],
  ['import x\n', undefined],
])('the interpreter is found in the first lines %j', (start, expected) => {
  expect(interpreterLine(start, '/x/bin/tool')).toEqual(expected);
});

test('a console script is found on the PATH as a shell finds it', () => {
  const path = tool('my-tool', '#!/some/venv/bin/python3.12\nimport x\n');
  const env = { PATH: join(folder, 'bin') };
  const expected = {
    ok: true,
    program: path,
    interpreter: { path: '/some/venv/bin/python3.12', source: 'the first line of my-tool' },
    options: [],
  };
  expect(findScript('my-tool', folder, env)).toEqual(expected);
  expect(findScript(path, folder, {})).toEqual(expected);
  expect(findScript('my-tool', folder, { PATH: '', VIRTUAL_ENV: folder })).toEqual(expected);
});

test('files that are no console scripts are left to Python or refused with a sentence', () => {
  const env = { PATH: join(folder, 'bin') };
  const shell = tool('shell', '#!/bin/bash\n');
  const plain = { ok: true, interpreter: undefined, options: [] };
  expect(findScript(shell, folder, env)).toMatchObject({
    ok: false,
    message: expect.stringMatching(/names \/bin\/bash.* write: lineheat run --exec /) as string,
  });
  tool('compiled', '\u007fELF');
  expect(findScript('compiled', folder, env)).toMatchObject({ ok: false });
  expect(findScript('nothing', folder, env)).toMatchObject({
    ok: false,
    message: expect.stringContaining('no command of that name') as string,
  });
  // The first line of a .py file is for shells: Python itself does not look at it either.
  const file = tool('a.py', '#!/usr/bin/python2\n');
  expect(findScript(file, folder, env)).toEqual({ ...plain, program: file });
  expect(findScript('missing.py', folder, env)).toEqual({ ...plain, program: 'missing.py' });
  const any = tool('any', '#!/usr/bin/env python3\n');
  expect(findScript(any, folder, env)).toEqual({ ...plain, program: any });
});

test.each([
  [[0x61, 0xe9, 0x62]],
  [[0xc3, 0xa9, 0xff, 0xf0, 0x9f, 0x98, 0x80, 0xf0, 0x9f]],
  [[0xed, 0xa0, 0x80, 0xed, 0xb2, 0x80, 0xef, 0xbf, 0xbd, 0xc0, 0x80]],
])('bytes %j survive as text', (bytes) => {
  const text = decodeRaw(Uint8Array.from(bytes));
  expect(isRaw(text)).toBe(true);
  expect([...rawBytes(text)]).toEqual(bytes);
  expect([...shownPath(plainText(text))!]).toEqual(bytes);
});

test('text that is UTF-8 is unchanged', () => {
  for (const text of ['a', 'é\ufffd', '😀']) {
    expect(decodeRaw(Buffer.from(text))).toBe(text);
    expect(isRaw(text)).toBe(false);
    expect(shownPath(text)).toBeUndefined();
  }
});
