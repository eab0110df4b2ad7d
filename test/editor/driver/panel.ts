// The flame chart panel: what it shows, and clicks into it.
import type { Page } from 'playwright-core';
import type { FrameBox, TestApi } from '../../../webview/testApi';
import { webview } from './window';

/** Frames that are visible in the flame chart and so wide at least, in px; none while it is loading. */
export async function frames(page: Page, leastPx = 8): Promise<FrameBox[]> {
  const body = webview(page).locator('body');
  if ((await body.count()) === 0) return [];
  return body.evaluate((_, least) => window.__linescopeTest?.frames(least) ?? [], leastPx);
}

/** What the flame chart says about itself; null while it is loading. */
export async function view(page: Page): Promise<ReturnType<TestApi['view']> | null> {
  const body = webview(page).locator('body');
  if ((await body.count()) === 0) return null;
  return body.evaluate(() => window.__linescopeTest?.view() ?? null);
}

/** Clicks into the middle of a frame. */
export async function clickFrame(page: Page, frame: FrameBox, count = 1): Promise<void> {
  const origin = await page.locator('iframe.webview.ready:visible').boundingBox();
  if (!origin) throw new Error('The panel is not visible.');
  const x = origin.x + frame.x + frame.width / 2;
  await page.mouse.click(x, origin.y + frame.y + frame.height / 2, { clickCount: count });
}
