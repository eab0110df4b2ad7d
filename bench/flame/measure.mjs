/** Drives a viewer with real input, and measures how long its page is busy with each step. */
import { readFileSync } from 'node:fs';
import { chromium } from 'playwright-core';

/** How long one step may take, ms. */
const longest = 600_000;

/** @typedef {import('playwright-core').Page} Page */
/**
 * @typedef {object} Viewer what is measured
 * @property {(page: Page) => Promise<unknown>} open ends when the first samples are painted
 * @property {(page: Page) => Promise<unknown>} complete ends when the whole profile is loaded
 * @property {Record<string, (page: Page, index: number) => Promise<void>>} steps by their names in the table; each
 *   is done many times, or once if its name ends with a full stop, which is not shown; a step in parentheses is not in
 *   the table
 * @property {() => Promise<void>} close
 */

/**
 * @typedef {object} Measured
 * @property {Record<string, number>} found ms by step, of repeated ones the 95th percentile, and MB of memory
 * @property {{step: string, why: string}} [failed] the step that failed, and why
 */

/**
 * Opens a viewer in a browser of its own.
 * @param {string} executablePath of the browser
 * @param {Viewer | Promise<Viewer>} opened
 * @returns {Promise<Measured>}
 */
export async function measure(executablePath, opened) {
  const viewer = await opened;
  const flags = ['--no-sandbox', '--disable-gpu', '--enable-unsafe-swiftshader', '--no-first-run'];
  /** @type {Record<string, number>} */
  const found = {};
  let step = 'open, first paint';
  const begun = performance.now();
  const browser = await chromium.launch({
    executablePath,
    args: ['--headless', ...flags, '--disable-sync', '--disable-background-networking'],
  });
  try {
    const page = await browser.newPage({ viewport: { width: 1400, height: 900 } });
    page.setDefaultTimeout(longest);
    const devTools = await page.context().newCDPSession(page);
    await devTools.send('Performance.enable');
    const taskSeconds = async () => {
      const { metrics } = await devTools.send('Performance.getMetrics');
      return metrics.find(({ name }) => name === 'TaskDuration')?.value ?? NaN;
    };
    const asked = performance.now();
    await viewer.open(page);
    found[step] = performance.now() - asked;
    step = 'open, complete';
    await viewer.complete(page);
    found[step] = performance.now() - asked;
    await settled(page);
    for (const [name, act] of Object.entries(viewer.steps)) {
      step = name.replace(/\.$/, '');
      const times = name.endsWith('.') ? 1 : 40;
      /** @type {number[]} */
      const spans = [];
      for (let index = 0; index < times; index++) {
        const before = await taskSeconds();
        await act(page, index);
        await settled(page);
        spans.push(1000 * ((await taskSeconds()) - before));
      }
      spans.sort((a, b) => a - b);
      if (!name.startsWith('(')) found[step] = spans[Math.floor(0.95 * (times - 1))] ?? NaN;
    }
    await devTools.send('HeapProfiler.collectGarbage');
    found['memory, MB'] = (await pageBytes(browser)) / 1e6;
    return { found };
  } catch (error) {
    const [reason = ''] = String(error instanceof Error ? error.message : error).split('\n', 1);
    const seconds = ((performance.now() - begun) / 1000).toFixed(0);
    return { found, failed: { step, why: `${reason.trim()} (after ${seconds} s)` } };
  } finally {
    await browser.close();
    await viewer.close();
  }
}

/**
 * Resident bytes of the page's process, because typed arrays are not part of its heap.
 * @param {import('playwright-core').Browser} browser
 */
async function pageBytes(browser) {
  const devTools = await browser.newBrowserCDPSession();
  const { processInfo } = await devTools.send('SystemInfo.getProcessInfo');
  const sizes = processInfo
    .filter(({ type }) => type === 'renderer')
    .map(({ id }) =>
      Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${id}/status`, 'utf8'))?.[1]),
    );
  return 1024 * Math.max(...sizes);
}

/**
 * Waits until the last input is painted: work may go on for some frames, or wait until the page is idle.
 * @param {Page} page
 */
async function settled(page) {
  await page.evaluate(
    () =>
      new Promise((done) =>
        window.requestAnimationFrame(() =>
          window.requestAnimationFrame(() => window.requestIdleCallback(done, { timeout: 2000 })),
        ),
      ),
  );
}
