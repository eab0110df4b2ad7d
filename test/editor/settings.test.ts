// What a program is run with when there is no Python extension: a .venv, the settings, a launch configuration.
import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { ended, keepEvidence, messages, profile, profileToEnd } from './driver/lineheat';
import { until } from './driver/until';
import { openVsCode, type VsCode } from './driver/vscode';
import { expectNotStarted, makeEnvironment, said, set, who } from './driver/who';
import {
  clickNotificationButton,
  command,
  notification,
  pick,
  terminalText,
} from './driver/window';

const environments = realpathSync(mkdtempSync(join(tmpdir(), 'lineheat-interpreters-')));
const chosen = join(environments, 'chosen');

/** Records much: sixty functions, each with stacks of its own. */
const many = `import time

def make(number):
    scope = {}
    exec(f"def f{number}(n):\\n    return [str(i + {number}) for i in range(n)]\\n", scope)
    return scope[f"f{number}"]

functions = [make(number) for number in range(60)]
end = time.thread_time() + 12
while time.thread_time() < end:
    for function in functions:
        function(300)
`;

let vs: VsCode;
afterEach(async (context) => {
  if (context.task.result?.state === 'fail') await keepEvidence(vs, 'settings');
});
beforeAll(async () => {
  makeEnvironment(chosen);
  const launch = {
    name: 'Who',
    type: 'debugpy',
    request: 'launch',
    program: '${workspaceFolder}/who.py',
  };
  const configurations = [
    {
      ...launch,
      python: join(chosen, 'bin', 'python'),
      args: ['launched'],
      cwd: '${workspaceFolder}/inner',
      env: { WHO_FILE: 'from launch.json' },
      envFile: '${workspaceFolder}/who.env',
    },
    { ...launch, name: 'Nobody', python: '/nobody/bin/python' },
    { ...launch, name: 'Asks', args: ['${command:pickArgs}'] },
  ];
  vs = await openVsCode({
    files: {
      'who.py': who,
      'inner/deep/who.py': who,
      'many.py': many,
      'who.env':
        '# comment\nexport WHO_FILE="from the file"\nWHO_BOTH=from the file\nWHO_PATH=${WHO_BOTH}!\n',
      '.vscode/launch.json': JSON.stringify({ version: '0.2.0', configurations }),
    },
  });
  makeEnvironment(join(vs.folder, '.venv'));
});
afterAll(async () => {
  await vs?.close();
  rmSync(environments, { recursive: true, force: true });
});

test('a .venv in the folder is used, also for programs that the program starts', async () => {
  await profileToEnd(vs, 'who.py');
  expect(said(vs)).toMatchObject({
    executable: join(vs.folder, '.venv', 'bin', 'python'),
    prefix: join(vs.folder, '.venv'),
    python: join(vs.folder, '.venv', 'bin', 'python'),
  });
});

test('a .venv further up is used unless there is a nearer one', async () => {
  const deep = join('inner', 'deep');
  await profileToEnd(vs, join(deep, 'who.py'));
  expect(said(vs, deep)?.prefix).toBe(join(vs.folder, '.venv'));
  makeEnvironment(join(vs.folder, 'inner', 'venv'));
  await profileToEnd(vs, join(deep, 'who.py'));
  expect(said(vs, deep)?.prefix).toBe(join(vs.folder, 'inner', 'venv'));
});

test('arguments, working folder and environment are taken from the settings', async () => {
  await set(vs, {
    args: ['--name', 'two words', "quote's", '', '${workspaceFolderBasename}'],
    cwd: '${workspaceFolder}/inner',
    envFile: 'who.env',
    env: { WHO_BOTH: 'from the setting', WHO_EMPTY: '', WHO_FOLDER: '${workspaceFolder}' },
  });
  expect(await profileToEnd(vs, 'who.py')).toMatchObject({ severity: 'information' });
  const args = ['--name', 'two words', "quote's", '', 'work'];
  expect(said(vs)).toMatchObject({
    args,
    cwd: join(vs.folder, 'inner'),
    env: {
      WHO_FILE: 'from the file',
      WHO_BOTH: 'from the setting',
      WHO_PATH: 'from the file!',
      WHO_EMPTY: '',
      WHO_FOLDER: vs.folder,
    },
  });
  const terminal = await terminalText(vs.page);
  expect(terminal).toContain('args ["--name", "two words", "quote\'s", "", "work"]');
  expect(terminal).toContain(`cwd "${vs.folder}/inner"`);
});

test('a setting with an invalid value is named', async () => {
  await set(vs, { cwd: 'absent', envFile: 'absent.env' });
  await profile(vs, 'who.py');
  await notification(vs.page, /environment file .*absent\.env.*setting lineheat\.envFile/);
  await set(vs, { cwd: 'absent', envFile: '' });
  await profile(vs, 'who.py');
  await notification(vs.page, /working folder .*absent.* not exist.*setting lineheat\.cwd/);
  await set(vs, { cwd: '${nonsense}' });
  await profile(vs, 'who.py');
  await notification(vs.page, /^The setting lineheat\.cwd holds \$\{nonsense\}/);
  await set(vs, { cwd: '', interpreter: '${nonsense}/python' });
  await profile(vs, 'who.py');
  await notification(vs.page, /^The setting lineheat\.interpreter holds \$\{nonsense\}/);
  await set(vs, { interpreter: undefined });
  await expectNotStarted(vs);
});

test('a launch configuration has its own arguments, working folder and environment', async () => {
  const before = (await messages(vs)).length;
  await command(vs.page, 'Lineheat: Profile a Launch Configuration…');
  await pick(vs.page, 'Who');
  expect((await ended(vs, before)).text).toMatch(/^Who ended after/);
  expect(said(vs)).toMatchObject({
    prefix: chosen,
    args: ['launched'],
    cwd: join(vs.folder, 'inner'),
    env: { WHO_FILE: 'from launch.json', WHO_BOTH: 'from the file' },
  });
  await command(vs.page, 'Lineheat: Profile a Launch Configuration…');
  await pick(vs.page, 'Nobody');
  await notification(vs.page, /\/nobody\/bin\/python \(the launch configuration "Nobody"\)/);
  await expectNotStarted(vs);
  await command(vs.page, 'Lineheat: Profile a Launch Configuration…');
  await pick(vs.page, 'Asks');
  const refusal = /The launch configuration "Asks" holds \$\{command:pickArgs\}, which only/;
  await notification(vs.page, refusal);
  await clickNotificationButton(vs.page, refusal, 'Open launch.json');
  await until('launch.json is open', () =>
    vs.companion.ask(
      (vscode) =>
        vscode.window.activeTextEditor?.document.fileName.endsWith('launch.json') ?? false,
      null,
    ),
  );
});

test('a recording that reaches its limit stays below it, and the status bar says so', async () => {
  await set(vs, {
    args: [],
    cwd: '',
    env: {},
    envFile: '',
    intervalUs: 200,
    recordingLimitMB: 1,
  });
  expect(await profileToEnd(vs, 'many.py', 120_000)).toMatchObject({ severity: 'information' });
  const notes = await vs.companion.lineheat((api) => api.runStatus()?.notes ?? [], null);
  expect(notes.map(({ text }) => text).join()).toMatch(
    /The recording reached its limit\. Up to .* into the run it keeps sums/,
  );
  const path = join(vs.folder, 'many.py');
  const lines = await vs.companion.lineheat((it, file) => [...it.annotations(file)], path);
  // The line has what it cost before the limit was reached, too.
  expect(lines.find(({ line }) => line === 12)?.text).toMatch(/^\d+\.\d+\ss\s+\d/);
});
