// The list of kept runs: what each was, and what can be done with it.
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { hotRows } from './driver/editorView';
import { annotated, ended, keepEvidence, messages, profileToEnd } from './driver/lineheat';
import { view as chart } from './driver/panel';
import { until } from './driver/until';
import { openVsCode, themes, type VsCode } from './driver/vscode';
import { set } from './driver/who';
import {
  clickTitleButton,
  command,
  contextMenu,
  notification,
  screenshot,
  statusBar,
  webview,
} from './driver/window';

const work = `total = 0
for number in range(4_000_000):
    total += number * number
`;

/** As much of pytest as the journey needs, wherever it runs. */
const pytest = `import runpy
import sys

for name, test in runpy.run_path(sys.argv[1]).items():
    if name.startswith("test_"):
        test()
`;

let vs: VsCode;
beforeAll(async () => {
  vs = await openVsCode({
    settings: { 'files.simpleDialog.enable': true },
    files: {
      'test_work.py': `def test_work():\n${work.replace(/^/gm, '    ')}\n    assert total\n`,
      'pytest.py': pytest,
      'note.ipynb': JSON.stringify({ cells: [], metadata: {}, nbformat: 4, nbformat_minor: 5 }),
      'good.py': work,
      'bad.py': `import sys\n${work}sys.exit(3)\n`,
    },
  });
});
afterEach(async (context) => {
  if (context.task.result?.state === 'fail') await keepEvidence(vs, 'runs');
});
afterAll(() => vs?.close());

const view = '.tree-explorer-viewlet-tree-view';
const list = () => vs.page.locator(`${view} .monaco-list-row[aria-label*=" · CPU "]`);
/** The rows of the list, as a screen reader says them. */
const rows = () =>
  list().evaluateAll((found) => found.map((row) => row.getAttribute('aria-label') ?? ''));
const listed = (what: string, condition: (labels: string[]) => boolean) =>
  until(what, async () => {
    const labels = await rows();
    return condition(labels) && labels;
  });

const input = () => vs.page.locator('.quick-input-widget input.input');
/** Whether a text is asked for, and one that ends like this stands there. */
const isAsked = async (end: string) =>
  (await input().isVisible()) && (await input().inputValue()).endsWith(end);

test('before the first run the list of hot lines says how to fill it', async () => {
  await vs.open('good.py');
  const focus = 'lineheat.hotLines.focus';
  await vs.companion.ask((vscode, name) => vscode.commands.executeCommand(name), focus);
  const button = vs.page.locator('.welcome-view .monaco-button', { hasText: 'Profile This File' });
  await button.waitFor();
  await screenshot(vs.page, 'welcome');
  await vs.companion.ask(async (vscode) => {
    const id = 'lineheat.lineheat#start';
    await vscode.commands.executeCommand('workbench.action.openWalkthrough', id);
  }, null);
  const steps = vs.page.locator('.getting-started-step');
  await until('a walkthrough shows the way', async () => (await steps.count()) > 3);
  expect(await steps.first().innerText()).toContain('Profile a file');
  await vs.page
    .locator('.getting-started-media img, .getting-started-media iframe')
    .first()
    .waitFor();
  await screenshot(vs.page, 'walkthrough');
});

test('a run is listed with its time, duration, CPU time, exit code and arguments', async () => {
  await set(vs, { args: ['--fast', 'two words'], explorerBadges: true });
  await profileToEnd(vs, 'bad.py');
  await vs.companion.ask((vscode) => vscode.commands.executeCommand('lineheat.runs.focus'), null);
  await listed('it is there', ([first]) =>
    /bad\.py.* · [\d.]+ m?s · CPU [\d.]+ m?s · exit 3 · --fast 'two words'/.test(first ?? ''),
  );
  await profileToEnd(vs, 'good.py');
  const file = vs.page.locator('.explorer-folders-view .monaco-list-row', { hasText: 'good.py' });
  await until('the hot file has a badge', () =>
    file.evaluate((row) =>
      [...row.querySelectorAll('*')].some((part) =>
        /^"\d\d"$/.test(getComputedStyle(part, '::after').content),
      ),
    ),
  );
  await listed('the newest is first', (labels) => labels[0]?.startsWith('good.py, shown') ?? false);
});

test('a run is renamed, pinned and opened, with its file', async () => {
  await contextMenu(list().filter({ hasText: 'bad.py' }), 'Rename Run…', () => isAsked('.py'));
  await input().fill('before the change');
  await input().press('Enter');
  await listed('it has its name', (labels) => labels[1]?.startsWith('before the change') ?? false);
  const renamed = list().filter({ hasText: 'before the change' });
  await renamed.hover();
  await renamed.locator('[aria-label^="Pin Run"]').click();
  await listed('pinned runs are first', (labels) => labels[0]?.includes(', pinned') ?? false);
  await renamed.click();
  await annotated(vs, 'its figures are shown', (lines) => lines.length > 0);
  await listed('it is the one that is shown', (labels) =>
    labels[0]!.startsWith('before the change, shown, pinned'),
  );
  expect(
    await vs.companion.ask((vscode) => vscode.window.activeTextEditor?.document.uri.fsPath, null),
  ).toBe(join(vs.folder, 'bad.py'));
  expect((await statusBar(vs.page)).join()).toMatch(/before the change \(.*\d\d:\d\d.*\)/);
  for (const [name, theme] of Object.entries(themes)) {
    await vs.companion.ask(async (vscode, value) => {
      const { Global } = vscode.ConfigurationTarget;
      await vscode.workspace.getConfiguration('workbench').update('colorTheme', value, Global);
    }, theme);
    await new Promise((resolve) => setTimeout(resolve, 500));
    await screenshot(vs.page, `${name}-runs`);
  }
});

test('a test file is run through pytest, and a notebook is refused with a sentence', async () => {
  await vs.open('test_work.py');
  const before = (await messages(vs)).length;
  await clickTitleButton(vs.page, 'Profile Tests');
  const message = await ended(vs, before);
  expect(message.text).toMatch(
    /^Tests in test_work\.py ended after .* hottest line test_work\.py:4/,
  );
  await listed('it is listed', (labels) => labels[1]?.startsWith('Tests in test_work.py') ?? false);
  await vs.companion.ask(
    (vscode, path) => vscode.commands.executeCommand('vscode.open', vscode.Uri.file(path)),
    join(vs.folder, 'note.ipynb'),
  );
  await until('the notebook is the active editor', () =>
    vs.companion.ask((vscode) => vscode.window.activeNotebookEditor !== undefined, null),
  );
  await command(vs.page, 'Lineheat: Profile This File');
  await notification(vs.page, /^Notebooks cannot be profiled yet/);
});

test('a run is saved as one file that opens anywhere', async () => {
  await contextMenu(list().filter({ hasText: 'before the change' }), 'Save Run As…', () =>
    isAsked('before the change.lineheat'),
  );
  await input().press('Enter');
  const path = join(vs.folder, 'before the change.lineheat');
  await until('it is there', () => Promise.resolve(existsSync(path)));
  await until('that is said', async () =>
    (await statusBar(vs.page)).join().includes('is saved as before the change.lineheat'),
  );
  await command(vs.page, 'Lineheat: Clear Annotations');
  await vs.open('bad.py');
  await annotated(vs, 'nothing is annotated', (lines) => lines.length === 0);
  await vs.companion.ask(async (vscode, file) => {
    await vscode.commands.executeCommand('lineheat.openRecording', vscode.Uri.file(file));
  }, path);
  await annotated(vs, 'its figures are those of the run', (lines) =>
    lines.some(({ source }) => source.includes('total += number')),
  );
});

test('a run’s folder is revealed, or its path is copied when the editor runs on another machine', async () => {
  await vs.page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
  if (process.env['LINEHEAT_EDITOR'] === 'desktop') return;
  const copied = () => vs.companion.ask((vscode) => vscode.env.clipboard.readText(), null);
  const row = list().filter({ hasText: 'before the change' });
  await contextMenu(row, 'Reveal Run in File Manager', async () =>
    /\/runs\/[^/]+$/.test(await copied()),
  );
  const text = await notification(vs.page, /^The run is in \/.* The path was copied\.$/);
  const [, folder] = /^The run is in (\S+) /.exec(text)!;
  expect(readdirSync(folder!)).toContain('run.json');
  expect(await copied()).toBe(folder);
});

test('an empty chart offers to open the last run', async () => {
  // A notebook has a webview of its own.
  await vs.companion.ask(
    (vscode) => vscode.commands.executeCommand('workbench.action.closeAllEditors'),
    null,
  );
  await vs.open('good.py');
  await command(vs.page, 'Lineheat: Clear Annotations');
  await command(vs.page, 'Lineheat: Show Flame Chart');
  const button = webview(vs.page).locator('vscode-button', { hasText: 'Open last run' });
  await button.click();
  await until('the chart shows it', async () => ((await chart(vs.page))?.samples ?? 0) > 0);
});

test('the run, the list and the chart are shown again after a reload of the window', async () => {
  await vs.open('good.py');
  const { title } = (await vs.companion.lineheat((lineheat) => lineheat.shownRun(), null))!;
  const host = vs.companion.pid();
  await vs.page.reload();
  await vs.companion.ready(host);
  await until('the run is shown', async () => {
    const run = await vs.companion.lineheat((lineheat) => lineheat.shownRun(), null);
    return run?.title === title;
  });
  await until('the status bar says which', async () =>
    (await statusBar(vs.page)).some((text) => text.includes(title)),
  );
  await vs.companion.ask(async (vscode) => {
    await vscode.commands.executeCommand('lineheat.hotLines.focus');
  }, null);
  await until('hot lines are listed', async () => (await hotRows(vs.page)).length > 0);
  // VS Code may remember the tabs of some seconds ago, with the notebook among them.
  await vs.companion.ask(
    (vscode) => vscode.commands.executeCommand('workbench.action.closeAllEditors'),
    null,
  );
  await until('the chart is there', async () => ((await chart(vs.page))?.samples ?? 0) > 0);
});

test('a run is deleted', async () => {
  await command(vs.page, 'Lineheat: Delete Run…');
  await vs.page.locator('.quick-input-list .monaco-list-row', { hasText: 'good.py' }).click();
  await vs.page.locator('.monaco-dialog-box .monaco-button', { hasText: 'Delete' }).click();
  await listed('it is gone', (labels) => labels.length === 2);
});
