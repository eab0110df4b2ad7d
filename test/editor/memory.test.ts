// Memory as a person meets it: beside the code, in a hover, and in the flame chart, in a dark and a light window.
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { hoverText } from './driver/editorView';
import { annotated, keepEvidence, lineOf, messages, profileToEnd } from './driver/linescope';
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
    while time.time() - started < 3:
        leaky()
        cached(rounds % 8)
        parse()
        rounds += 1
        time.sleep(0.004)
    big = [bytes(1_000_000) for _ in range(80)]
    del big
    return rounds


print(main(), "rounds")
`;

let vs: VsCode;
beforeAll(async () => {
  vs = await openVsCode({
    files: { 'leak.py': program },
    settings: { 'linescope.metric': 'growth', 'linescope.openFlameChart': false },
  });
});
afterEach(async (context) => {
  if (context.task.result?.state === 'fail') await keepEvidence(vs, 'memory');
});
afterAll(() => vs?.close());

test('a leak is named beside the line that leaks, and nowhere else', async () => {
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

test('every metric of memory has figures, at once and without a new run', async () => {
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

for (const theme of ['dark', 'light'] as const satisfies Theme[]) {
  test(`memory in the ${theme} theme, for people to look at`, async () => {
    await vs.companion.ask(async (vscode, name) => {
      const settings = vscode.workspace.getConfiguration('workbench');
      await settings.update('colorTheme', name, vscode.ConfigurationTarget.Global);
    }, themes[theme]);
    await setMetric('growth');
    await annotated(vs, 'growth', (drawn) => drawn.some(({ after }) => after.includes('leaking')));
    await screenshot(vs.page, `${theme}-memory-growth`);
    await hoverText(vs.page, lineOf(program, 'kept.append'));
    await screenshot(vs.page, `${theme}-memory-hover`);
    await vs.page.keyboard.press('Escape');
    await setMetric('allocated');
    await annotated(vs, 'allocated', (drawn) => drawn.some(({ after }) => after.includes('×')));
    await screenshot(vs.page, `${theme}-memory-allocated`);

    await command(vs.page, 'Linescope: Show Flame Chart');
    await until('the chart has samples', async () => ((await view(vs.page))?.samples ?? 0) > 0);
    const panel = webview(vs.page);
    await panel.locator('.footprint .peak').waitFor({ state: 'attached' });
    expect(await panel.locator('.footprint-text').innerText()).toMatch(
      /live at most \d+ MB at 3\.\d+ s/,
    );
    await screenshot(vs.page, `${theme}-memory-footprint`);
    await panel.getByText('Left heavy', { exact: true }).click();
    await choose('Memory growth');
    await until('the tree is of memory', async () => (await view(vs.page))?.metric === 'growth');
    const whole = await until('frames of memory', async () => {
      const found = await frames(vs.page);
      return found.some(({ name }) => name === 'leaky') && found;
    });
    expect(whole.some(({ name }) => name === 'parse')).toBe(false);
    await screenshot(vs.page, `${theme}-memory-flame`);
    // The cache fills in the first rounds: later only the leak grows.
    const strip = (await panel.locator('.footprint').boundingBox())!;
    await vs.page.mouse.move(strip.x + strip.width * 0.4, strip.y + 30);
    await vs.page.mouse.down();
    await vs.page.mouse.move(strip.x + strip.width * 0.7, strip.y + 30, { steps: 5 });
    await vs.page.mouse.up();
    await until('only the leak grew there', async () => {
      const found = await frames(vs.page);
      return (
        found.some(({ name }) => name === 'leaky') && !found.some(({ name }) => name === 'cached')
      );
    });
    expect(await panel.locator('.status').innerText()).toContain('Growth from ');
    await screenshot(vs.page, `${theme}-memory-brushed`);
    await vs.companion.ask(async (vscode) => {
      const tabs = vscode.window.tabGroups.all.flatMap((group) => group.tabs);
      await vscode.window.tabGroups.close(
        tabs.filter(({ label }) => label.startsWith('Flame Chart')),
      );
    }, null);
  });
}

test('without the setting nothing is measured, and that is said', async () => {
  await vs.companion.ask(async (vscode) => {
    const settings = vscode.workspace.getConfiguration('linescope');
    await settings.update('memory', false, vscode.ConfigurationTarget.Global);
    await settings.update('metric', 'growth', vscode.ConfigurationTarget.Global);
  }, null);
  await profileToEnd(vs, 'leak.py');
  await until('the status bar says so', async () =>
    (await statusBar(vs.page)).join().includes('Memory growth: not measured'),
  );
});

function setMetric(metric: string): Promise<void> {
  return vs.companion.ask(async (vscode, value) => {
    const settings = vscode.workspace.getConfiguration('linescope');
    await settings.update('metric', value, vscode.ConfigurationTarget.Global);
  }, metric);
}

/** Chooses what frames weigh. */
async function choose(label: string): Promise<void> {
  const panel = webview(vs.page);
  await panel.locator('vscode-dropdown.metric').click();
  await panel.locator('vscode-dropdown.metric vscode-option', { hasText: label }).click();
}
