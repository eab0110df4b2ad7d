// The flame chart panel: what it shows, and clicks into it.
import type { Page } from 'playwright-core';
import type { FrameBox, TestApi } from '../../../webview/testApi';
import { until } from './until';
import type { VsCode } from './vscode';
import { webview } from './window';

/** Frames that are visible in the flame chart and so wide at least, in px; none while it is loading. */
export async function frames(page: Page, leastPx = 8): Promise<FrameBox[]> {
  const body = webview(page).locator('body');
  if ((await body.count()) === 0) return [];
  return body.evaluate((_, least) => window.__lineheatTest?.frames(least) ?? [], leastPx);
}

/** What the flame chart says about itself; null while it is loading. */
export async function view(page: Page): Promise<ReturnType<TestApi['view']> | null> {
  const body = webview(page).locator('body');
  if ((await body.count()) === 0) return null;
  return body.evaluate(() => window.__lineheatTest?.view() ?? null);
}

/** Clicks into the middle of a frame. */
export async function clickFrame(page: Page, frame: FrameBox, count = 1): Promise<void> {
  const origin = await page.locator('iframe.webview.ready:visible').boundingBox();
  if (!origin) throw new Error('The panel is not visible.');
  const x = origin.x + frame.x + frame.width / 2;
  await page.mouse.click(x, origin.y + frame.y + frame.height / 2, { clickCount: count });
}

/** The widest frame of a function once the chart stands still: what is known of memory moves everything below it. */
export async function settledFrame(vs: VsCode, name: string): Promise<FrameBox> {
  let before: FrameBox | undefined;
  return until(
    `the chart shows ${name}`,
    async () => {
      const isComplete = await vs.companion.lineheat(
        (lineheat) => lineheat.flame()?.done === true,
        null,
      );
      const found = (await frames(vs.page))
        .filter((frame) => frame.name === name)
        .reduce<FrameBox | undefined>((a, b) => (a && a.width >= b.width ? a : b), undefined);
      const isStill = found?.x === before?.x && found?.y === before?.y;
      before = found;
      return isComplete && isStill && found;
    },
    20_000,
    200,
  );
}

/** Waits until the chart shows the time that it was asked for: it comes there in steps. */
export async function settledView(page: Page): Promise<void> {
  let before = '';
  await until(
    'the view stands still',
    async () => {
      const now = JSON.stringify(await view(page));
      const isStill = now === before;
      before = now;
      return isStill;
    },
    10_000,
    250,
  );
}

/** Opens the flame chart of the shown run, and waits until it has everything. */
export async function openChart(vs: VsCode): Promise<void> {
  await vs.companion.ask(
    (vscode) => vscode.commands.executeCommand('lineheat.showFlameChart'),
    null,
  );
  await until(
    'the chart has everything',
    () => vs.companion.lineheat((lineheat) => lineheat.flame()?.done === true, null),
    60_000,
  );
}

/** The groups, from 1 on, of the tabs with a flame chart. */
export function chartTabs(vs: VsCode): Promise<number[]> {
  return vs.companion.ask(
    (vscode) =>
      vscode.window.tabGroups.all.flatMap(({ tabs, viewColumn }) =>
        tabs.filter(({ label }) => label.startsWith('Flame Chart')).map(() => viewColumn as number),
      ),
    null,
  );
}

/** Closes every tab with a flame chart. */
export async function closeCharts(vs: VsCode): Promise<void> {
  await vs.companion.ask(async (vscode) => {
    const tabs = vscode.window.tabGroups.all.flatMap((group) => group.tabs);
    await vscode.window.tabGroups.close(
      tabs.filter(({ label }) => label.startsWith('Flame Chart')),
    );
  }, null);
}
