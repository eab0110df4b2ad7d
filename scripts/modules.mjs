// Makes node_modules what package-lock.json describes: as a function, and when it is run directly.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isStarted, main, Problem, run, tail } from './vscode/process.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));

/** Runs `npm ci` when node_modules is missing or does not match package-lock.json. */
export async function ensureModules() {
  if (modulesAreCurrent()) return;
  console.log('Installing the packages that Lineheat is built with (npm ci) …');
  const { code, output } = await run('npm', ['ci', '--no-audit', '--no-fund'], {
    cwd: root,
    quiet: true,
  });
  if (code !== 0) {
    throw new Problem(
      `npm ci failed (exit ${code}):\n${tail(output)}\nCheck the network, then try again.`,
    );
  }
}

/** npm keeps its own record of what it installed; it is compared with what is wanted. */
function modulesAreCurrent() {
  /**
   * @param {string} path
   * @returns {Record<string, {version: string, optional?: boolean}>}
   */
  const read = (path) => JSON.parse(readFileSync(join(root, path), 'utf8')).packages;
  if (!existsSync(join(root, 'node_modules', '.package-lock.json'))) return false;
  const wanted = read('package-lock.json');
  const present = read('node_modules/.package-lock.json');
  return Object.entries(wanted).every(([path, { version, optional }]) => {
    const found = present[path];
    return path === '' || (found ? found.version === version : optional === true);
  });
}

if (isStarted(import.meta.url)) await main(ensureModules);
