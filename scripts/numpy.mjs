// numpy for any of the machine's interpreters, as a folder for PYTHONPATH in the cache: nothing is installed into an
// interpreter of the user's.
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { cacheFolder } from './vscode/install.mjs';
import { Problem, run, tail } from './vscode/process.mjs';

/** The version for a Python 3 minor version, where it is not the usual one: the last for old ones, the first for new. */
const versions = { 9: '2.0.2', 10: '2.2.6', 15: '2.5.5' };
const usual = '2.3.5';

/**
 * Makes sure that numpy for Python 3.`minor` is in the cache.
 * @param {number} minor
 * @param {string[]} interpreters whose pip may do it, tried in order: the wheel is chosen by version, not by who asks
 * @returns {Promise<string>} a folder for PYTHONPATH
 */
export async function ensureNumpy(minor, interpreters) {
  const version = versions[minor] ?? usual;
  const folder = join(cacheFolder(), `numpy-${version}-cp3${minor}`);
  if (existsSync(folder)) return folder;
  mkdirSync(cacheFolder(), { recursive: true });
  const partial = `${folder}.${process.pid}.partial`;
  const words = [
    ...['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--target', partial],
    ...['--only-binary=:all:', '--python-version', `3.${minor}`, `numpy==${version}`],
  ];
  let problem = 'there is no interpreter to ask';
  for (const python of interpreters) {
    const { code, output } = await run(python, words, { quiet: true, timeoutMs: 180_000 });
    if (code === 0) {
      renameSync(partial, folder);
      return folder;
    }
    problem = tail(output, 5);
    rmSync(partial, { recursive: true, force: true });
  }
  throw new Problem(
    `numpy ${version} for Python 3.${minor} could not be installed from PyPI:\n${problem}\n` +
      'Needed are an interpreter with pip (`sudo apt-get install python3-pip`) and the network.',
  );
}
