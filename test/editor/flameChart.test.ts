// The flame chart of a program that is not only Python: compiled code that calls back, and a second process.
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { ensurePythonPackage } from '../../scripts/pythonPackage.mjs';
import type { FrameBox } from '../../webview/testApi';
import { keepEvidence, profileToEnd } from './driver/lineheat';
import { frames, view } from './driver/panel';
import { until } from './driver/until';
import { openVsCode, themes, type VsCode } from './driver/vscode';
import { command, screenshot, webview } from './driver/window';

const program = `import os
import time

import numpy


def square(number):
    total = 0
    for step in range(2000):
        total += number * step
    return total


def work(seconds):
    each = numpy.frompyfunc(square, 1, 1)
    numbers = numpy.arange(20)
    end = time.process_time() + seconds
    while time.process_time() < end:
        each(numbers)


work(2)
if os.fork() == 0:
    work(1)
    os._exit(0)
os.wait()
`;

let vs: VsCode;
beforeAll(async () => {
  const numpy = await ensurePythonPackage('numpy', '2.2.6');
  vs = await openVsCode({
    files: { 'calling_back.py': program },
    settings: {
      'lineheat.interpreter': join(numpy, 'bin', 'python'),
      'files.simpleDialog.enable': true,
      // One thread in each process.
      'lineheat.env': { OPENBLAS_NUM_THREADS: '1' },
    },
  });
});
afterEach(async (context) => {
  if (context.task.result?.state === 'fail') await keepEvidence(vs, 'flameChart');
});
afterAll(() => vs?.close());

/** Names of the frames that a frame stands below, outermost first. */
function namesAbove(frame: FrameBox, all: FrameBox[]): string[] {
  const middle = frame.x + frame.width / 2;
  return all
    .filter(({ thread, depth }) => thread === frame.thread && depth < frame.depth)
    .filter(({ x, width }) => x <= middle && middle <= x + width)
    .sort((a, b) => a.depth - b.depth)
    .map(({ name }) => name);
}

test('compiled code is between the Python code that called it and the code that it called', async () => {
  await profileToEnd(vs, 'calling_back.py');
  await vs.companion.ask(
    (vscode) => vscode.commands.executeCommand('workbench.action.closePanel'),
    null,
  );
  await command(vs.page, 'Lineheat: Show Flame Chart');
  // Whatever interrupted it on a busy machine, left-heavy order puts all of a stack together.
  await webview(vs.page).locator('vscode-button', { hasText: 'Left heavy' }).click();
  const above = await until('the chart shows the callback below compiled code', async () => {
    const all = await frames(vs.page);
    const stacks = all
      .filter(({ name }) => name === 'square')
      .map((frame) => namesAbove(frame, all));
    return stacks.find((names) => names.some((name) => /^PyUFunc_On_Om$/.test(name)));
  });
  const order = [/^work$/, /^ufunc_/, /^PyUFunc_On_Om$/].map((wanted) =>
    above.findIndex((name) => wanted.test(name)),
  );
  expect(order, above.join()).not.toContain(-1);
  expect(order, above.join()).toEqual([...order].sort((a, b) => a - b));
  await webview(vs.page).locator('vscode-button', { hasText: 'Time order' }).click();
  for (const theme of ['dark', 'light'] as const) {
    await vs.companion.ask(async (vscode, name) => {
      const settings = vscode.workspace.getConfiguration('workbench');
      await settings.update('colorTheme', name, vscode.ConfigurationTarget.Global);
    }, themes[theme]);
    await new Promise((resolve) => setTimeout(resolve, 500));
    await screenshot(vs.page, `${theme}-mixed-stacks`);
  }
});

test('processes have headings, and a line below says how they were sampled', async () => {
  const { headings, sampling } = (await view(vs.page))!;
  expect(headings).toHaveLength(2);
  for (const heading of headings) {
    expect(heading).toMatch(/^calling_back\.py · process \d+ · MainThread$/);
  }
  expect(sampling).toMatch(/^[\d,]+ samples at [\d.]+ k?Hz/);
});

test('native frames can be hidden, and the position in the chart stays', async () => {
  await webview(vs.page).locator('.scroller').focus();
  await vs.page.keyboard.press('+');
  const before = await until('the view is zoomed', async () => {
    const now = await view(vs.page);
    return now && now.startNs > 0 && now;
  });
  const setting = () =>
    vs.companion.ask(
      (vscode) => vscode.workspace.getConfiguration('lineheat').get<boolean>('nativeFrames'),
      null,
    );
  const natives = async () =>
    (await frames(vs.page, 1)).filter(({ kind }) => kind === 'native').map(({ name }) => name);
  expect(await natives()).not.toEqual([]);
  await webview(vs.page).locator('vscode-button', { hasText: 'Native' }).click();
  const after = await until('the chart is without native frames', async () => {
    const now = await view(vs.page);
    return now && !now.native && now.samples > 0 && now;
  });
  expect(await setting()).toBe(false);
  expect(await natives()).toEqual([]);
  expect((await frames(vs.page, 1)).map(({ name }) => name)).toContain('square');
  expect([after.startNs, after.endNs]).toEqual([before.startNs, before.endNs]);
  await webview(vs.page).locator('.scroller').focus();
  await vs.page.keyboard.press('v');
  await until('they are back', async () => (await natives()).length > 0);
  expect(await setting()).toBe(true);
});

test('axe finds nothing serious in any view', async () => {
  const panel = webview(vs.page);
  const source = readFileSync(
    createRequire(import.meta.url).resolve('axe-core/axe.min.js'),
    'utf8',
  );
  const body = panel.locator('body');
  // Not as a script of the page, whose policy would refuse it.
  const frame = await (await body.elementHandle())!.ownerFrame();
  await frame!.evaluate(source);
  await panel.locator('.scroller').focus();
  await vs.page.keyboard.press('ArrowDown');
  await panel.locator('.card-name').waitFor();
  for (const name of ['time', 'sandwich', 'table']) {
    await panel.locator(`[data-value=${name}]`).click();
    const found = await body.evaluate(async () => {
      const { axe } = window as unknown as { axe: typeof import('axe-core') };
      const { violations } = await axe.run(document, { resultTypes: ['violations'] });
      return violations
        .filter(({ impact }) => impact === 'serious' || impact === 'critical')
        .map(({ id, nodes }) => `${id}: ${nodes[0]!.html}`);
    });
    expect(found, name).toEqual([]);
    await screenshot(vs.page, `chart-${name}`);
  }
});

test('search steps through its matches, and back and forward through focused frames', async () => {
  const panel = webview(vs.page);
  await panel.locator('[data-value=time]').click();
  await panel.locator('.scroller').focus();
  await vs.page.keyboard.press('/');
  await vs.page.keyboard.type('square file:calling_back');
  const matches = panel.locator('.matches');
  await until('it is found', async () => /^1 function · /.test(await matches.innerText()));
  await panel.locator('.scroller').focus();
  const at = async (key: string, number: number) => {
    await vs.page.keyboard.press(key);
    await until(`match ${number} is focused`, async () => {
      const { focused } = (await view(vs.page))!;
      const said = await matches.innerText();
      return focused === 'square' && new RegExp(`^${number} of [\\d,]+ · `).test(said);
    });
  };
  await at('n', 1);
  await at('n', 2);
  await at('p', 1);
  await vs.page.keyboard.press('Escape');
  await vs.page.keyboard.press('ArrowUp');
  const focused = async () => (await view(vs.page))!.focused;
  const caller = await until('its caller is focused', async () => {
    const name = await focused();
    return name !== 'square' && name;
  });
  const back = panel.locator('vscode-button[aria-label^="Back to what was focused"]');
  await back.click();
  await until('it is focused again', async () => (await focused()) === 'square');
  await vs.page.keyboard.press('Alt+ArrowRight');
  await until('and its caller', async () => (await focused()) === caller);
  await vs.page.keyboard.press('Alt+ArrowLeft');
  await until('and it', async () => (await focused()) === 'square');
});

test('a copied stack is announced, and the list of keys and the controls work with the keyboard', async () => {
  const panel = webview(vs.page);
  await panel.locator('.scroller').focus();
  await vs.page.keyboard.press('c');
  await until('it is seen', async () =>
    (await panel.locator('.status .focused').innerText()).includes('Copied the stack'),
  );
  expect(await panel.locator('[aria-live]').innerText()).toContain('Copied the stack');
  const focus = () =>
    panel.locator('body').evaluate(() => {
      const element = document.activeElement;
      return element?.getAttribute('aria-label') ?? element?.className ?? '';
    });
  await vs.page.keyboard.press('?');
  await until('the sheet has the keyboard', async () => (await focus()) === 'Keys');
  await vs.page.keyboard.press('Escape');
  await until(
    'the chart has it',
    async () =>
      (await focus()) === 'Flame chart frames' || (await panel.locator('.help').isHidden()),
  );
  await panel.locator('vscode-button', { hasText: 'Native' }).focus();
  const native = await focus();
  await vs.page.keyboard.press('ArrowRight');
  await until('the next control has it', async () => (await focus()).startsWith('My code'));
  await vs.page.keyboard.press('ArrowLeft');
  await until('the one before has it', async () => (await focus()) === native);
});

test('the table marks own code and leads to callers and callees, and a legend explains the colors', async () => {
  const panel = webview(vs.page);
  await panel.locator('[data-value=table]').click();
  const own = panel.locator('.table tr.own', { hasText: 'square' }).first();
  await own.waitFor();
  expect(await own.innerText()).toContain('calling_back.py:7 · own code');
  expect(await panel.locator('.table tr.own', { hasText: 'PyUFunc' }).count()).toBe(0);
  await own.locator('[aria-label="Callers and callees"]').click();
  const status = panel.locator('.status');
  await until('the sandwich is shown', async () =>
    (await status.innerText()).includes('callers and callees of square'),
  );
  const { tree } = (await view(vs.page))!;
  expect(tree).toBe('sandwich');
  expect(await panel.locator('.legend').innerText()).toMatch(/Python\s*native/);
  await panel.locator('[data-value=merged]').click();
  await panel.locator('vscode-button', { hasText: 'Inverted' }).click();
  await until('callees are first', async () =>
    (await frames(vs.page)).some(({ name, depth }) => name === 'square' && depth === 0),
  );
  await panel.locator('vscode-button', { hasText: 'Inverted' }).click();
});

/** Saves the view in a format; the path of the file. */
async function save(format: string): Promise<string> {
  const panel = webview(vs.page);
  await panel.locator('[data-value=time]').click();
  await panel.locator('vscode-button', { hasText: 'Save' }).click();
  await panel.locator(`[data-format=${format}]`).click();
  const input = vs.page.locator('.quick-input-widget input.input');
  const name = `calling_back.py-flame-chart.${format}`;
  await until('a place is asked for', async () => (await input.inputValue()).endsWith(name));
  await vs.page.keyboard.press('Enter');
  const path = join(vs.folder, name);
  await until('it is there', () => Promise.resolve(existsSync(path)));
  return path;
}

test('the view can be saved as pictures', async () => {
  const svg = readFileSync(await save('svg'), 'utf8');
  expect(svg).toMatch(/^<svg [^>]*width="\d+"/);
  for (const words of ['>work</text>', '>calling_back.py</text>']) {
    expect(svg.includes(words), words).toBe(true);
  }
  const png = readFileSync(await save('png'));
  expect(png.subarray(1, 4).toString()).toBe('PNG');
  // Twice as fine as the SVG.
  const [, width] = /width="(\d+)"/.exec(svg)!;
  expect(png.readUInt32BE(16)).toBe(2 * Number(width));
});

test('the chart can be saved as a page that any browser shows', async () => {
  const path = await save('html');
  const before = (await view(vs.page))!;
  const browser = vs.page.context().browser();
  if (!browser) return;
  const other = await browser.newPage();
  await other.goto(`file://${path}`);
  const shown = await until('the page shows the run', () =>
    other.evaluate(() => {
      const now = window.__lineheatTest?.view();
      return now && now.headings.length > 0 && now;
    }),
  );
  expect([shown.samples, shown.headings]).toEqual([before.samples, before.headings]);
  await other.screenshot({ path: 'artifacts/screenshots/chart-saved.png' });
  await other.close();
});

test('Lineheat logged no errors', () => {
  expect(vs.errors.filter((text) => /lineheat/i.test(text))).toEqual([]);
});
