/** Opens the built panel and sends it a profile piece by piece, as the extension does. */
import { existsSync, readFileSync } from 'node:fs';
import { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { serve } from './serve.mjs';

const built = fileURLToPath(new URL('../../dist/webview/', import.meta.url));

/**
 * The page's window, with what the script below adds.
 * @typedef {typeof window & {painted: '' | 'first' | 'all', begin(sizes: number[]): Promise<void>}} HostWindow
 */

/** The extension's part, run in the page: it answers the panel's requests, and sends a chunk once the one before is acknowledged. */
const host = `
  const tell = (message) => window.dispatchEvent(new MessageEvent('message', { data: message }));
  const answers = {
    ready: () => tell({ type: 'reset', run: 'bench', title: 'bench.py', live: false, native: true, onlyMyCode: false }),
    range: ({ range, text }) => tell({ type: 'range', range, text }),
  };
  let taken = () => {};
  answers.ack = () => taken();
  acquireVsCodeApi = () => ({
    postMessage: (message) => setTimeout(() => answers[message.type]?.(message)),
    getState() {},
    setState() {},
  });
  // The panel lays out on one frame and paints on the next.
  const painted = () =>
    new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done))));
  window.painted = '';
  // In one answer: of many small ones the browser keeps 200 MB for its developer tools.
  async function* receive(sizes) {
    const reader = (await fetch('/chunks')).body.getReader();
    let rest = new Uint8Array(0);
    for (const size of sizes) {
      const chunk = new Uint8Array(size);
      for (let at = 0; at < size; ) {
        if (rest.length === 0) rest = (await reader.read()).value;
        const part = rest.subarray(0, size - at);
        chunk.set(part, at);
        at += part.length;
        rest = rest.subarray(part.length);
      }
      yield chunk.buffer;
    }
  }
  window.begin = async (sizes) => {
    let number = 0;
    for await (const data of receive(sizes)) {
      const acknowledged = new Promise((done) => (taken = done));
      tell({ type: 'chunk', sequence: ++number, data });
      await acknowledged;
      if (number === 1) {
        await painted();
        window.painted = 'first';
      }
    }
    tell({ type: 'done' });
    await painted();
    window.painted = 'all';
  };`;

/**
 * @param {Buffer[]} chunks as encodeFlameChunk makes them
 * @returns {Promise<import('./measure.mjs').Viewer>}
 */
export async function openLineheat(chunks) {
  if (!existsSync(`${built}main.js`)) throw new Error('Run npm run build first.');
  const html = `<!DOCTYPE html><link rel="stylesheet" href="/main.css"><body class="vscode-dark"><div id="app"></div>
    <script>${host}</script><script src="/main.js"></script>`;
  /** @type {Record<string, import('./serve.mjs').Answer>} */
  const files = {
    '/': ['text/html', Buffer.from(html)],
    '/main.js': ['text/javascript', readFileSync(`${built}main.js`)],
    '/main.css': ['text/css', readFileSync(`${built}main.css`)],
  };
  const server = await serve((path) =>
    path === '/chunks' ? ['application/octet-stream', Readable.from(chunks)] : files[path],
  );
  /**
   * @param {import('./measure.mjs').Page} page
   * @param {number} deltaX
   * @param {number} deltaY
   */
  const wheel = async (page, deltaX, deltaY) => {
    await page.mouse.move(500, 350);
    await page.mouse.wheel(deltaX, deltaY);
  };
  return {
    close: server.close,
    open: async (page) => {
      await page.goto(server.url);
      const sizes = chunks.map(({ length }) => length);
      await page.evaluate((sizes) => {
        void (/** @type {HostWindow} */ (window).begin(sizes));
      }, sizes);
      await page.waitForFunction(() => /** @type {HostWindow} */ (window).painted !== '', null, {
        polling: 'raf',
      });
    },
    complete: (page) =>
      page.waitForFunction(() => /** @type {HostWindow} */ (window).painted === 'all', null, {
        polling: 'raf',
      }),
    steps: {
      'zoom, p95': (page, index) => wheel(page, 0, index < 20 ? -60 : 60),
      'pan, p95': async (page, index) => {
        if (index === 0) await wheel(page, 0, -900);
        await wheel(page, 40, 0);
      },
      'search, a key, p95': async (page, index) => {
        if (index === 0) {
          await page.keyboard.press('0');
          await page.keyboard.press('/');
        }
        await page.keyboard.press(index % 2 === 0 ? 'p' : 'Backspace');
      },
      '(end of the search).': async (page) => {
        await page.keyboard.press('Escape');
        await page.locator('.scroller').focus();
        await wheel(page, 0, -1200);
      },
      'call tree of all (left heavy).': (page) => page.keyboard.press('t'),
      'call tree of a part of the time.': (page) => page.keyboard.press('e'),
      'and again of all.': (page) => page.keyboard.press('e'),
      'left heavy, zoom, p95': (page, index) => wheel(page, 0, index < 20 ? -60 : 60),
    },
  };
}
