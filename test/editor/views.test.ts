// Looking at a part of a run: a time chosen in the chart, or only the user's own code, counts for every view.
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { hotRows } from './driver/editorView';
import { keepEvidence, ledger, lineOf, messages, profile, profileToEnd } from './driver/lineheat';
import {
  chartTabs,
  clickFrame,
  closeCharts,
  frames,
  settledFrame,
  settledView,
} from './driver/panel';
import { until } from './driver/until';
import { openVsCode, type VsCode } from './driver/vscode';
import { set } from './driver/who';
import { command, screenshot, statusBar, webview } from './driver/window';

const library = `import time


def spin(seconds):
    until = time.process_time() + seconds
    while time.process_time() < until:
        turn()


def turn():
    return [number for number in range(50)]
`;
const program = `import time

from vendor.spinning import spin


def own(seconds):
    until = time.process_time() + seconds
    while time.process_time() < until:
        pass


spin(1.2)
own(0.8)
`;
const forever = `import time

while True:
    time.process_time()
`;
const toggle = 'Lineheat: Switch between Only My Code and Everything';
const calls = lineOf(program, 'spin(1.2)');
const loop = lineOf(program, 'while time');

let vs: VsCode;
beforeAll(async () => {
  vs = await openVsCode({
    files: { 'two_parts.py': program, 'vendor/spinning.py': library, 'forever.py': forever },
    settings: { 'lineheat.libraryPatterns': ['vendor/**'], 'lineheat.memory': false },
  });
});
afterEach(async (context) => {
  if (context.task.result?.state === 'fail') await keepEvidence(vs, 'views');
});
afterAll(() => vs?.close());

/** What is drawn beside a line, none: nothing. */
async function figures(line: number, file = 'two_parts.py'): Promise<string> {
  return (await ledger(vs, file)).find((drawn) => drawn.line === line)?.text ?? 'none';
}

const hasLibrary = () =>
  vs.companion.lineheat(
    (lineheat) => lineheat.annotatedPaths().some((path) => path.endsWith('spinning.py')),
    null,
  );

const setting = () =>
  vs.companion.ask(
    (vscode) => vscode.workspace.getConfiguration('lineheat').get<boolean>('onlyMyCode'),
    null,
  );

test('with Only My Code, all views charge libraries to the lines that call them', async () => {
  await profileToEnd(vs, 'two_parts.py');
  await until('the call is about what it calls', async () =>
    (await figures(calls)).includes('in calls'),
  );
  expect(await hasLibrary()).toBe(true);
  // Who looks for what is slow is led to the own line, though one in the library is hotter.
  await command(vs.page, 'Lineheat: Go to Hottest Line');
  const place = () =>
    vs.companion.ask((vscode) => {
      const editor = vscode.window.activeTextEditor;
      return editor && `${editor.document.fileName} ${editor.selection.active.line + 1}`;
    }, null);
  await until(
    'the call is shown',
    async () => (await place()) === `${join(vs.folder, 'two_parts.py')} ${calls}`,
  );
  await command(vs.page, toggle);
  await until('the call is charged', async () => /python \d|python$/.test(await figures(calls)));
  expect(await hasLibrary()).toBe(false);
  await until('the status bar says so', async () =>
    (await statusBar(vs.page)).join().includes('only my code'),
  );
  await command(vs.page, 'Lineheat: Show Hot Lines');
  const rows = await until('the list folds', async () => {
    const found = await hotRows(vs.page);
    return found.length > 0 && found.every((row) => !row.includes('spinning.py')) && found;
  });
  expect(rows[0]).toContain('spin(1.2)');
  await command(vs.page, 'Lineheat: Show Flame Chart');
  await until('the chart folds', async () => {
    const names = (await frames(vs.page)).map(({ name }) => name);
    return names.includes('own') && !names.includes('spin') && !names.includes('turn');
  });
  await screenshot(vs.page, 'views-only-my-code');
  await webview(vs.page).locator('vscode-button', { hasText: 'My code' }).click();
  await until('libraries are in the chart again', async () =>
    (await frames(vs.page)).some(({ name }) => name === 'spin'),
  );
  expect(await setting()).toBe(false);
});

test('a time chosen in the chart applies to all figures until it is cleared', async () => {
  const whole = await figures(loop);
  const frame = await settledFrame(vs, 'own');
  await clickFrame(vs.page, frame);
  await webview(vs.page).locator('.scroller').focus();
  await vs.page.keyboard.press('z');
  await until('the view is zoomed', async () =>
    webview(vs.page).locator('vscode-button.range', { hasText: 'This time only' }).isVisible(),
  );
  await settledView(vs.page);
  await vs.page.keyboard.press('e');
  // What was half of the run is nearly all of this part of it.
  await until('figures are of this time', async () =>
    /\b(100|9\d\.\d) %/.test(await figures(loop)),
  );
  expect(await figures(calls)).toMatch(/none|\bms\b/);
  const chip = await until('the status bar says so', async () =>
    (await statusBar(vs.page)).find((text) => / – .* m?s/.test(text)),
  );
  await screenshot(vs.page, 'views-time-range');
  await webview(vs.page).locator('vscode-button', { hasText: 'Left heavy' }).click();
  await until('the call tree is of that time', async () => {
    const all = await frames(vs.page, 30);
    const widthOf = (name: string) => all.find((found) => found.name === name)?.width ?? 0;
    return widthOf('own') > 4 * widthOf('spin');
  });
  await vs.page
    .locator('.statusbar-item', { hasText: chip.trim().slice(0, 6) })
    .first()
    .click();
  await until('figures are of the whole run', async () => (await figures(loop)) === whole);
  await webview(vs.page).locator('vscode-button', { hasText: 'Time order' }).click();
});

test('figures of a running program can be reset, or limited to the last seconds', async () => {
  const before = (await messages(vs)).length;
  await profile(vs, 'forever.py');
  await until('there are figures', async () => (await ledger(vs, 'forever.py')).length > 0);
  await command(vs.page, 'Lineheat: Count Figures from Now On');
  await until('the status bar says since when', async () =>
    (await statusBar(vs.page)).some((text) => text.includes('since ')),
  );
  await command(vs.page, 'Lineheat: Show Figures of the Last 10 Seconds');
  await until('the status bar says what is followed', async () =>
    (await statusBar(vs.page)).some((text) => text.includes('last 10 s')),
  );
  await command(vs.page, 'Lineheat: Stop');
  await until('the run has ended', () =>
    vs.companion.lineheat((lineheat) => lineheat.runState() === 'idle', null),
  );
  expect((await messages(vs)).slice(before).filter(({ severity }) => severity === 'error')).toEqual(
    [],
  );
});

test('the chart opens beside the code or in the panel, as the setting says', async () => {
  // Until now it was in the panel, because over the terminal there is no room for it.
  expect(await chartTabs(vs)).toEqual([]);
  await vs.companion.ask(async (vscode) => {
    await vscode.commands.executeCommand('workbench.action.closePanel');
    await vscode.commands.executeCommand('setContext', 'lineheat.chartInPanel', false);
  }, null);
  await set(vs, { flameChartPlace: 'beside' });
  await until('it is gone from the panel', async () => {
    await command(vs.page, 'Lineheat: Show Flame Chart');
    return (await chartTabs(vs)).length > 0;
  });
  const code = (await vs.page.locator('.editor-instance').first().boundingBox())!;
  const chart = await until('the chart is seen', () =>
    vs.page.locator('iframe.webview.ready:visible').boundingBox({ timeout: 1000 }),
  );
  expect(chart.x).toBeGreaterThanOrEqual(code.x + code.width - 1);
  await closeCharts(vs);
  await set(vs, { flameChartPlace: 'panel' });
  await command(vs.page, 'Lineheat: Show Flame Chart');
  await until('the chart is there', async () => (await frames(vs.page)).length > 0);
  expect(await chartTabs(vs)).toEqual([]);
  await screenshot(vs.page, 'views-panel');
});

test('Lineheat logged no errors', () => {
  expect(vs.errors.filter((text) => /lineheat/i.test(text))).toEqual([]);
});
