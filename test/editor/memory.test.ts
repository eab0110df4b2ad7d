// Memory as a person meets it: beside the code, in a hover, and in the flame chart, in a dark and a light window.
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { hotRows, hoverText } from './driver/editorView';
import { annotated, keepEvidence, lineOf, messages, profileToEnd } from './driver/lineheat';
import { frames, view } from './driver/panel';
import { until } from './driver/until';
import { openVsCode, themes, type Theme, type VsCode } from './driver/vscode';
import { command, screenshot, statusBar, webview } from './driver/window';

const program = `import json
import time

kept = []
cache = {}


def leaky():
    kept.append(bytearray(160_000))
    scratch = bytearray(800_000)
    return len(scratch)


def cached(key):
    if key not in cache:
        cache[key] = bytearray(2_000_000)
    return cache[key]


def parse():
    return json.loads("[" + ",".join(str(n) for n in range(3000)) + "]")


def main():
    started = time.time()
    rounds = 0
    while time.time() - started < 3 or rounds < 500:
        leaky()
        cached(rounds % 8)
        parse()
        rounds += 1
        time.sleep(0.004)
    big = [bytes(1_000_000) for _ in range(80)]
    time.sleep(0.3)
    del big
    return rounds


print(main(), "rounds")
`;

let vs: VsCode;
beforeAll(async () => {
  vs = await openVsCode({
    files: { 'leak.py': program },
    settings: { 'lineheat.metric': 'growth', 'lineheat.openFlameChart': false },
  });
});
afterEach(async (context) => {
  if (context.task.result?.state === 'fail') await keepEvidence(vs, 'memory');
});
afterAll(() => vs?.close());

test('a leak is shown beside the leaking line, and nowhere else', async () => {
  expect(await profileToEnd(vs, 'leak.py')).toMatchObject({ severity: 'information' });
  const leaking = lineOf(program, 'kept.append');
  const lines = await annotated(vs, 'the leak', (drawn) =>
    drawn.some(({ after }) => after.includes('leaking')),
  );
  expect(lines.filter(({ after }) => after.includes('leaking')).map(({ line }) => line)).toEqual([
    leaking,
  ]);
  expect(lines.find(({ line }) => line === leaking)?.after).toMatch(/^ *\+\d+ MB +\d/);
  expect(lines.some(({ source }) => source.includes('scratch = '))).toBe(false);
  expect((await statusBar(vs.page)).join()).toContain('Memory growth');
  await vs.companion.ask(async (vscode) => {
    await vscode.commands.executeCommand('workbench.action.closePanel');
    await vscode.commands.executeCommand('workbench.action.closeSidebar');
    await vscode.commands.executeCommand('notifications.clearAll');
  }, null);
  const card = await hoverText(vs.page, leaking);
  expect(card).toMatch(/more than at the start/);
  expect(card).toMatch(/allocated in .* allocations/);
  expect(card).toMatch(/It keeps growing by \d+ MB\/s: a leak, with a likelihood of 9\d %/);
  expect(card).toMatch(/held over time, at most/);
});

test('every memory metric shows figures at once, without a new run', async () => {
  const before = (await messages(vs)).length;
  for (const [metric, piece] of [
    ['allocated', 'scratch = bytearray'],
    ['peak', 'big = ['],
  ] as const) {
    await setMetric(metric);
    const number = lineOf(program, piece);
    await annotated(vs, `${metric} beside “${piece}”`, (drawn) =>
      drawn.some(({ line, after }) => line === number && after.includes('MB')),
    );
  }
  expect((await messages(vs)).length).toBe(before);
});

test('the list of hot lines follows the metric, leads to lines, and can be used with the keyboard', async () => {
  await setMetric('growth');
  await command(vs.page, 'Lineheat: Show Hot Lines');
  const leaking = lineOf(program, 'kept.append');
  const first = await until('the leak leads the list', async () => {
    const [row] = await hotRows(vs.page);
    return row?.includes('kept.append') && row;
  });
  expect(first).toMatch(
    new RegExp(`^\\+\\d+ MB, \\d.* %, leaking .*/s, kept.append.*leak.py line ${leaking}$`),
  );
  await setMetric('allocated');
  await until('what allocates most leads', async () =>
    (await hotRows(vs.page))[0]?.includes('scratch = '),
  );
  await setMetric('cpu');
  await until('seconds lead', async () => / m?s, /.test((await hotRows(vs.page))[0] ?? ''));
  await command(vs.page, 'Lineheat: Show Hot Functions');
  await until('functions are listed', async () =>
    (await hotRows(vs.page)).some((row) => row.includes('parse, leak.py line')),
  );
  await setMetric('growth');
  await command(vs.page, 'Lineheat: Show Hot Lines');
  await until('the leak leads again', async () =>
    (await hotRows(vs.page))[0]?.includes('kept.append'),
  );
  await screenshot(vs.page, 'hot-lines');
  await vs.page.keyboard.press('Home');
  await vs.page.keyboard.press('Enter');
  await until('the cursor is on the line', () =>
    vs.companion.ask(
      (vscode, line) => vscode.window.activeTextEditor?.selection.active.line === line - 1,
      leaking,
    ),
  );
  await vs.companion.ask(async (vscode) => {
    await vscode.commands.executeCommand('workbench.action.closeSidebar');
  }, null);
});

test('the flame chart shows memory held, and memory that grew or was freed in a chosen time', async () => {
  await command(vs.page, 'Lineheat: Show Flame Chart');
  await until('the chart has samples', async () => ((await view(vs.page))?.samples ?? 0) > 0);
  const panel = webview(vs.page);
  const words = panel.locator('.footprint-bar .words');
  await until('the peak is in words', async () =>
    /^Memory held: peak \d+ MB at \d\.\d+ s/.test(await words.innerText()),
  );
  await panel.getByText('Left heavy', { exact: true }).click();
  await choose('Memory growth');
  await framesAre('of what grew', ['leaky', 'cached'], ['parse']);
  // The cache fills in the first rounds: later only the leak grows.
  await brush(0.4, 0.7);
  await framesAre('of what grew in the chosen time', ['leaky'], ['cached']);
  expect(await words.innerText()).toMatch(/^\d+\.\d+ s to \d+\.\d+ s: \d+ MB grew · /);
  expect(await panel.locator('.status').innerText()).toContain('Growth from ');
  // The big list goes at the end.
  await panel.getByText('What was freed', { exact: true }).click();
  await brush(0.9, 1);
  await until('the big list was freed', async () =>
    / (7|8|9)\d MB freed on the way$/.test(await words.innerText()),
  );
  await framesAre('of what was freed', ['main'], ['leaky', 'cached']);
  expect(await panel.locator('.status').innerText()).toContain(
    'by memory freed; beside the code: ',
  );
  await panel.getByText('What grew', { exact: true }).click();
  await panel.getByText('Whole run', { exact: true }).click();
  await framesAre('of all that grew', ['leaky', 'cached'], []);
});

test('frames of the chart are weighted by the metric shown beside the code', async () => {
  const panel = webview(vs.page);
  const status = () => panel.locator('.status').innerText();
  const weight = () =>
    panel
      .locator('vscode-dropdown.metric')
      .evaluate((element) => (element as HTMLSelectElement).value);
  for (const metric of ['cpu', 'allocated']) {
    await setMetric(metric);
    await until(`frames weigh ${metric}`, async () => (await weight()) === metric);
    expect(await status()).not.toContain('beside the code');
  }
  // Frames cannot weigh waiting: that is said.
  await setMetric('wait');
  await until('it is said', async () =>
    (await status()).includes('by memory allocated; beside the code: Waiting'),
  );
  await setMetric('growth');
});

test('a time can be chosen with the keyboard, and each memory metric can weight the frames', async () => {
  const panel = webview(vs.page);
  const words = panel.locator('.footprint-bar .words');
  await panel.locator('.scroller').focus();
  await vs.page.keyboard.press('m');
  for (const key of ['Home', 'Shift+ArrowRight', 'ArrowRight', 'ArrowLeft']) {
    await vs.page.keyboard.press(key);
  }
  await until('the first part is chosen', async () =>
    /^0 s to \d+ ms: .* grew/.test(await words.innerText()),
  );
  await framesAre('of the first part', ['cached'], []);
  expect(await panel.locator('.footprint').getAttribute('aria-valuetext')).toMatch(/^0 s to/);
  await vs.page.keyboard.press('Escape');
  await until('all of it is chosen', async () =>
    (await words.innerText()).startsWith('Memory held'),
  );
  await choose('Memory freed');
  await framesAre('of all that was freed', ['main'], []);
  await choose('Memory at the peak');
  await framesAre('of the peak', ['leaky', 'cached'], ['parse']);
  await choose('Memory allocated');
  await framesAre('of all that was allocated', ['leaky', 'parse'], []);
});

for (const theme of ['dark', 'light', 'high-contrast'] as const satisfies Theme[]) {
  test(`a picture of memory in the ${theme} theme is taken`, async () => {
    await vs.companion.ask(async (vscode, name) => {
      const settings = vscode.workspace.getConfiguration('workbench');
      await settings.update('colorTheme', name, vscode.ConfigurationTarget.Global);
    }, themes[theme]);
    await focusEditor();
    await setMetric('allocated');
    await annotated(vs, 'allocated', (drawn) =>
      drawn.some(({ after }) => after.includes('allocations')),
    );
    await screenshot(vs.page, `${theme}-memory-allocated`);
    await choose('Memory growth');
    await brush(0.4, 0.7);
    await framesAre('of the leak', ['leaky'], ['cached']);
    await screenshot(vs.page, `${theme}-memory-brushed`);
    await webview(vs.page).getByText('Whole run', { exact: true }).click();
    await focusEditor();
    await setMetric('growth');
    await annotated(vs, 'growth', (drawn) => drawn.some(({ after }) => /^ *\+\d/.test(after)));
    await hoverText(vs.page, lineOf(program, 'kept.append'));
    await screenshot(vs.page, `${theme}-memory-hover`);
    await vs.page.mouse.move(700, 810);
  });
}

test('with memory off, every view says so and how to change it', async () => {
  const recording = await vs.companion.lineheat(
    (lineheat) => lineheat.shownRun()?.path ?? '',
    null,
  );
  await vs.companion.ask(async (vscode) => {
    const settings = vscode.workspace.getConfiguration('lineheat');
    await settings.update('memory', false, vscode.ConfigurationTarget.Global);
    await settings.update('metric', 'growth', vscode.ConfigurationTarget.Global);
  }, null);
  await focusEditor();
  await profileToEnd(vs, 'leak.py');
  await until('a message says so', async () =>
    (await messages(vs)).some(({ text }) => text.includes('Memory was not measured')),
  );
  await until('the status bar says so', async () =>
    (await statusBar(vs.page)).join().includes('Memory growth: not measured'),
  );
  const missing = 'Memory was not measured in this run.';
  await until('the flame chart says so', async () =>
    (await webview(vs.page).locator('.empty').innerText()).startsWith(missing),
  );
  await command(vs.page, 'Lineheat: Show Hot Lines');
  const welcome = vs.page.locator('.welcome-view-content', { hasText: missing });
  await welcome.waitFor();
  await screenshot(vs.page, 'memory-not-measured');
  await welcome.locator('.monaco-button', { hasText: 'Measure Memory' }).click();
  await until('the setting is on', () =>
    vs.companion.ask(
      (vscode) => vscode.workspace.getConfiguration('lineheat').get<boolean>('memory') === true,
      null,
    ),
  );

  // The run before, opened again: everything is as it was.
  await vs.companion.ask(async (vscode, path) => {
    const [name] = await vscode.workspace.fs.readDirectory(vscode.Uri.file(path));
    const uri = vscode.Uri.joinPath(vscode.Uri.file(path), name![0]);
    await vscode.commands.executeCommand('lineheat.openRecording', uri);
  }, recording);
  await until('the leak leads the list', async () =>
    (await hotRows(vs.page))[0]?.includes('kept.append'),
  );
  await framesAre('of the recording', ['leaky', 'cached'], ['parse']);
});

/** Leaves the flame chart for the editor beside it. */
function focusEditor(): Promise<void> {
  return vs.companion.ask(async (vscode) => {
    await vscode.commands.executeCommand('workbench.action.focusFirstEditorGroup');
  }, null);
}

function setMetric(metric: string): Promise<void> {
  return vs.companion.ask(async (vscode, value) => {
    const settings = vscode.workspace.getConfiguration('lineheat');
    await settings.update('metric', value, vscode.ConfigurationTarget.Global);
  }, metric);
}

/** Chooses what frames weigh. */
async function choose(label: string): Promise<void> {
  const panel = webview(vs.page);
  await panel.locator('vscode-dropdown.metric').click();
  await panel.locator('vscode-dropdown.metric vscode-option', { hasText: label }).click();
}

/** Waits for a call tree with some functions and without others. */
async function framesAre(what: string, there: string[], gone: string[]): Promise<void> {
  await until(`frames ${what}`, async () => {
    const names = (await frames(vs.page)).map(({ name }) => name);
    return (
      there.every((name) => names.includes(name)) && !gone.some((name) => names.includes(name))
    );
  });
}

/** Drags over the memory strip, from and to parts of its width. */
async function brush(from: number, to: number): Promise<void> {
  const strip = (await webview(vs.page).locator('.footprint').boundingBox())!;
  const y = strip.y + strip.height / 2;
  await vs.page.mouse.move(strip.x + strip.width * from, y);
  await vs.page.mouse.down();
  await vs.page.mouse.move(strip.x + strip.width * to, y, { steps: 5 });
  await vs.page.mouse.up();
}
