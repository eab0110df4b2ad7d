// Which Python runs a program when the Python extension is there: the one that was set, else the one selected in it.
import { existsSync, mkdtempSync, readdirSync, realpathSync, rmSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { ended, keepEvidence, messages, profile, profileToEnd } from './driver/lineheat';
import type { StandInApi } from './driver/pythonExtension/extension';
import { until } from './driver/until';
import { openVsCode, type VsCode } from './driver/vscode';
import { expectNotStarted, isIdle, makeEnvironment, said, set, who } from './driver/who';
import {
  clickNotificationButton,
  clickTitleButton,
  notification,
  statusBar,
} from './driver/window';

const environments = realpathSync(mkdtempSync(join(tmpdir(), 'lineheat-interpreters-')));
const selected = join(environments, 'selected');
const chosen = join(environments, 'chosen');

let vs: VsCode;
afterEach(async (context) => {
  if (context.task.result?.state === 'fail') await keepEvidence(vs, 'interpreter');
});
beforeAll(async () => {
  [selected, chosen].forEach(makeEnvironment);
  vs = await openVsCode({ files: { 'who.py': who }, pythonExtension: true });
});
afterAll(async () => {
  await vs?.close();
  rmSync(environments, { recursive: true, force: true });
});

test('while the Python extension is not ready, the user sees that a run is being prepared and can cancel', async () => {
  await profile(vs, 'who.py');
  await until('the Python extension was activated', isActive);
  await until('the status bar says so', async () =>
    (await statusBar(vs.page)).find((text) => text.includes('Preparing to profile…')),
  );
  await clickTitleButton(vs.page, 'Stop Profiling');
  await until('nothing is running', () => isIdle(vs));
  expect(said(vs)).toBeUndefined();
});

test('the Python extension’s selection for the file is used once the extension is ready', async () => {
  const before = (await messages(vs)).length;
  await profile(vs, 'who.py');
  await until('a run is prepared', async () => !(await isIdle(vs)));
  expect((await standIn()).asked, 'it is not asked before it is ready').toEqual([]);
  await select(selected);
  await vs.companion.ask((vscode) => {
    const extension = vscode.extensions.getExtension<StandInApi>('ms-python.python');
    extension?.exports.standIn.becomeReady();
  }, null);
  expect(await ended(vs, before)).toMatchObject({ severity: 'information' });
  expect(said(vs)).toMatchObject({
    executable: join(selected, 'bin', 'python'),
    prefix: selected,
    python: join(selected, 'bin', 'python'),
  });
  // The run that was given up asks too, about the same file.
  const about = { resource: pathToFileURL(join(vs.folder, 'who.py')).href, ready: true };
  expect((await standIn()).asked).toEqual([about, about]);
});

test('another selection is used from the next run on', async () => {
  await select(chosen);
  await profileToEnd(vs, 'who.py');
  expect(said(vs)?.prefix).toBe(chosen);
});

test('a selected interpreter that is gone is not replaced by another Python', async () => {
  const gone = join(environments, 'gone');
  await select(gone);
  await profile(vs, 'who.py');
  expect(await notification(vs.page, /\/gone\//)).toBe(
    `The interpreter ${gone}/bin/python (selected in the Python extension) was not found, so the program was not started. Correct the path, or choose another one.`,
  );
  await clickNotificationButton(vs.page, /\/gone\//, 'Choose Interpreter');
  await until('the choice is offered', async () => (await standIn()).choices === 1);
  await expectNotStarted(vs);
});

test('when the Python extension fails, a message says so and a Python is found without it', async () => {
  await select('');
  const before = (await messages(vs)).length;
  await profile(vs, 'who.py');
  await until('the run has ended', async () => (await messages(vs)).length >= before + 2);
  const [warning, end] = (await messages(vs)).slice(before);
  expect(warning).toMatchObject({ severity: 'warning' });
  expect(warning?.text).toMatch(
    /^The Python extension could not be asked .*: it is broken\. A virtual/,
  );
  expect(end?.text).toMatch(/^who\.py ended after/);
  await until('nothing is running', () => isIdle(vs));
  expect([selected, chosen]).not.toContain(said(vs)?.prefix);
});

test('the setting takes precedence over the Python extension', async () => {
  const { asked } = await standIn();
  await set(vs, { interpreter: join(chosen, 'bin', 'python') });
  await profileToEnd(vs, 'who.py');
  expect(said(vs)?.prefix).toBe(chosen);
  expect((await standIn()).asked, 'it is not even asked').toHaveLength(asked.length);
});

test('an interpreter setting that names no file is reported, with a button that opens the setting', async () => {
  const { choices } = await standIn();
  await set(vs, { interpreter: '/nowhere/bin/python3' });
  await profile(vs, 'who.py');
  expect(await notification(vs.page, /\/nowhere\//)).toBe(
    'The interpreter /nowhere/bin/python3 (the setting lineheat.interpreter) was not found, so the program was not started. Correct the path, or choose another one.',
  );
  await clickNotificationButton(vs.page, /\/nowhere\//, 'Open Settings');
  await vs.page.locator('.settings-editor').waitFor();
  expect((await standIn()).choices, 'choosing there would change nothing').toBe(choices);
  await expectNotStarted(vs);
});

const old = oldPython();
test.skipIf(!old)('an unsupported Python is named and not started', async () => {
  await set(vs, { interpreter: old });
  await profile(vs, 'who.py');
  const text = await notification(vs.page, /native engine/);
  expect(text).toMatch(
    /^The native engine needs CPython 3\.9–3\.\d+ on .*, and this is Python (2|3\.[0-8])\..*; the program was not started\. Choose another interpreter\.$/,
  );
  expect(text).toContain(`(${old})`);
  await expectNotStarted(vs);
});

function isActive(): Promise<boolean> {
  return vs.companion.ask(
    (vscode) => vscode.extensions.getExtension('ms-python.python')?.isActive ?? false,
    null,
  );
}

function standIn() {
  return vs.companion.ask((vscode) => {
    const extension = vscode.extensions.getExtension<StandInApi>('ms-python.python');
    const { asked, choices } = extension!.exports.standIn;
    return { asked, choices };
  }, null);
}

/** Selects an environment in the Python extension; with '' asking for it fails. */
function select(environment: string): Promise<void> {
  return vs.companion.ask(
    (vscode, path) => {
      const extension = vscode.extensions.getExtension<StandInApi>('ms-python.python');
      extension?.exports.standIn.select(path);
    },
    environment && join(environment, 'bin', 'python'),
  );
}

/** An installed Python that is too old to be followed. */
function oldPython(): string | undefined {
  const versions = join(process.env['PYENV_ROOT'] ?? join(homedir(), '.pyenv'), 'versions');
  if (!existsSync(versions)) return undefined;
  const found = readdirSync(versions).filter((name) => /^(3\.[5-8]|2\.7)\.\d+$/.test(name));
  return found
    .map((name) => join(versions, name, 'bin', 'python'))
    .filter(existsSync)
    .at(-1);
}
