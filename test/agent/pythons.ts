/** The interpreters that the agent is tested with: every CPython it supports that this machine has. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, realpathSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { cacheFolder } from '../../scripts/vscode/install.mjs';
import { cleanEnvironment } from './programs';

export interface Python {
  /** `3.12`, or `3.11 /usr/bin/python3` for the system's. */
  name: string;
  path: string;
  minor: number;
}

const oldest = 9;
const newest = 15;
const numpyVersions: Record<number, string> = { 9: '2.0.2', 10: '2.2.6' };
const newestNumpy = '2.3.5';
const system = '/usr/bin/python3';

interface Found extends Python {
  major: number;
  /** The interpreter is the executable itself, not a shared library: Debian's. */
  isStatic: boolean;
}

const probe =
  'import sys, sysconfig; print(sys.version_info[0], sys.version_info[1], int(not sysconfig.get_config_var("Py_ENABLE_SHARED")), sys.implementation.name == "cpython")';

function ask(path: string): Found | undefined {
  try {
    const text = execFileSync(path, ['-c', probe], {
      encoding: 'utf8',
      env: cleanEnvironment(),
      stdio: ['ignore', 'pipe', 'ignore'],
      timeout: 20_000,
    });
    const [major, minor, isStatic, cpython] = text.trim().split(' ');
    if (cpython !== 'True') return undefined;
    const name = `${major}.${minor}`;
    return { name, path, major: Number(major), minor: Number(minor), isStatic: isStatic === '1' };
  } catch {
    return undefined;
  }
}

/** Interpreters built by pyenv, newest patch first, then what PATH has. */
function candidates(): string[] {
  const versions = join(process.env['PYENV_ROOT'] ?? join(homedir(), '.pyenv'), 'versions');
  const patches = existsSync(versions) ? readdirSync(versions) : [];
  patches.sort((a, b) => b.localeCompare(a, 'en', { numeric: true }));
  const onPath = (process.env['PATH'] ?? '').split(':').filter((folder) => folder.startsWith('/'));
  return [
    ...patches.map((patch) => join(versions, patch, 'bin', 'python')),
    ...['python3', 'python3.13', 'python3.12', 'python3.11', 'python3.10', 'python3.9'].flatMap(
      (name) => onPath.map((folder) => join(folder, name)),
    ),
  ].filter((path) => existsSync(path) && !path.includes('/shims/'));
}

function discover(): { supported: Python[]; unsupported: Python[] } {
  const supported = new Map<number, Found>();
  const unsupported = new Map<string, Found>();
  const seen = new Set<string>();
  for (const path of candidates()) {
    const real = realpathSync(path);
    if (seen.has(real) || real === realpathSync(system)) continue;
    seen.add(real);
    const found = ask(path);
    if (!found) continue;
    if (found.major !== 3 || found.minor < oldest || found.minor > newest) {
      if (!unsupported.has(found.name)) unsupported.set(found.name, found);
    } else if (!supported.has(found.minor)) {
      supported.set(found.minor, found);
    }
  }
  const debian = existsSync(system) ? ask(system) : undefined;
  const all: Python[] = [...supported.values()].sort((a, b) => a.minor - b.minor);
  if (debian && debian.major === 3 && debian.minor >= oldest && debian.minor <= newest) {
    all.push({ ...debian, name: `${debian.name} (${debian.isStatic ? 'static, ' : ''}${system})` });
  }
  return { supported: all, unsupported: [...unsupported.values()] };
}

const found = discover();
const chosen = process.env['LINESCOPE_TEST_PYTHON']?.split(',');

/** What to test with; LINESCOPE_TEST_PYTHON=3.9,3.12 leaves only those. */
export const pythons: Python[] = found.supported.filter(
  ({ name }) => !chosen || chosen.includes(name.split(' ')[0]!),
);
/** CPythons that the agent does not know: 3.8 and older. */
export const unsupportedPythons: Python[] = found.unsupported;

/**
 * A folder for PYTHONPATH that holds numpy for this interpreter, installed once into the cache.
 * Throws a sentence when PyPI or pip is not there.
 */
export function numpyFolder({ minor, name }: Python): string {
  const version = numpyVersions[minor] ?? newestNumpy;
  const folder = join(cacheFolder(), `numpy-${version}-cp3${minor}`);
  if (existsSync(folder)) return folder;
  const partial = `${folder}.${process.pid}.partial`;
  mkdirSync(cacheFolder(), { recursive: true });
  const download = [
    ...['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--target', partial],
    ...['--only-binary=:all:', '--python-version', `3.${minor}`, `numpy==${version}`],
  ];
  // Any interpreter's pip can do it: the wheel is chosen by version, not by who asks.
  const problems: string[] = [];
  for (const { path } of pythons) {
    try {
      execFileSync(path, download, { env: cleanEnvironment(), stdio: 'pipe', timeout: 120_000 });
      renameSync(partial, folder);
      return folder;
    } catch (error) {
      problems.push(error instanceof Error ? error.message.trim() : String(error));
      rmSync(partial, { recursive: true, force: true });
    }
  }
  throw new Error(
    `numpy ${version} for Python ${name} could not be installed from PyPI; pip and the network are needed.\n${problems[0] ?? ''}`,
  );
}
