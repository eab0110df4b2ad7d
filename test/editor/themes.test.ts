// One profile of the tour in every theme: the pictures are looked at by people, the contrast is measured here.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { ensurePythonPackage } from '../../scripts/pythonPackage.mjs';
import { hoverText } from './driver/editorView';
import { annotated, keepEvidence, lineOf, profileToEnd } from './driver/lineheat';
import { view } from './driver/panel';
import { until } from './driver/until';
import { openVsCode, themes, type Theme, type VsCode } from './driver/vscode';
import { command, screenshot } from './driver/window';

const tour = readFileSync(join(__dirname, '../../examples/tour.py'), 'utf8');
const recursion = lineOf(tour, 'return fibonacci(n - 1) + fibonacci(n - 2)');

let vs: VsCode;
beforeAll(async () => {
  const numpy = await ensurePythonPackage('numpy', '2.2.6');
  vs = await openVsCode({ settings: { 'lineheat.interpreter': join(numpy, 'bin', 'python') } });
});
afterEach(async (context) => {
  if (context.task.result?.state === 'fail') await keepEvidence(vs, 'themes');
});
afterAll(() => vs?.close());

test('the tour runs to its end', async () => {
  const message = await profileToEnd(vs, 'tour.py');
  expect(message).toMatchObject({ severity: 'information' });
  expect(message.text).toMatch(/^tour\.py ended after/);
  await vs.companion.ask(async (vscode) => {
    await vscode.commands.executeCommand('workbench.action.closePanel');
    await vscode.commands.executeCommand('workbench.action.closeSidebar');
    await vscode.commands.executeCommand('notifications.clearAll');
  }, null);
});

for (const theme of Object.keys(themes) as Theme[]) {
  test(`figures can be read in the ${theme} theme`, async () => {
    const background = await useTheme(theme);
    await reveal(42);
    const lines = await annotated(vs, 'lines are annotated', (drawn) => drawn.length >= 5);
    for (const { color, after } of lines) {
      expect(contrast(color, background), `contrast of “${after}”`).toBeGreaterThan(
        theme === 'high-contrast' ? 7 : 4.5,
      );
    }
    const parts = await partsAt(recursion);
    expect(parts).toEqual(['fibonacci(n - 1)', 'fibonacci(n - 2)']);
    await screenshot(vs.page, `${theme}-annotations`);
    const hottest = lines.reduce((a, b) => (share(b.after) > share(a.after) ? b : a));
    await hoverText(vs.page, hottest.line);
    await screenshot(vs.page, `${theme}-hover`);
    await vs.page.keyboard.press('Escape');

    await command(vs.page, 'Lineheat: Show Flame Chart');
    await until('the chart has samples', async () => ((await view(vs.page))?.samples ?? 0) > 0);
    await new Promise((resolve) => setTimeout(resolve, 500));
    await screenshot(vs.page, `${theme}-flame-chart`);
    await vs.companion.ask(async (vscode) => {
      const tabs = vscode.window.tabGroups.all.flatMap((group) => group.tabs);
      await vscode.window.tabGroups.close(
        tabs.filter(({ label }) => label.startsWith('Flame Chart')),
      );
    }, null);
  });
}

test('the README’s picture is taken', async () => {
  await useTheme('dark');
  await command(vs.page, 'Lineheat: Show Flame Chart');
  await until('the chart has samples', async () => ((await view(vs.page))?.samples ?? 0) > 0);
  await vs.companion.ask(async (vscode) => {
    const stacked = { orientation: 1, groups: [{ size: 0.6 }, { size: 0.4 }] };
    await vscode.commands.executeCommand('vscode.setEditorLayout', stacked);
  }, null);
  await until('the chart has samples', async () => ((await view(vs.page))?.samples ?? 0) > 0);
  await reveal(65);
  await annotated(vs, 'lines are annotated', (drawn) => drawn.length >= 5);
  await screenshot(vs.page, 'readme');
});

async function useTheme(theme: Theme): Promise<string> {
  await vs.companion.ask(async (vscode, name) => {
    const settings = vscode.workspace.getConfiguration('workbench');
    await settings.update('colorTheme', name, vscode.ConfigurationTarget.Global);
  }, themes[theme]);
  return until('the theme is applied', async () => {
    const color = await vs.page
      .locator('.editor-group-container.active .monaco-editor-background')
      .first()
      .evaluate((element) => getComputedStyle(element).backgroundColor, null, { timeout: 1000 });
    return luminance(color) > 0.5 === (theme === 'light') && color;
  });
}

/** Puts the caret on a line and returns what is underlined of it. */
async function partsAt(line: number): Promise<string[]> {
  await vs.companion.ask((vscode, wanted) => {
    const start = new vscode.Position(wanted - 1, 0);
    vscode.window.activeTextEditor!.selection = new vscode.Selection(start, start);
  }, line);
  const source = tour.split('\n')[line - 1]!;
  return until('parts of the line are underlined', async () => {
    const shown = await vs.companion.lineheat((lineheat) => lineheat.lineParts(), null);
    return shown?.line === line && shown.parts.map(({ start, end }) => source.slice(start, end));
  });
}

/** Scrolls the active editor to a line. */
function reveal(line: number): Promise<void> {
  return vs.companion.ask((vscode, wanted) => {
    const range = new vscode.Range(wanted - 1, 0, wanted - 1, 0);
    vscode.window.activeTextEditor?.revealRange(range, vscode.TextEditorRevealType.AtTop);
  }, line);
}

function share(text: string): number {
  return Number(/([\d.]+) %/.exec(text)?.[1] ?? 0);
}

/** Channels of a CSS rgb() or rgba() colour, 0…255, over a background where it is not opaque. */
function channels(color: string, over?: string): number[] {
  const [red = 0, green = 0, blue = 0, alpha = 1] = (color.match(/[\d.]+/g) ?? []).map(Number);
  const below = over === undefined ? [0, 0, 0] : channels(over);
  return [red, green, blue].map((value, index) => value * alpha + below[index]! * (1 - alpha));
}

/** Relative luminance by WCAG 2, 0…1. */
function luminance(color: string, over?: string): number {
  const [red, green, blue] = channels(color, over).map((channel) => {
    const value = channel / 255;
    return value <= 0.03928 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  }) as [number, number, number];
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

/** Contrast ratio of text on a background by WCAG 2, 1…21. */
function contrast(text: string, background: string): number {
  const [low, high] = [luminance(text, background), luminance(background)].sort((x, y) => x - y);
  return (high! + 0.05) / (low! + 0.05);
}
