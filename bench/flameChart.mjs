/**
 * How fast the flame chart is: the built panel in headless Chromium without a GPU, on a made-up profile.
 * `node bench/flameChart.mjs [samples]`, after `npm run build`. Prints the middle and the 95th percentile of the time
 * the page's own code takes per step, in ms; CHROMIUM names another browser.
 */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { chromium } from 'playwright-core';
import { makeProfile } from './flameProfile.mjs';

const samples = Number(process.argv[2] ?? 1_000_000);
const root = fileURLToPath(new URL('..', import.meta.url));
const browserPath = process.env.CHROMIUM ?? '/usr/bin/chromium';
if (!existsSync(`${root}dist/webview/main.js`)) throw new Error('Run npm run build first.');
if (!existsSync(browserPath)) throw new Error(`${browserPath} is not there. Set CHROMIUM.`);

const codec = await build({
  entryPoints: [`${root}protocol/flameChunk.ts`],
  bundle: true,
  write: false,
  format: 'esm',
});
const source = Buffer.from(codec.outputFiles[0].contents).toString('base64');
const { encodeFlameChunk } = await import(`data:text/javascript;base64,${source}`);
const chunk = Buffer.from(encodeFlameChunk(makeProfile({ samples })));

const pages = {
  '/': [
    'text/html',
    `<!DOCTYPE html><link rel="stylesheet" href="/main.css"><body class="vscode-dark"><div id="app"></div>
     <script>acquireVsCodeApi = () => ({ postMessage() {}, getState() {}, setState() {} })</script>
     <script src="/main.js"></script>`,
  ],
  '/main.js': ['text/javascript', await readFile(`${root}dist/webview/main.js`)],
  '/main.css': ['text/css', await readFile(`${root}dist/webview/main.css`)],
  '/chunk': ['application/octet-stream', chunk],
};
const server = createServer((request, response) => {
  const [type, body] = pages[request.url] ?? ['text/plain', ''];
  response.setHeader('content-type', type).end(body);
});
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
const browser = await chromium.launch({
  executablePath: browserPath,
  args: ['--headless', '--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-sync'].concat(
    ['--disable-quic', '--disable-background-networking', '--disable-component-update'],
    '--enable-precise-memory-info',
  ),
});
try {
  const page = await browser.newPage({ viewport: { width: 1400, height: 900 } });
  await page.goto(`http://127.0.0.1:${server.address().port}/`);
  const results = await page.evaluate(measure);
  const { size, ...rows } = results;
  console.log(
    `${samples.toLocaleString('en-US')} samples, ${size}, ${cpus().length} cores, no GPU`,
  );
  console.log('step                     p50 ms    p95 ms');
  for (const [step, [middle, high]] of Object.entries(rows)) {
    const figures = [middle, high].map((ms) => ms.toFixed(1).padStart(10)).join('');
    console.log(step.padEnd(21) + figures);
  }
} finally {
  await browser.close();
  server.close();
}

/** Runs in the page: drives the panel with real events and times its own code, painting included. */
async function measure() {
  const data = await (await fetch('/chunk')).arrayBuffer();
  const results = { size: `${(data.byteLength / 1e6).toFixed(0)} MB` };
  const nextFrame = window.requestAnimationFrame.bind(window);
  let spent = 0;
  window.requestAnimationFrame = (callback) =>
    nextFrame((time) => {
      const start = performance.now();
      callback(time);
      spent += performance.now() - start;
    });
  const time = async (step, act, times = 1) => {
    const spans = [];
    for (let i = 0; i < times; i++) {
      spent = 0;
      const start = performance.now();
      act(i);
      const now = performance.now() - start;
      await new Promise((resolve) => nextFrame(() => nextFrame(resolve)));
      spans.push(now + spent);
    }
    spans.sort((a, b) => a - b);
    results[step] = [spans[times >> 1], spans[Math.min(times - 1, Math.floor(times * 0.95))]];
  };
  const post = (message) =>
    window.dispatchEvent(new window.MessageEvent('message', { data: message }));
  post({ type: 'reset', run: 'bench', title: 'bench.py', live: false, native: true });
  await time('open, first paint', () => post({ type: 'chunk', sequence: 1, data }));
  post({ type: 'done' });
  await time('settle', () => {});
  const surface = document.querySelector('.surface');
  const box = surface.getBoundingClientRect();
  const wheel = (init) =>
    surface.dispatchEvent(
      new window.WheelEvent('wheel', {
        ...{ bubbles: true, cancelable: true, clientX: box.left + box.width * 0.37 },
        ...{ clientY: box.top + 200, ...init },
      }),
    );
  await time('zoom in', () => wheel({ deltaY: -60 }), 60);
  await time('zoom out', () => wheel({ deltaY: 60 }), 60);
  wheel({ deltaY: -900 });
  await time('pan', () => wheel({ deltaX: 40, altKey: true }), 60);
  wheel({ deltaY: 5000 });
  const scroller = document.querySelector('.scroller');
  await time('scroll', (i) => (scroller.scrollTop = i * 7), 40);
  scroller.scrollTop = 0;
  const move = (i) =>
    surface.dispatchEvent(
      new window.PointerEvent('pointermove', {
        ...{ bubbles: true, clientX: box.left + 20 + i * 17 },
        clientY: box.top + 60 + (i % 10) * 18,
      }),
    );
  await time('hover', move, 60);
  const search = document.querySelector('vscode-text-field');
  const type = (i) => {
    search.value = 'parse'.slice(0, 1 + (i % 5));
    search.dispatchEvent(new window.Event('input'));
  };
  await time('search, per key', type, 20);
  search.value = '';
  search.dispatchEvent(new window.Event('input'));
  await time('to left heavy', () => document.querySelector('[data-value=merged]').click());
  await time('left heavy, zoom', () => wheel({ deltaY: -60 }), 60);
  await time('to functions', () => document.querySelector('[data-value=table]').click());
  results['heap, MB'] = [performance.memory.usedJSHeapSize / 1e6, 0];
  return results;
}
