/** Opens the same profile, in speedscope's format, in the speedscope of npm. */
import { execFileSync } from 'node:child_process';
import { createReadStream, existsSync, readFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { cacheFolder } from '../../scripts/vscode/install.mjs';
import { serve } from './serve.mjs';

const version = '1.25.0';
/** @type {Record<string, string>} */
const types = { '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css' };

/** Installs speedscope into the cache. @returns {{folder: string, version: string}} */
export function ensureSpeedscope() {
  const prefix = join(cacheFolder(), `speedscope-${version}`);
  const folder = join(prefix, 'node_modules', 'speedscope', 'dist', 'release');
  if (!existsSync(join(folder, 'index.html'))) {
    console.error(`Installing speedscope ${version} into ${prefix}`);
    const args = ['install', '--silent', '--prefix', prefix, `speedscope@${version}`];
    execFileSync('npm', args, { stdio: 'inherit' });
  }
  return { folder, version };
}

/**
 * @param {string} folder of the built speedscope
 * @param {string} profile path of a profile in its format
 * @returns {Promise<import('./measure.mjs').Viewer>}
 */
export async function openSpeedscope(folder, profile) {
  const server = await serve((path) => {
    if (path === '/profile.json') return ['application/json', createReadStream(profile)];
    const file = join(folder, path === '/' ? 'index.html' : path.replaceAll('..', ''));
    if (!existsSync(file)) return undefined;
    return [types[extname(file)] ?? 'application/octet-stream', readFileSync(file)];
  });
  /** @param {import('./measure.mjs').Page} page */
  const move = (page) => page.mouse.move(500, 350);
  /**
   * @param {import('./measure.mjs').Page} page
   * @param {number} by
   */
  const zoom = async (page, by) => {
    await move(page);
    await page.keyboard.down('Control');
    await page.mouse.wheel(0, by);
    await page.keyboard.up('Control');
  };
  /** @param {import('./measure.mjs').Page} page */
  const open = async (page) => {
    await page.goto(`${server.url}#profileURL=${encodeURIComponent(`${server.url}profile.json`)}`);
    // The canvases of the minimap and of the chart exist once the profile has been read.
    await page.waitForFunction(() => document.querySelectorAll('canvas').length >= 2, null, {
      polling: 'raf',
    });
  };
  return {
    close: server.close,
    open,
    complete: () => Promise.resolve(),
    steps: {
      'zoom, p95': (page, index) => zoom(page, index < 20 ? -60 : 60),
      'pan, p95': async (page, index) => {
        if (index === 0) await zoom(page, -900);
        await move(page);
        await page.mouse.wheel(40, 0);
      },
      'search, a key, p95': async (page, index) => {
        if (index === 0) await page.keyboard.press('Control+f');
        await page.keyboard.press(index % 2 === 0 ? 'p' : 'Backspace');
      },
      '(end of the search).': (page) => page.keyboard.press('Escape'),
      'call tree of all (left heavy).': (page) => page.keyboard.press('2'),
      'left heavy, zoom, p95': (page, index) => zoom(page, index < 20 ? -60 : 60),
    },
  };
}
