/** The built panel, sent a profile piece by piece as the extension does. */
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { serve } from './serve.mjs';

const built = fileURLToPath(new URL('../../dist/webview/', import.meta.url));

/** The host's side of the panel, in the page: answers what the panel asks, and sends the chunks one after the other. */
const host = `
  const tell = (message) => window.dispatchEvent(new MessageEvent('message', { data: message }));
  const answers = {
    ready: () => tell({ type: 'reset', run: 'bench', title: 'bench.py', live: false, native: true, onlyMyCode: false }),
    range: ({ range, text }) => tell({ type: 'range', range, text }),
  };
  acquireVsCodeApi = () => ({
    postMessage: (message) => setTimeout(() => answers[message.type]?.(message)),
    getState() {},
    setState() {},
  });
  window.sent = 0;
  window.begin = async (count) => {
    for (let number = 0; number < count; number++) {
      const data = await (await fetch('/chunk/' + number)).arrayBuffer();
      tell({ type: 'chunk', sequence: number, data });
      await new Promise((painted) => requestAnimationFrame(() => setTimeout(painted)));
      window.sent = number + 1;
    }
    tell({ type: 'done' });
  };`;

/**
 * @param {Buffer[]} chunks as encodeFlameChunk makes them
 * @returns {Promise<import('./measure.mjs').Viewer>}
 */
export async function openLinescope(chunks) {
  if (!existsSync(`${built}main.js`)) throw new Error('Run npm run build first.');
  const html = `<!DOCTYPE html><link rel="stylesheet" href="/main.css"><body class="vscode-dark"><div id="app"></div>
    <script>${host}</script><script src="/main.js"></script>`;
  const files = {
    '/': ['text/html', Buffer.from(html)],
    '/main.js': ['text/javascript', readFileSync(`${built}main.js`)],
    '/main.css': ['text/css', readFileSync(`${built}main.css`)],
  };
  const server = await serve((path) => {
    const number = /^\/chunk\/(\d+)$/.exec(path)?.[1];
    return number === undefined ? files[path] : ['application/octet-stream', chunks[number]];
  });
  const wheel = async (page, deltaX, deltaY) => {
    await page.mouse.move(500, 350);
    await page.mouse.wheel(deltaX, deltaY);
  };
  return {
    close: server.close,
    open: async (page) => {
      await page.goto(server.url);
      await page.evaluate((count) => void window.begin(count), chunks.length);
      await page.waitForFunction(() => window.sent > 0, null, { polling: 'raf' });
    },
    complete: (page) =>
      page.waitForFunction((count) => window.sent === count, chunks.length, { polling: 'raf' }),
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
