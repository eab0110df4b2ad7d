// Programs that do not just run and end: each of them has a sentence at the end, and loses nothing before it.
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import {
  annotated,
  ended,
  keepEvidence,
  ledger,
  messages,
  profile,
  profileToEnd,
} from './driver/lineheat';
import { until } from './driver/until';
import { openVsCode, type VsCode } from './driver/vscode';
import {
  clickNotificationButton,
  clickTitleButton,
  command,
  notification,
  statusBar,
  terminalText,
  typeInTerminal,
} from './driver/window';

const forever = `total = 0
while True:
    total += 1
`;

const away = `import time

end = time.time() + 4
total = 0
while time.time() < end:
    total += sum(range(20_000))
`;

let vs: VsCode;
beforeAll(async () => {
  vs = await openVsCode({
    files: {
      'forever.py': forever,
      'stubborn.py': `import signal\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\n${forever}`,
      'broken.py': 'def work(:\n    pass\n',
      'brief.py': 'print("short")\n',
      'away.py': away,
      'leave.py': `import sys\ntotal = 0\nfor number in range(5_000_000):\n    total += number\nsys.exit(7)\n`,
      'vanishing.py': 'print(1)\n',
      'notes.txt': 'not a program\n',
      'with space é/proğram.py': forever.replace('while True', 'for _ in range(20_000_000)'),
    },
  });
});
afterEach(async (context) => {
  if (context.task.result?.state === 'fail') await keepEvidence(vs, 'programs');
});
afterAll(() => vs?.close());

test('a program that never ends is stopped, and its profile stays', async () => {
  const before = (await messages(vs)).length;
  await profile(vs, 'forever.py');
  await annotated(vs, 'it is annotated', (lines) => lines.length > 0);
  const stop = vs.page.locator('.editor-actions [aria-label^="Stop Profiling"]');
  await vs.open('brief.py');
  await until('nothing can be stopped there', async () => (await stop.count()) === 0);
  await vs.open('forever.py');
  await clickTitleButton(vs.page, 'Stop Profiling');
  const message = await ended(vs, before);
  expect(message).toMatchObject({ severity: 'information' });
  expect(message.text).toMatch(/^forever\.py was stopped after/);
  expect((await ledger(vs, 'forever.py')).length).toBeGreaterThan(0);
});

test('a program that ignores the request to stop is killed after a moment', async () => {
  const before = (await messages(vs)).length;
  await profile(vs, 'stubborn.py');
  await annotated(vs, 'it is annotated', (lines) => lines.length > 0);
  await clickTitleButton(vs.page, 'Stop Profiling');
  expect((await ended(vs, before)).text).toMatch(/^stubborn\.py was stopped after/);
  expect((await ledger(vs, 'stubborn.py')).length).toBeGreaterThan(0);
});

test('a program that raises keeps its traceback and its profile', async () => {
  const message = await profileToEnd(vs, 'raises.py');
  expect(message.text).toMatch(/^raises\.py failed with exit code 1 after/);
  expect(await terminalText(vs.page)).toContain('ValueError: this program always fails');
  expect((await ledger(vs, 'raises.py')).length).toBeGreaterThan(0);
});

test('a program can read what is typed in the terminal', async () => {
  const before = (await messages(vs)).length;
  await profile(vs, 'stdin.py');
  await until('it asks', async () => (await terminalText(vs.page)).includes('Type a line'));
  // Whom the kernel lets look, as root, sees that it asks: the terminal has the keyboard then.
  if (process.getuid?.() === 0) {
    const focused = vs.page.locator('.terminal-wrapper.active .xterm.focus');
    await until('the terminal has the keyboard', async () => (await focused.count()) > 0);
    await vs.page.keyboard.type('hello');
    await vs.page.keyboard.press('Enter');
  } else await typeInTerminal(vs.page, 'hello');
  await until('it answers', async () => (await terminalText(vs.page)).includes('olleh'));
  await typeInTerminal(vs.page, '');
  const message = await ended(vs, before);
  expect(message).toMatchObject({ severity: 'information' });
  expect(message.text).toMatch(/^stdin\.py ended after/);
});

test('a program’s exit code is shown', async () => {
  expect((await profileToEnd(vs, 'leave.py')).text).toMatch(/^leave\.py failed with exit code 7/);
});

test('Rerun Last Task makes a new run', async () => {
  const shown = () => vs.companion.lineheat((lineheat) => lineheat.shownRun()?.path, null);
  const terminals = () => vs.companion.ask((vscode) => vscode.window.terminals.length, null);
  const [first, before, open] = [await shown(), (await messages(vs)).length, await terminals()];
  await until('the end of the run before is said', async () =>
    (await statusBar(vs.page)).some((text) => text.includes('failed with exit code 7')),
  );
  await command(vs.page, 'Tasks: Rerun Last Task');
  await until('that is no news any more', async () =>
    (await statusBar(vs.page)).every((text) => !text.includes('failed with exit code 7')),
  );
  expect((await ended(vs, before)).text).toMatch(/^leave\.py failed with exit code 7/);
  expect(await shown()).not.toBe(first);
  // In the same terminal.
  expect(await terminals()).toBe(open);
});

test('a run in the background ends with a message that leads to its hottest line', async () => {
  const before = (await messages(vs)).length;
  await profile(vs, 'away.py');
  await annotated(vs, 'it runs', (lines) => lines.length > 0);
  await vs.open('brief.py');
  expect((await ended(vs, before)).text).toMatch(/^away\.py ended after/);
  const pattern = /away\.py ended after/;
  await notification(vs.page, pattern);
  const buttons = vs.page
    .locator('.notification-list-item', { hasText: 'away.py ended after' })
    .first()
    .locator('.monaco-button');
  expect((await buttons.allInnerTexts()).slice(0, 2)).toEqual([
    'Go to Hottest Line',
    'Show Flame Chart',
  ]);
  await clickNotificationButton(vs.page, pattern, 'Go to Hottest Line');
  const place = () =>
    vs.companion.ask((vscode) => {
      const editor = vscode.window.activeTextEditor;
      return editor && `${editor.document.fileName} ${editor.selection.active.line + 1}`;
    }, null);
  await until('it is there', async () => (await place()) === `${join(vs.folder, 'away.py')} 6`);
});

test('a syntax error is shown in the terminal, and no profile is shown', async () => {
  const message = await profileToEnd(vs, 'broken.py');
  expect(message.text).toMatch(/^broken\.py failed with exit code 1/);
  expect(await terminalText(vs.page)).toContain('SyntaxError');
  expect(await ledger(vs, 'broken.py')).toEqual([]);
});

test('the message after a very short program does not point into Python’s start-up', async () => {
  const { text } = await profileToEnd(vs, 'brief.py');
  expect(text).toMatch(/^brief\.py ended after /);
  expect(text, 'a line of the start-up of Python is nothing to point at').not.toContain('<frozen');
});

test('a file in a folder with a space and letters beyond ASCII works like any other', async () => {
  const message = await profileToEnd(vs, 'with space é/proğram.py');
  expect(message).toMatchObject({ severity: 'information' });
  await annotated(vs, 'it is annotated', (lines) => lines.length > 0);
});

test('a file that is gone, unnamed or not Python is answered with a sentence', async () => {
  await vs.open('vanishing.py');
  rmSync(join(vs.folder, 'vanishing.py'));
  await command(vs.page, 'Lineheat: Profile This File');
  await notification(vs.page, /vanishing\.py/);

  await vs.companion.ask(async (vscode) => {
    const document = await vscode.workspace.openTextDocument({
      language: 'python',
      content: 'print(1)\n',
    });
    await vscode.window.showTextDocument(document, { preview: false });
  }, null);
  await command(vs.page, 'Lineheat: Profile This File');
  await notification(vs.page, /Save it first/);

  const answer = await vs.companion.ask(
    async (vscode, path) => {
      await vscode.window.showTextDocument(vscode.Uri.file(path));
      await vscode.commands.executeCommand('lineheat.profileFile');
    },
    join(vs.folder, 'notes.txt'),
  );
  expect(answer).toBeNull();
  await notification(vs.page, /not a Python file/);
});

test('unsaved changes are saved before the run', async () => {
  writeFileSync(join(vs.folder, 'unsaved.py'), 'print("old")\n');
  await vs.open('unsaved.py');
  await vs.companion.ask(async (vscode) => {
    const editor = vscode.window.activeTextEditor;
    await editor?.edit((builder) => builder.insert(new vscode.Position(1, 0), 'print("new")\n'));
  }, null);
  const before = (await messages(vs)).length;
  await clickTitleButton(vs.page, 'Profile This File');
  await ended(vs, before);
  expect(await terminalText(vs.page)).toContain('new');
});

test('an interpreter that does not exist is named, with advice', async () => {
  const set = (value: string | undefined) =>
    vs.companion.ask(async (vscode, path) => {
      await vscode.workspace
        .getConfiguration('lineheat')
        .update('interpreter', path ?? undefined, vscode.ConfigurationTarget.Global);
    }, value ?? null);
  await set('/nowhere/bin/python3');
  await vs.open('brief.py');
  await clickTitleButton(vs.page, 'Profile This File');
  await notification(vs.page, /\/nowhere\/bin\/python3/);
  await set(undefined);
});
