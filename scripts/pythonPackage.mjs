// A package from PyPI in a virtual environment of its own, in the cache: one per version.
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cacheFolder } from './vscode/install.mjs';
import { Problem, run, tail } from './vscode/process.mjs';

/**
 * Makes sure that the package is in the cache, made with the `python3` on PATH.
 * @param {string} name
 * @param {string} version
 * @returns {Promise<string>} the virtual environment's folder
 */
export async function ensurePythonPackage(name, version) {
  const folder = join(cacheFolder(), `${name}-${version}`);
  if (existsSync(join(folder, 'complete'))) return folder;
  // A virtual environment cannot be moved into place: a file that is written last says that it is complete.
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(cacheFolder(), { recursive: true });
  await must(name, ['-m', 'venv', folder], 'apt-get install python3-venv');
  await must(
    name,
    ['-m', 'pip', 'install', '--quiet', `${name}==${version}`],
    'apt-get install python3-pip',
    join(folder, 'bin', 'python'),
  );
  writeFileSync(join(folder, 'complete'), '');
  return folder;
}

/**
 * @param {string} name
 * @param {string[]} args
 * @param {string} remedy
 */
async function must(name, args, remedy, python = 'python3') {
  const { code, output } = await run(python, args, { quiet: true });
  if (code === 0) return;
  throw new Problem(
    `${name} could not be installed from PyPI (${python} ${args.slice(0, 2).join(' ')}):\n${tail(output, 5)}\n` +
      `Needed are python3 with venv and pip (\`sudo ${remedy}\`) and the network.`,
  );
}
