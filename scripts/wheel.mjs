// A package from PyPI for any of the machine's interpreters, as a folder for PYTHONPATH in the cache: nothing is
// installed into an interpreter of the user's.
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { cacheFolder } from './vscode/install.mjs';
import { Problem, run, tail } from './vscode/process.mjs';

/**
 * Makes sure that a package for Python 3.`minor` is in the cache.
 * @param {string} name
 * @param {string} version
 * @param {number} minor
 * @param {string[]} interpreters whose pip may do it, tried in order: the wheel is chosen by version, not by who asks
 * @returns {Promise<string>} a folder for PYTHONPATH
 */
export async function ensureWheel(name, version, minor, interpreters) {
  const folder = join(cacheFolder(), `${name}-${version}-cp3${minor}`);
  if (existsSync(folder)) return folder;
  mkdirSync(cacheFolder(), { recursive: true });
  const partial = `${folder}.${process.pid}.partial`;
  const words = [
    ...['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--target', partial],
    ...['--only-binary=:all:', '--python-version', `3.${minor}`, `${name}==${version}`],
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
    `${name} ${version} for Python 3.${minor} could not be installed from PyPI:\n${problem}\n` +
      'Needed are an interpreter with pip (`sudo apt-get install python3-pip`) and the network.',
  );
}
