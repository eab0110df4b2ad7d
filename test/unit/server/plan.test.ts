import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { agentEnvironment } from '../../../protocol/agentEnvironment';
import type { PlanRunParams, PlanRunResult } from '../../../protocol/lsp';
import { unsupported, type Interpreter } from '../../../server/launch/interpreter';
import { planRun } from '../../../server/launch/plan';

// Real processes take their time on a busy machine.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

let folder: string;
let dist: string;
let script: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'lineheat-plan-'));
  dist = join(folder, 'dist');
  for (const architecture of ['linux-x64', 'linux-arm64']) {
    mkdirSync(join(dist, 'agent', architecture), { recursive: true });
    writeFileSync(join(dist, 'agent', architecture, 'liblineheat.so'), '');
  }
  script = join(folder, 'a.py');
  writeFileSync(script, 'print(1)\n');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function plan(over: Partial<PlanRunParams> = {}, distFolder = dist): Promise<PlanRunResult> {
  return planRun(
    {
      program: script,
      args: ['-x', 'y z'],
      cwd: folder,
      interpreters: [{ path: 'python3', source: 'PATH' }],
      env: { MINE: '1' },
      storage: join(folder, 'runs'),
      intervalUs: 1000,
      memory: true,
      ...over,
    },
    distFolder,
  );
}

/** An interpreter that says what the test wants. */
function fake(name: string, body: string): { path: string; source: string } {
  const path = join(folder, name);
  writeFileSync(path, `#!/bin/sh\n${body}\n`);
  chmodSync(path, 0o755);
  return { path, source: 'the setting' };
}

test('a plan changes only the program’s environment', async () => {
  const result = await plan();
  if (!result.ok) throw new Error(result.message);
  expect(result.args).toEqual([script, '-x', 'y z']);
  expect(result.command).toMatch(/^\/.*python3$/);
  expect(result.pythonVersion).toMatch(/^3\.\d+\.\d+/);
  expect(result.env['MINE']).toBe('1');
  expect(result.env['LINEHEAT_DIR']).toBe(result.runDir);
  expect(result.env['LINEHEAT_INTERVAL_US']).toBe('1000');
  expect(result.env['LINEHEAT_MEMORY']).toBe('1');
  expect(result.env['LD_PRELOAD']).toContain('liblineheat.so');
  expect(readdirSync(result.runDir)).toEqual(['run.json']);
});

test('a module runs with -m, and each run has its own folder', async () => {
  const [one, two] = [await plan({ program: 'json.tool', module: true }), await plan()];
  if (!one.ok || !two.ok) throw new Error('not planned');
  expect(one.args).toEqual(['-m', 'json.tool', '-x', 'y z']);
  expect(one.runDir).not.toBe(two.runDir);
});

test('tests run through pytest if the interpreter has it, else through unittest, else not at all', async () => {
  const bare = join(folder, 'bare');
  execFileSync('python3', ['-m', 'venv', '--without-pip', bare]);
  const interpreters = [{ path: join(bare, 'bin', 'python'), source: 'the setting' }];
  const file = join(folder, 'test_a.py');
  const tests = { program: file, tests: true, args: [], interpreters };
  writeFileSync(file, 'def test(): pass\n');
  expect(await plan(tests)).toMatchObject({
    ok: false,
    code: 'noTestRunner',
    message: expect.stringMatching(/has no pytest to run the tests of test_a\.py with\. Install/),
  });
  writeFileSync(file, 'import unittest\n');
  expect(await plan(tests)).toMatchObject({ ok: true, args: ['-m', 'unittest', 'test_a.py'] });
  mkdirSync(join(folder, 'elsewhere'));
  const elsewhere = { ...tests, cwd: join(folder, 'elsewhere') };
  expect(await plan(elsewhere)).toMatchObject({ ok: false, code: 'noTestRunner' });
  writeFileSync(join(folder, 'pytest.py'), '');
  expect(await plan(tests)).toMatchObject({ ok: true, args: ['-m', 'pytest', file] });
});

test('an agent in a folder with a space is loaded through a link', async () => {
  const spaced = join(folder, 'my dist');
  mkdirSync(join(spaced, 'agent', 'linux-x64'), { recursive: true });
  mkdirSync(join(spaced, 'agent', 'linux-arm64'), { recursive: true });
  writeFileSync(join(spaced, 'agent', 'linux-x64', 'liblineheat.so'), '');
  writeFileSync(join(spaced, 'agent', 'linux-arm64', 'liblineheat.so'), '');
  const result = await plan({}, spaced);
  if (!result.ok) throw new Error(result.message);
  const [agent] = result.env['LD_PRELOAD']!.split(':');
  expect(agent).not.toMatch(/\s/);
  expect(existsSync(agent!)).toBe(true);
});

test('libraries that are already preloaded stay preloaded', () => {
  const options = { agent: '/a.so', runDir: '/r', intervalUs: 250.4, memory: false };
  expect(agentEnvironment(options, { LD_PRELOAD: '/jemalloc.so /x.so' })).toEqual({
    LD_PRELOAD: '/a.so:/jemalloc.so /x.so',
    LINEHEAT_DIR: '/r',
    LINEHEAT_INTERVAL_US: '250',
    LINEHEAT_BUDGET_PERMILLE: '100',
    LINEHEAT_MEMORY: '0',
  });
  const preload = (inherited: string) =>
    agentEnvironment(options, { LD_PRELOAD: inherited })['LD_PRELOAD'];
  expect(preload('')).toBe('/a.so:');
  expect(preload('/x.so:/a.so')).toBe('/x.so:/a.so');
});

test.each<[string, () => Promise<PlanRunResult>, RegExp]>([
  ['a missing script', () => plan({ program: 'b.py' }), /b\.py does not exist\. Save the file/],
  ['a folder', () => plan({ program: folder }), /folder without a __main__\.py/],
  ['a missing folder', () => plan({ cwd: '/nowhere' }), /working folder \/nowhere does not exist/],
  [
    'no interpreter',
    () =>
      plan({
        interpreters: [
          { path: '/nowhere/python', source: 'the setting' },
          { path: 'python-of-nobody', source: 'PATH' },
        ],
      }),
    /Tried \/nowhere\/python \(the setting\), python-of-nobody \(PATH\)/,
  ],
  [
    'a broken interpreter',
    () =>
      plan({
        interpreters: [fake('bad', 'echo "Traceback" >&2; echo "no encodings" >&2; exit 3')],
      }),
    /bad \(the setting\) does not work: no encodings\. Repair it/,
  ],
  [
    'an interpreter that says nothing',
    () => plan({ interpreters: [fake('mute', 'exit 3')] }),
    /does not work: it ended with exit code 3/,
  ],
  [
    'another implementation',
    () =>
      plan({
        interpreters: [
          fake(
            'pypy',
            String.raw`printf 'lineheat\t3.10.1\tpypy\tlinux\tx86_64\t64\t0\t0\t3\t10\t1\n'`,
          ),
        ],
      }),
    /needs CPython 3\.9–3\.15 .* and this is pypy .*; the program was not started/,
  ],
  ['no agent', () => plan({}, '/nowhere'), /engine is missing: .*Run "npm run build"/],
  [
    'unwritable storage',
    () => plan({ storage: '/proc/lineheat' }),
    /cannot be written to \/proc\/lineheat: .*lineheat\.storageFolder/,
  ],
])('%s is answered with one sentence', async (_, ask, sentence) => {
  const result = await ask();
  expect(result).toMatchObject({ ok: false, message: expect.stringMatching(sentence) as string });
});

test.each<[Partial<Interpreter>, RegExp | undefined]>([
  [{}, undefined],
  [{ machine: 'aarch64' }, undefined],
  [{ version: [3, 8, 18], versionText: '3.8.18' }, /this is Python 3\.8\.18/],
  [{ version: [3, 16, 0], versionText: '3.16.0' }, /this is Python 3\.16\.0/],
  [{ freeThreaded: true }, /free-threaded build of Python 3\.12\.1/],
  [{ debugBuild: true }, /debug build of Python 3\.12\.1/],
  [{ releaseLevel: 'beta' }, /a pre-release whose structures still change/],
  [{ musl: true }, /musl libc/],
  [{ platform: 'darwin' }, /runs on darwin/],
  [{ bits: 32 }, /32-bit/],
  [{ machine: 'riscv64' }, /riscv64/],
])('an interpreter is supported, or refused with the reason: %j', (over, sentence) => {
  const interpreter: Interpreter = {
    path: '/p',
    version: [3, 12, 1],
    versionText: '3.12.1',
    implementation: 'cpython',
    bits: 64,
    freeThreaded: false,
    debugBuild: false,
    releaseLevel: 'final',
    platform: 'linux',
    machine: 'x86_64',
    musl: false,
    ...over,
  };
  const answer = unsupported(interpreter);
  if (sentence) expect(answer).toMatch(sentence);
  else expect(answer).toBeUndefined();
});

const pyenv = join(process.env['PYENV_ROOT'] ?? join(homedir(), '.pyenv'), 'versions');
const installed = existsSync(pyenv) ? readdirSync(pyenv) : [];
test.skipIf(installed.length === 0).each(installed)(
  'Python %s of pyenv is accepted from 3.9 on and refused before',
  async (version) => {
    const path = join(pyenv, version, 'bin', 'python');
    const result = await plan({ interpreters: [{ path, source: 'pyenv' }] });
    const [major, minor] = version.split('.').map(Number);
    if (major === 3 && minor! >= 9)
      expect(result).toMatchObject({ ok: true, pythonVersion: version });
    else
      expect(result).toMatchObject({
        ok: false,
        message: expect.stringContaining(`Python ${version}`) as string,
      });
  },
);
